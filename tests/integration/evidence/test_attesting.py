"""What waits: one transaction with the caller's change, receipts, and what the tables show."""

from collections.abc import Callable

import asyncpg
import pytest

from dspace_core.evidence import Act, Actor, Draft, Event, Who
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.pending import SYSTEM, State, attest, attest_all, draft_digest
from dspace_core.evidence.refusals import EntryMalformed
from dspace_core.evidence.trail import receipt
from dspace_core.stores import CommitLane, Connection, transaction
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.values import EvidenceId, Subject, random_id

Drafts = Callable[..., Draft]


async def test_a_recorded_act_waits_and_its_receipt_says_so(app: Session, draft: Drafts) -> None:
    subject = Subject(random_id())
    act = draft(subject)
    async with transaction(app.db) as db:
        given = await attest(db, act, app.keyring)
    assert (given.evidence_id, given.digest, given.state) == (act.meta.entry, draft_digest(act), State.RECORDED)
    assert await receipt(app.db, app.keyring, subject, act.meta.entry) == given


async def test_what_the_caller_undoes_was_never_recorded(app: Session, draft: Drafts) -> None:
    async def change() -> None:
        async with transaction(app.db) as db:
            await attest(db, draft(), app.keyring)
            raise LookupError

    with pytest.raises(LookupError):
        await change()
    assert await app.db.fetchval("SELECT count(*) FROM evidence_pending") == 0


async def test_a_batch_is_one_statement_in_a_commit_lane(app: Session, draft: Drafts) -> None:
    async def write(db: Connection, rows: object) -> list[str]:
        assert isinstance(rows, list)
        await attest_all(db, rows, app.keyring)
        return [draft_digest(row) for row in rows]

    acts = [draft(Subject(random_id())) for _ in range(5)]
    async with CommitLane[Draft, str](app.db, write=write, key=lambda act: act.meta.entry) as lane:
        digests = [await lane.submit(act) for act in acts]
    assert digests == [draft_digest(act) for act in acts]
    assert await app.db.fetchval("SELECT count(*) FROM evidence_pending") == 5


async def test_a_record_that_its_types_forbid_refuses_the_batch(app: Session, draft: Drafts) -> None:
    wrong = Draft(
        who=Who(actor=Actor.SYSTEM, authority="440100199003070011"),
        meta=Event(kind=Act.GAP, entry=EvidenceId(random_id()), act=random_id(), at=0),
    )
    async with transaction(app.db) as db:
        with pytest.raises(EntryMalformed):
            await attest_all(db, (draft(), wrong), app.keyring)
    assert await app.db.fetchval("SELECT count(*) FROM evidence_pending") == 0


async def test_an_act_without_a_subject_goes_to_the_system_chain(app: Session, draft: Drafts) -> None:
    async with transaction(app.db) as db:
        await attest(db, draft(), app.keyring)
    assert await app.db.fetchval("SELECT subject_id FROM evidence_pending") == SYSTEM


async def test_processes_share_one_key_a_day(app: Session, clerk: Session) -> None:
    day, key = await app.keyring.today()
    assert await clerk.keyring.today() == (day, key)
    assert await Keyring(app.keyring.keys, app.provider, app.keyring.clock).day(day) == key


async def test_nothing_of_a_record_stands_in_clear(ledger: ScratchLedger, app: Session, draft: Drafts) -> None:
    acts = [draft(Subject(random_id())) for _ in range(3)]
    async with transaction(app.db) as db:
        await attest_all(db, acts, app.keyring)
    async with ledger.session("notary") as clerk, clerk.notary() as notary:
        while await notary.step():
            pass
        async with transaction(app.db) as db:
            await attest_all(db, [draft(), draft()], app.keyring)
        held = await everything(clerk)
    telling = [b"social-security", b"household.record", b"birth_date", b"eligibility", b"use-released"]
    for act in acts:
        assert act.why.grant is not None
        telling += [act.why.grant.bytes, str(act.why.grant).encode(), draft_digest(act).encode()]
        telling.append(bytes.fromhex(draft_digest(act)))
    assert not [word for word in telling if word in held]
    assert acts[0].meta.entry.bytes in held  # the search finds what is there


async def everything(session: Session) -> bytes:
    """What a dump of the main database shows of evidence, as bytes."""
    rows = []
    for table in ("evidence_pending", "evidence", "leaf", "log_head"):
        rows += await session.db.fetch(f"TABLE {table}")
    cells = [cell for row in rows for cell in row.values()]
    return b"\n".join(cell if isinstance(cell, bytes) else getattr(cell, "bytes", str(cell).encode()) for cell in cells)


async def test_the_request_path_can_neither_change_nor_remove_evidence(app: Session, draft: Drafts) -> None:
    async with transaction(app.db) as db:
        await attest(db, draft(), app.keyring)
    forbidden = [
        "DELETE FROM evidence_pending",
        "UPDATE evidence_pending SET sealed = ''",
        "DELETE FROM evidence",
        "INSERT INTO evidence SELECT * FROM evidence",
        "UPDATE evidence SET sealed = ''",
        "INSERT INTO leaf SELECT * FROM leaf",
        "DELETE FROM leaf",
        "UPDATE log_head SET term = term + 1",
        "INSERT INTO log_head SELECT * FROM log_head",
        "TRUNCATE leaf",
    ]
    for statement in forbidden:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.db.execute(statement)


async def test_the_request_path_makes_no_year_key_and_erases_none(app: Session) -> None:
    forbidden = [
        "INSERT INTO subject_year_key SELECT * FROM subject_year_key",
        "UPDATE subject_year_key SET wrapped = NULL",
        "UPDATE subject_key SET wrapped = NULL",
        "DELETE FROM subject_key",
        "DELETE FROM day_key",
    ]
    for statement in forbidden:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.keyring.keys.execute(statement)


async def test_the_notary_never_changes_what_it_numbered(clerk: Session) -> None:
    for statement in (
        "UPDATE evidence SET sealed = ''",
        "DELETE FROM evidence",
        "UPDATE leaf SET leaf = leaf",
        "DELETE FROM leaf",
        "DELETE FROM log_head",
        "UPDATE evidence_pending SET sealed = ''",
        "SELECT * FROM identity",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await clerk.db.execute(statement)
