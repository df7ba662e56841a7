"""Clearing: a destroyed key leaves every file of the keys cluster, and the certificate counts from when that was seen."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dspace_core.crypto import SubjectCase, SubjectIdentity, SubjectYear
from dspace_core.evidence import Draft, key_tables, tables
from dspace_core.evidence.clearing import DAYS, clear
from dspace_core.evidence.erasure import Eraser
from dspace_core.evidence.keyring import REMEMBERED, key_row
from dspace_core.evidence.ledger_refusals import EntryUnknown, KeyErased, KeysKept
from dspace_core.evidence.pending import attest_all
from dspace_core.machine.addresses import Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.stores import Connection, connect, transaction
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.testing.servers import ScratchServers, settings_for
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


@pytest.fixture(scope="module")
def servers() -> Iterator[ScratchServers]:
    """Servers of this module's own: whatever else writes to a cluster is in its files, too."""
    servers = ScratchServers()
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture
def ledger(servers: ScratchServers, tmp_path: Path) -> ScratchLedger:
    return ScratchLedger.create(servers.folder, tmp_path / "ledger")


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


@asynccontextmanager
async def superuser(ledger: ScratchLedger) -> AsyncIterator[Connection]:
    """A session of whoever owns the keys cluster, in its database."""
    home = Home(settings_for(ledger.keys.folder))
    password = home.secret(f"keys/{SUPERUSER}", make=False)
    session = await connect(embedded_url(home, Store.KEYS, SUPERUSER, ledger.keys.name), password=password)
    try:
        yield session
    finally:
        await session.close()


async def numbered(app: Session, clerk: Session, *drafts: Draft) -> None:
    async with transaction(app.db) as db:
        await attest_all(db, drafts, app.keyring)
    async with clerk.notary() as notary:
        while await notary.step():
            pass


async def on_the_disk(ledger: ScratchLedger, wanted: bytes) -> list[str]:
    """Which files of the keys cluster hold those bytes, once all that is in memory is written."""
    async with superuser(ledger) as session:
        await session.execute("CHECKPOINT")
    place = settings_for(ledger.keys.folder).home / "keys" / "data"
    return sorted(path.name for path in place.rglob("*") if path.is_file() and wanted in path.read_bytes())


@pytest.mark.parametrize("kind", ["year", "case", "identity"])
async def test_no_file_of_the_keys_cluster_holds_a_key_that_was_erased(
    *, ledger: ScratchLedger, app: Session, clerk: Session, eraser: Eraser, draft: Drafts, kind: str
) -> None:
    subject = Subject(random_id())
    await numbered(app, clerk, draft(subject, AT))
    year = SubjectYear(subject, 2026)
    case = SubjectCase(subject, CaseId(random_id())) if kind == "case" else SubjectIdentity(subject)
    await app.keyring.of_subject(case)
    (sealed,) = (await key_tables.live_years(clerk.keyring.keys, [year])).values()
    held = sealed if kind == "year" else await key_tables.subject_key(clerk.keyring.keys, key_row(case))
    assert held is not None
    wanted = held[-48:]
    assert len(await on_the_disk(ledger, wanted)) == 2  # its table, and the WAL: the search finds what is there
    await eraser.erase(year if kind == "year" else case)
    assert await on_the_disk(ledger, wanted) == []


async def test_the_key_of_a_day_leaves_the_files_with_the_certificate_of_a_year(
    *, ledger: ScratchLedger, app: Session, clerk: Session, eraser: Eraser, draft: Drafts, hands: Hands
) -> None:
    subject = Subject(random_id())
    await numbered(app, clerk, draft(subject, AT))
    wrapped = await clerk.keyring.keys.fetchval("SELECT wrapped FROM day_key")
    entry = (await eraser.erase(SubjectYear(subject, 2026))).receipt.evidence_id
    await numbered(app, clerk)
    assert (await eraser.certify(entry)).cleared_at is None
    hands.now += timedelta(days=1)
    await clerk.keyring.settle_days(await tables.days_waiting(clerk.db))
    hands.now += timedelta(hours=48)
    assert (await eraser.certify(entry)).cleared_at is None  # the time is over, and the key of the day is still there
    await clerk.keyring.settle_days(await tables.days_waiting(clerk.db))
    assert await on_the_disk(ledger, wrapped[-48:]) != []
    certificate = await eraser.certify(entry)
    assert certificate.cleared_at == hands.now
    assert certificate.complete_at == hands.now + BACKUPS
    assert await on_the_disk(ledger, wrapped[-48:]) == []


async def test_the_dates_count_from_when_the_files_were_seen_to_be_clear_and_then_stay(
    app: Session, eraser: Eraser, hands: Hands
) -> None:
    case = SubjectCase(Subject(random_id()), CaseId(random_id()))
    await app.keyring.of_subject(case)
    first = await eraser.erase(case)
    assert (first.erased_at, first.cleared_at, first.complete_at) == (AT, None, None)
    assert first.earliest == AT + REMEMBERED + BACKUPS  # another process may remember it for so long
    assert "not yet confirmed" in first.says.en
    hands.now += timedelta(hours=3)
    entry = first.receipt.evidence_id
    second = await eraser.certify(entry)
    assert (second.cleared_at, second.complete_at) == (hands.now, hands.now + BACKUPS)
    assert "尚未" not in second.says.zh
    hands.now += timedelta(days=3)
    assert await eraser.certify(entry) == second


async def test_only_what_was_erased_is_certified(eraser: Eraser) -> None:
    with pytest.raises(EntryUnknown):
        await eraser.certify(EvidenceId(random_id()))


async def test_an_erasure_whose_files_cannot_be_cleared_stands_and_says_so(
    ledger: ScratchLedger, app: Session, eraser: Eraser, hands: Hands
) -> None:
    case = SubjectCase(Subject(random_id()), CaseId(random_id()))
    await app.keyring.of_subject(case)
    async with superuser(ledger) as session:
        await session.execute("REVOKE pg_checkpoint FROM dspace_notary")
        certificate = await eraser.erase(case)
        hands.now += REMEMBERED
        entry = certificate.receipt.evidence_id
        assert (await eraser.certify(entry)).cleared_at is None
        await session.execute("GRANT pg_checkpoint TO dspace_notary")
    with pytest.raises(KeyErased):
        await app.keyring.held(case)
    assert (await eraser.certify(entry)).cleared_at == hands.now


async def test_whoever_may_not_do_it_is_told(app: Session) -> None:
    with pytest.raises(KeysKept) as refused:
        await clear(app.keyring.keys, [DAYS])
    assert (refused.value.code, refused.value.values) == ("evidence.keys_kept", {"where": "rights"})


async def test_wal_files_that_are_used_again_are_named(ledger: ScratchLedger) -> None:
    async with superuser(ledger) as session:
        await session.execute(f'ALTER DATABASE "{ledger.keys.name}" SET wal_recycle = on')
    async with ledger.session("notary") as clerk:
        with pytest.raises(KeysKept) as refused:
            await clear(clerk.keyring.keys, [DAYS])
    assert refused.value.values == {"where": "wal_recycle"}


async def test_a_session_that_still_sees_the_key_is_named(ledger: ScratchLedger, clerk: Session) -> None:
    async with superuser(ledger) as session:
        await session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM answer_key")
        await clerk.keyring.keys.execute("INSERT INTO day_key VALUES ('2026-03-01', 'key')")
        await clerk.keyring.keys.execute("DELETE FROM day_key")
        with pytest.raises(KeysKept) as refused:
            await clear(clerk.keyring.keys, [DAYS])
        assert refused.value.values == {"where": "snapshot"}
        await session.execute("ROLLBACK")
    await clear(clerk.keyring.keys, [DAYS])


async def test_a_replication_slot_that_keeps_the_wal_is_noticed(ledger: ScratchLedger, clerk: Session) -> None:
    async with superuser(ledger) as session:
        await session.execute("SELECT pg_create_physical_replication_slot('standby', true)")
        try:
            with pytest.raises(KeysKept) as refused:
                await clear(clerk.keyring.keys, [DAYS])
            assert refused.value.values == {"where": "wal"}
        finally:
            await session.execute("SELECT pg_drop_replication_slot('standby')")
    await clear(clerk.keyring.keys, [DAYS])
