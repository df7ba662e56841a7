"""`cas`: a database that lies behind what was signed cannot fork the log, and the operator's way on from there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from dspace_core.evidence import Act, Draft, verify_bundle
from dspace_core.evidence.continuation import continue_log
from dspace_core.evidence.ledger_refusals import (
    DatabaseBehind,
    DatabaseDiverged,
    HeadsLost,
    OriginTaken,
)
from dspace_core.evidence.pending import SYSTEM, attest
from dspace_core.evidence.trail import prove, read_page
from dspace_core.stores import transaction
from dspace_core.testing.ledger import ORIGIN, ScratchLedger, Session
from dspace_core.values import Subject, random_id

Drafts = Callable[..., Draft]
NEXT = "dev.log.example/evidence-2"
TABLES = ("evidence_pending", "evidence", "leaf", "log_head")


async def numbered(app: Session, clerk: Session, *drafts: Draft, **named: str) -> None:
    async with transaction(app.db) as db:
        for draft in drafts:
            await attest(db, draft, app.keyring)
    async with clerk.notary(**named) as notary:
        while await notary.step():
            pass


@asynccontextmanager
async def restored(ledger: ScratchLedger) -> AsyncIterator[None]:
    """What happens inside is lost to the main database and not to what lies beside it: as after a restore."""
    async with ledger.session("migrate") as owner:
        for table in TABLES:
            await owner.db.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")
        yield
        for table in TABLES:
            await owner.db.execute(f"TRUNCATE {table}; INSERT INTO {table} TABLE backup_{table}")
            await owner.db.execute(f"DROP TABLE backup_{table}")


async def test_a_restored_old_database_is_not_signed_and_the_refusal_says_what_to_do(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    await numbered(app, clerk, draft())
    async with restored(ledger):
        await numbered(app, clerk, draft(), draft())
    with pytest.raises(DatabaseBehind) as refused:
        async with clerk.notary():
            pass
    assert (refused.value.code, refused.value.values) == ("evidence.database_behind", {"size": 1, "signed": 3})
    assert "continue_log" in refused.value.advice.en
    assert await app.db.fetchval("SELECT term FROM log_head") == 1


async def test_an_empty_database_beside_signed_heads_is_not_opened(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    async with restored(ledger):
        await numbered(app, clerk, draft())
    with pytest.raises(DatabaseBehind) as refused:
        async with clerk.notary():
            pass
    assert refused.value.values == {"size": 0, "signed": 1}


async def test_a_restored_database_that_grew_past_the_signed_size_is_found_by_its_root(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    await numbered(app, clerk, draft())
    cas = ledger.place / "cas"
    async with restored(ledger):
        await numbered(app, clerk, draft())
        signed = cas.read_bytes()
    cas.unlink()  # the deed of somebody who wants to fork: with it gone and the database's word for it gone, others grow
    async with ledger.session("migrate") as owner:
        await owner.db.execute("UPDATE log_head SET signed_size = 0")
    await numbered(app, clerk, draft(), draft())
    cas.write_bytes(signed)
    with pytest.raises(DatabaseDiverged) as refused:
        async with clerk.notary():
            pass
    assert refused.value.values == {"size": 2}


async def test_a_lost_file_of_heads_is_not_begun_anew(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    await numbered(app, clerk, draft())
    (ledger.place / "cas").unlink()
    with pytest.raises(HeadsLost) as refused:
        async with clerk.notary():
            pass
    assert refused.value.code == "evidence.heads_lost"
    with pytest.raises(HeadsLost):
        await continue_log(clerk.db, clerk.keyring, ledger.heads(), NEXT)


async def test_the_next_origin_begins_with_the_last_checkpoint_of_the_one_before(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    subject = Subject(random_id())
    kept = draft(subject)
    await numbered(app, clerk, kept)
    async with restored(ledger):
        await numbered(app, clerk, draft(subject), draft(subject))
    last = ledger.heads().last()
    assert last is not None
    entry = await continue_log(clerk.db, clerk.keyring, ledger.heads(), NEXT)
    later = draft(subject)
    await numbered(app, clerk, later)
    newest = ledger.heads().last()
    assert newest is not None
    assert (newest.origin, newest.size, last.size) == (NEXT, 2, 3)
    (first,) = (await read_page(app.db, app.keyring, SYSTEM)).lines
    assert first.entry == entry
    assert first.record is not None
    assert (first.record.meta.kind, first.record.what.digest) == (Act.LOG_CONTINUED, last.digest.hex())
    folder = ledger.place / "logs"
    old = await prove(app.db, app.keyring, folder, subject, kept.meta.entry)
    new = await prove(app.db, app.keyring, folder, subject, later.meta.entry)
    assert verify_bundle(old, [ledger.vkey()]).checkpoint.origin == ORIGIN
    assert verify_bundle(new, [ledger.vkey(NEXT)]).checkpoint.origin == NEXT


async def test_a_frozen_log_is_never_opened_again(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    await numbered(app, clerk, draft())
    async with restored(ledger):
        await continue_log(clerk.db, clerk.keyring, ledger.heads(), NEXT)
        await numbered(app, clerk)
    with pytest.raises(DatabaseBehind):
        async with clerk.notary():
            pass


async def test_a_name_is_borne_by_one_log(ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts) -> None:
    await numbered(app, clerk, draft())
    with pytest.raises(OriginTaken) as refused:
        await continue_log(clerk.db, clerk.keyring, ledger.heads(), ORIGIN)
    assert refused.value.code == "evidence.origin_taken"
    assert await app.db.fetchval("SELECT count(*) FROM log_head WHERE frozen") == 0
