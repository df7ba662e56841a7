"""Erasing: what was sealed under the key is gone for whoever holds both dumps and the root; all else stands."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from dspace_core.crypto import (
    Day,
    EntryKey,
    Scope,
    Secret,
    SubjectCase,
    SubjectIdentity,
    SubjectYear,
    YearKey,
    recover,
    unseal,
)
from dspace_core.crypto.refusals import UnsealFailed
from dspace_core.evidence import Act, Draft, LevelReader, export, key_tables, tables, verify_bundle, verify_log
from dspace_core.evidence.erasure import Eraser
from dspace_core.evidence.key_tables import Generation
from dspace_core.evidence.ledger_refusals import (
    EntryErased,
    ErasureWaits,
    JournalDamaged,
    KeyErased,
    ReplayIncomplete,
)
from dspace_core.evidence.opening import log_folder
from dspace_core.evidence.pending import State, attest_all
from dspace_core.evidence.tables import Pending
from dspace_core.evidence.trail import Closed, prove, read_page, receipt
from dspace_core.stores import transaction
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.values import CaseId, EvidenceId, Subject, random_id

Drafts = Callable[..., Draft]
BACKUPS = timedelta(days=14)
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def app(ledger: ScratchLedger, hands: Hands) -> AsyncIterator[Session]:
    async with ledger.session("app", hands) as session:
        yield session


@pytest.fixture
async def clerk(ledger: ScratchLedger, hands: Hands) -> AsyncIterator[Session]:
    async with ledger.session("notary", hands) as session:
        yield session


@pytest.fixture
def eraser(ledger: ScratchLedger, clerk: Session) -> Eraser:
    return Eraser(clerk.db, clerk.keyring, ledger.place / "erasures", BACKUPS)


async def number(clerk: Session) -> None:
    async with clerk.notary() as notary:
        while await notary.step():
            pass


async def record(app: Session, *drafts: Draft) -> None:
    async with transaction(app.db) as db:
        await attest_all(db, drafts, app.keyring)


async def waiting(app: Session) -> list[Pending]:
    """What the main cluster's WAL still holds of records that are numbered by now."""
    rows = await app.db.fetch("SELECT * FROM evidence_pending")
    return [Pending(row["evidence_id"], row["subject_id"], row["day"], row["sealed"]) for row in rows]


async def dump(session: Session, *, keys: bool) -> bytes:
    """Every cell of every table of a cluster, as bytes."""
    pool = session.keyring.keys if keys else session.db
    names = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [row for (name,) in names for row in await pool.fetch(f'TABLE "{name}"')]
    cells = [cell for row in rows for cell in row.values()]
    return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


async def all_keys(owner: Session) -> list[Secret]:
    """Every key that the root can open in the keys cluster."""
    years = await owner.keyring.keys.fetch("SELECT * FROM subject_year_key WHERE wrapped IS NOT NULL")
    days = await owner.keyring.keys.fetch("SELECT * FROM day_key")
    scopes: list[tuple[Scope, bytes]] = [
        *((SubjectYear(row["subject_id"], row["year"]), row["wrapped"]) for row in years),
        *((Day(row["day"]), row["wrapped"]) for row in days),
    ]
    return [recover(owner.provider, scope, wrapped) for scope, wrapped in scopes]


def opens(key: Secret, sealed: bytes, associated: bytes) -> bool:
    try:
        unseal(key, sealed, associated)
    except UnsealFailed:
        return False
    return True


async def test_an_erased_year_cannot_be_recovered_with_both_dumps_the_wal_and_the_root(
    *, ledger: ScratchLedger, app: Session, clerk: Session, eraser: Eraser, draft: Drafts, hands: Hands
) -> None:
    subject, other = Subject(random_id()), Subject(random_id())
    acts = [draft(subject, AT), draft(other, AT), draft(subject, AT)]
    await record(app, *acts)
    wal = await waiting(app)
    await number(clerk)
    (held,) = (await clerk.keyring.years([SubjectYear(subject, 2026)])).values()
    await eraser.erase(SubjectYear(subject, 2026))
    await number(clerk)
    hands.now += timedelta(days=1)
    await clerk.keyring.settle_days(await tables.days_waiting(clerk.db))
    hands.now += timedelta(hours=48)
    assert date(2026, 3, 1) in await clerk.keyring.settle_days(await tables.days_waiting(clerk.db))
    async with ledger.session("migrate") as owner:
        dumps = await dump(owner, keys=False) + await dump(owner, keys=True)
        keys = await all_keys(owner)
        stored = await owner.db.fetch("SELECT * FROM evidence")
    erased = {act.meta.entry for act in acts if act.who.subject == subject}
    entries = [(EvidenceId(row["evidence_id"]), row["sealed"]) for row in stored]
    opened = {
        entry
        for (entry, sealed), key in product(entries, keys)
        if opens(YearKey(key).entry(entry).sealing_key(), sealed, entry.bytes)
    }
    assert not opened & erased
    assert acts[1].meta.entry in opened  # the search opens what was not erased
    bindings = [(row, b"pending" + row.entry.bytes + row.subject.bytes) for row in wal]
    assert not [row for (row, bound), key in product(bindings, keys) if opens(key, row.sealed, bound)]
    for secret in (held.key.secret, *(held.key.entry(entry).sealing_key() for entry in erased)):
        assert secret.reveal() not in dumps
    assert wal[0].sealed not in dumps


async def test_the_search_that_finds_nothing_would_have_found_it_before(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    subject = Subject(random_id())
    await record(app, draft(subject, AT))
    (row,) = await waiting(app)
    await number(clerk)
    async with ledger.session("migrate") as owner:
        keys = await all_keys(owner)
        sealed = await owner.db.fetchval("SELECT sealed FROM evidence")
    assert any(opens(key, row.sealed, b"pending" + row.entry.bytes + row.subject.bytes) for key in keys)
    assert any(
        opens(EntryKey(YearKey(key).entry(row.entry).secret).sealing_key(), sealed, row.entry.bytes) for key in keys
    )


async def test_others_proofs_stand_and_the_log_verifies(
    *, ledger: ScratchLedger, app: Session, clerk: Session, eraser: Eraser, draft: Drafts, tmp_path: Path
) -> None:
    subject, other = Subject(random_id()), Subject(random_id())
    mine, theirs = draft(subject, AT), draft(other, AT)
    await record(app, mine, theirs)
    await number(clerk)
    folder = ledger.place / "logs"
    before = await prove(app.db, app.keyring, folder, other, theirs.meta.entry)
    certificate = await eraser.erase(SubjectYear(subject, 2026))
    assert await prove(app.db, app.keyring, folder, other, theirs.meta.entry) == before
    await number(clerk)
    after = verify_bundle(await prove(app.db, app.keyring, folder, other, theirs.meta.entry), [ledger.vkey()])
    assert (after.index, after.checkpoint.size) == (1, 3)
    with LevelReader(log_folder(folder, 0)) as reader:
        export(reader, (log_folder(folder, 0) / "checkpoint").read_bytes(), [ledger.vkey()], tmp_path / "export")
    assert verify_log(tmp_path / "export", [ledger.vkey()]).size == 3
    for ask in (
        receipt(app.db, app.keyring, subject, mine.meta.entry),
        prove(app.db, app.keyring, folder, subject, mine.meta.entry),
    ):
        with pytest.raises(EntryErased) as refused:
            await ask
        assert refused.value.code == "evidence.entry_erased"
    assert certificate.receipt.state is State.RECORDED


async def test_the_trail_shows_that_there_was_an_entry_and_goes_on(
    app: Session, clerk: Session, eraser: Eraser, draft: Drafts
) -> None:
    subject = Subject(random_id())
    await record(app, draft(subject, AT))
    await number(clerk)
    (held,) = (await clerk.keyring.years([SubjectYear(subject, 2026)])).values()
    certificate = await eraser.erase(SubjectYear(subject, 2026))
    await record(app, draft(subject, AT))
    await number(clerk)
    page = await read_page(app.db, app.keyring, subject)
    newest, erasure, erased = page.lines
    assert (erased.record, erased.closed, erased.at) == (None, Closed.ERASED, AT)
    assert newest.record is not None
    assert erasure.record is not None
    assert erasure.record.meta.kind is Act.KEY_ERASED
    assert (erasure.record.what.count, erasure.record.what.version) == (2026, held.generation.number)
    assert erasure.entry == certificate.receipt.evidence_id
    assert page.gap_free is not None
    assert page.gap_free.to == 2


async def test_an_erasure_waits_until_what_was_recorded_before_is_numbered(
    app: Session, clerk: Session, eraser: Eraser, draft: Drafts
) -> None:
    """Else the key of the day would still open it, and after the erasure it would be sealed under a new key."""
    subject = Subject(random_id())
    acts = [draft(subject, AT) for _ in range(3)]
    await record(app, acts[0])
    await number(clerk)
    await record(app, *acts[1:])
    erasing = asyncio.create_task(eraser.erase(SubjectYear(subject, 2026)))
    done, _ = await asyncio.wait([erasing], timeout=0.2)
    assert not done
    await number(clerk)
    certificate = await erasing
    assert certificate.covers == 2
    for act in acts:
        with pytest.raises(EntryErased):
            await receipt(app.db, app.keyring, subject, act.meta.entry)


async def test_an_erasure_for_which_no_notary_comes_erases_nothing(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    eraser = Eraser(clerk.db, clerk.keyring, ledger.place / "erasures", BACKUPS, patience=timedelta(0))
    subject, other = Subject(random_id()), Subject(random_id())
    act = draft(subject, AT)
    await record(app, act, draft(other, AT))
    await number(clerk)
    await record(app, draft(subject, AT))
    with pytest.raises(ErasureWaits) as refused:
        await eraser.erase(SubjectYear(subject, 2026))
    assert (refused.value.code, refused.value.values) == ("evidence.erasure_waits", {"waiting": 1})
    assert (await receipt(app.db, app.keyring, subject, act.meta.entry)).state is State.SIGNED
    assert await eraser.replay() == 0
    await eraser.erase(SubjectYear(other, 2026))  # what waits of others holds nobody up


async def test_what_a_notary_is_just_numbering_is_erased_with_the_rest(
    app: Session, clerk: Session, eraser: Eraser, draft: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the old key in its hands and has not committed: the erasure comes after it, or it takes a new key."""
    subject = Subject(random_id())
    await record(app, draft(subject, AT))
    await number(clerk)
    late = draft(subject, AT)
    advance = tables.advance
    erasing: list[asyncio.Task[object]] = []

    async def overtaken(*arguments: object) -> bool:
        monkeypatch.undo()
        erasing.append(asyncio.create_task(eraser._destroy(planned)))
        done, _ = await asyncio.wait(erasing, timeout=0.2)
        assert not done  # it waits for this batch
        return await advance(*arguments)  # type: ignore[arg-type]

    planned = await eraser._planned(SubjectYear(subject, 2026))
    await record(app, late)
    monkeypatch.setattr(tables, "advance", overtaken)
    await number(clerk)
    await asyncio.gather(*erasing)
    with pytest.raises(EntryErased):
        await receipt(app.db, app.keyring, subject, late.meta.entry)


async def test_a_certificate_names_the_last_entry_it_covers(
    app: Session, clerk: Session, eraser: Eraser, draft: Drafts
) -> None:
    subject = Subject(random_id())
    await record(app, draft(subject, AT), draft(subject, AT), draft(subject, AT + timedelta(days=365)))
    await number(clerk)
    certificate = await eraser.erase(SubjectYear(subject, 2026))
    await record(app, draft(subject, AT))
    await number(clerk)
    assert certificate.covers == 1
    assert (await eraser.certify(certificate.receipt.evidence_id)).covers == 1
    case = SubjectCase(subject, CaseId(random_id()))
    await app.keyring.of_subject(case)
    assert (await eraser.erase(case)).covers is None


async def test_an_erased_case_key_is_not_made_again(app: Session, eraser: Eraser) -> None:
    case = SubjectCase(Subject(random_id()), CaseId(random_id()))
    await app.keyring.of_subject(case)
    await eraser.erase(case)
    with pytest.raises(KeyErased):
        await app.keyring.of_subject(case)
    with pytest.raises(KeyErased):
        await eraser.erase(case)


async def test_an_erased_identity_stands_in_the_trail_and_is_not_made_again(app: Session, eraser: Eraser) -> None:
    identity = SubjectIdentity(Subject(random_id()))
    await app.keyring.of_subject(identity)
    certificate = await eraser.erase(identity)
    with pytest.raises(KeyErased):
        await app.keyring.of_subject(identity)
    with pytest.raises(KeyErased) as refused:
        await eraser.erase(identity)
    assert refused.value.values == {"kind": "identity"}
    (line,) = (await read_page(app.db, app.keyring, identity.subject)).lines
    assert line.record is not None
    assert (line.entry, line.record.what.item) == (certificate.receipt.evidence_id, "identity")


async def test_a_year_without_a_key_cannot_be_erased(eraser: Eraser) -> None:
    with pytest.raises(KeyErased) as refused:
        await eraser.erase(SubjectYear(Subject(random_id()), 2026))
    assert refused.value.values == {"kind": "year"}


async def test_a_restored_keys_cluster_forgets_again(
    ledger: ScratchLedger, app: Session, clerk: Session, eraser: Eraser, draft: Drafts
) -> None:
    subject = Subject(random_id())
    mine = draft(subject, AT)
    await record(app, mine)
    await number(clerk)
    case, identity = SubjectCase(subject, CaseId(random_id())), SubjectIdentity(subject)
    for scope in (case, identity):
        await app.keyring.of_subject(scope)
    async with ledger.session("migrate") as owner:
        keys = owner.keyring.keys
        for table in ("subject_year_key", "subject_key"):
            await keys.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")
        await eraser.erase(SubjectYear(subject, 2026))
        await eraser.erase(case)
        await eraser.erase(identity)
        for table in ("subject_year_key", "subject_key"):
            await keys.execute(f"TRUNCATE {table}; INSERT INTO {table} TABLE backup_{table}")
    back = await receipt(app.db, app.keyring, subject, mine.meta.entry)
    assert back.state is State.SIGNED  # the restore brought it back
    assert await eraser.replay() == 3
    with pytest.raises(EntryErased):
        await receipt(app.db, app.keyring, subject, mine.meta.entry)
    for scope in (case, identity):
        with pytest.raises(KeyErased):
            await app.keyring.held(scope)
    assert await app.db.fetchval("SELECT count(*) FROM evidence_pending") == 3  # recorded once, however often replayed


async def test_a_replay_goes_past_an_erasure_whose_own_record_was_erased_later(
    ledger: ScratchLedger, app: Session, clerk: Session, eraser: Eraser, draft: Drafts
) -> None:
    subject, year = Subject(random_id()), SubjectYear(Subject(random_id()), 2026)
    for scope in (year, year, SubjectYear(subject, 2026)):
        await record(app, draft(scope.subject, AT))
        await number(clerk)
        await eraser.erase(scope)
        await number(clerk)  # the record of the first stands under the key that the second destroys
    async with ledger.session("migrate") as owner:
        await owner.keyring.keys.execute("TRUNCATE subject_year_key")
    assert await eraser.replay() == 3
    assert await app.db.fetchval("SELECT count(*) FROM evidence_pending") == 0


async def test_an_erasure_that_cannot_be_repeated_stops_no_other(
    *,
    ledger: ScratchLedger,
    app: Session,
    clerk: Session,
    eraser: Eraser,
    draft: Drafts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = SubjectYear(Subject(random_id()), 2026), SubjectYear(Subject(random_id()), 2026)
    await record(app, draft(one.subject, AT), draft(two.subject, AT))
    await number(clerk)
    wrapped = await key_tables.live_years(clerk.keyring.keys, [one, two])
    for scope in (one, two):
        await eraser.erase(scope)
    async with ledger.session("migrate") as owner:
        for generation, key in wrapped.items():
            await owner.keyring.keys.execute(
                "UPDATE subject_year_key SET wrapped = $1 WHERE subject_id = $2", key, generation.scope.subject
            )
    erase_year = key_tables.erase_year

    async def failing(keys: key_tables.Keys, generation: Generation) -> str:
        if generation.scope == one:
            raise ConnectionError
        return await erase_year(keys, generation)

    monkeypatch.setattr(key_tables, "erase_year", failing)
    with pytest.raises(ReplayIncomplete) as refused:
        await eraser.replay()
    assert (refused.value.code, refused.value.values) == ("evidence.replay_incomplete", {"failed": 1, "of": 2})
    assert {each.scope for each in await key_tables.live_years(clerk.keyring.keys, [one, two])} == {one}


async def test_a_cluster_restored_to_before_the_key_never_uses_its_generation(
    ledger: ScratchLedger, app: Session, clerk: Session, eraser: Eraser, draft: Drafts
) -> None:
    subject = Subject(random_id())
    await record(app, draft(subject, AT))
    await number(clerk)
    (erased,) = (await clerk.keyring.years([SubjectYear(subject, 2026)])).values()
    await eraser.erase(SubjectYear(subject, 2026))
    async with ledger.session("migrate") as owner:
        await owner.keyring.keys.execute("TRUNCATE subject_year_key")
    (held,) = (await clerk.keyring.years([SubjectYear(subject, 2026)])).values()  # before anybody replayed
    assert held.generation != erased.generation
    await eraser.replay()
    assert held.generation in await clerk.keyring.generations({held.generation})


async def test_a_crash_after_the_line_is_made_good_by_the_replay(
    *,
    ledger: ScratchLedger,
    app: Session,
    clerk: Session,
    eraser: Eraser,
    draft: Drafts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = Subject(random_id())
    mine = draft(subject, AT)
    await record(app, mine)
    await number(clerk)

    async def crash(*_: object) -> None:
        raise OSError("killed")

    monkeypatch.setattr(eraser, "_destroy", crash)
    with pytest.raises(OSError, match="killed"):
        await eraser.erase(SubjectYear(subject, 2026))
    assert (await receipt(app.db, app.keyring, subject, mine.meta.entry)).state is State.SIGNED
    again = Eraser(clerk.db, clerk.keyring, ledger.place / "erasures", BACKUPS)
    assert await again.replay() == 1
    with pytest.raises(EntryErased):
        await receipt(app.db, app.keyring, subject, mine.meta.entry)
    await number(clerk)
    assert (await read_page(app.db, app.keyring, subject)).lines[0].record is not None


async def test_a_damaged_file_of_erasures_opens_nothing(ledger: ScratchLedger, app: Session, eraser: Eraser) -> None:
    for _ in range(2):
        case = SubjectCase(Subject(random_id()), CaseId(random_id()))
        await app.keyring.of_subject(case)
        await eraser.erase(case)
    path = ledger.place / "erasures"
    held = path.read_bytes()
    path.write_bytes(held.replace(b"case", b"cast", 1))
    with pytest.raises(JournalDamaged) as refused:
        await eraser.replay()
    assert refused.value.values == {"file": "erasures", "line": 1}


async def test_another_process_stops_opening_an_erased_year_at_once(
    app: Session, clerk: Session, eraser: Eraser, draft: Drafts
) -> None:
    subject = Subject(random_id())
    await record(app, draft(subject, AT))
    await number(clerk)
    assert (await read_page(app.db, app.keyring, subject)).lines[0].record is not None
    await eraser.erase(SubjectYear(subject, 2026))
    page = await read_page(app.db, app.keyring, subject)
    assert page.lines[-1].record is None


async def test_the_erasure_of_a_case_stands_in_the_subjects_trail(app: Session, eraser: Eraser) -> None:
    case = SubjectCase(Subject(random_id()), CaseId(random_id()))
    await app.keyring.of_subject(case)
    certificate = await eraser.erase(case)
    page = await read_page(app.db, app.keyring, case.subject)
    (line,) = page.lines
    assert line.entry == certificate.receipt.evidence_id
    assert line.record is not None
    assert line.record.next.case == case.case
