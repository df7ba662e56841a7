"""The notary: what waits becomes one leaf each, in order, gap-free, signed; and it goes on after every kind of end."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from dspace_core.evidence import Draft, LevelReader, export, verify_checkpoint, verify_log
from dspace_core.evidence import tables as evidence_tables
from dspace_core.evidence.ledger_refusals import (
    DatabaseDiverged,
    DayKeyGone,
    EntryTwice,
    PendingUnreadable,
    TermLost,
)
from dspace_core.evidence.notary import SHOWN
from dspace_core.evidence.opening import log_folder
from dspace_core.evidence.pending import SYSTEM, State, attest, attest_all
from dspace_core.evidence.refusals import TilesBusy
from dspace_core.evidence.trail import read_page, receipt
from dspace_core.stores import Isolation, transaction
from dspace_core.testing.ledger import ORIGIN, ScratchLedger, Session
from dspace_core.values import Subject, random_id

Drafts = Callable[..., Draft]


async def record(app: Session, *drafts: Draft) -> None:
    async with transaction(app.db) as db:
        await attest_all(db, drafts, app.keyring)


async def test_what_waits_is_numbered_signed_and_no_longer_waits(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    subject = Subject(random_id())
    acts = [draft(subject), draft(), draft(subject)]
    await record(app, *acts)
    async with clerk.notary() as notary:
        assert await notary.step() == 3
        assert notary.note is not None
        assert verify_checkpoint(notary.note, [ledger.vkey()]).size == 3
        assert await notary.step() == 0
    assert await app.db.fetchval("SELECT count(*) FROM evidence_pending") == 0
    given = await receipt(app.db, app.keyring, subject, acts[2].meta.entry)
    assert given.state is State.SIGNED


async def test_numbers_follow_the_time_of_insertion(app: Session, clerk: Session, draft: Drafts) -> None:
    subject = Subject(random_id())
    acts = [draft(subject) for _ in range(20)]
    for act in acts:
        await record(app, act)
    async with clerk.notary() as notary:
        await notary.step()
    page = await read_page(app.db, app.keyring, subject)
    assert [line.entry for line in reversed(page.lines)] == [act.meta.entry for act in acts]
    assert [line.seq for line in reversed(page.lines)] == list(range(20))


async def test_the_system_has_a_chain_of_its_own(app: Session, clerk: Session, draft: Drafts) -> None:
    await record(app, draft(), draft(Subject(random_id())), draft())
    async with clerk.notary() as notary:
        await notary.step()
    page = await read_page(app.db, app.keyring, SYSTEM)
    assert [line.seq for line in page.lines] == [1, 0]


async def test_an_exported_log_verifies(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts, tmp_path: Path
) -> None:
    async with clerk.notary() as notary:
        for count in (1, 300, 255):
            await record(app, *(draft(Subject(random_id())) for _ in range(count)))
            while await notary.step():
                pass
        assert notary.note is not None
        with LevelReader(log_folder(ledger.place / "logs", 0)) as reader:
            export(reader, notary.note, [ledger.vkey()], tmp_path / "export")
    assert verify_log(tmp_path / "export", [ledger.vkey()]).size == 556


async def test_it_goes_on_where_the_last_one_ended(app: Session, clerk: Session, draft: Drafts) -> None:
    subject = Subject(random_id())
    for expected in (1, 2, 3):
        await record(app, draft(subject))
        async with clerk.notary() as notary:
            await notary.step()
            assert notary.size == expected
    page = await read_page(app.db, app.keyring, subject)
    assert page.gap_free is not None
    assert (page.gap_free.to, page.gap_free.size) == (2, 3)


async def test_what_was_committed_and_not_signed_is_signed_at_the_next_start(
    app: Session, clerk: Session, draft: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(app, draft())
    async with clerk.notary() as notary:
        with monkeypatch.context() as patch:
            patch.setattr(notary, "_sign", failing)
            with pytest.raises(OSError, match="disk"):
                await notary.step()
    async with clerk.notary() as notary:
        assert notary.note is not None
        assert notary.size == 1
        assert await app.db.fetchval("SELECT signed_size FROM log_head") == 1


async def failing() -> None:
    raise OSError("disk")


async def test_lost_and_damaged_level_files_are_written_again_from_the_leaves(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    await record(app, *(draft() for _ in range(300)))
    async with clerk.notary() as notary:
        await notary.step()
        note = notary.note
    folder = log_folder(ledger.place / "logs", 0)
    damaged = folder / "level.0"
    held = damaged.read_bytes()
    damaged.write_bytes(bytes(32) + held[32:])
    async with clerk.notary() as notary:
        assert notary.note == note
    assert damaged.read_bytes() == held
    shutil.rmtree(folder)
    async with clerk.notary() as notary:
        assert notary.note == note
    assert damaged.read_bytes() == held


async def test_leaves_that_were_changed_in_the_database_are_not_signed(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    await record(app, draft(), draft())
    async with clerk.notary() as notary:
        await notary.step()
    async with ledger.session("migrate") as owner:
        await owner.db.execute("UPDATE leaf SET leaf = set_byte(leaf, 20, get_byte(leaf, 20) # 1) WHERE position = 0")
    shutil.rmtree(ledger.place / "logs")
    with pytest.raises(DatabaseDiverged) as refused:
        async with clerk.notary():
            pass
    assert refused.value.code == "evidence.database_diverged"


async def test_a_notary_that_lost_its_term_cannot_commit(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused between reading what waits and committing, while another takes over: what SIGSTOP does to a process."""
    act = draft()
    await record(app, act)
    advance = evidence_tables.advance
    async with clerk.notary() as paused, ledger.session("notary") as other:

        async def overtaken(*arguments: object) -> bool:
            monkeypatch.undo()
            async with other.notary(files="other"):
                pass
            return await advance(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(evidence_tables, "advance", overtaken)
        with pytest.raises(TermLost) as refused:
            await paused.step()
        assert (refused.value.code, refused.value.values) == ("evidence.term_lost", {"term": 1})
        assert await app.db.fetchval("SELECT count(*) FROM evidence_pending") == 1
        assert await app.db.fetchval("SELECT count(*) FROM leaf") == 0
        async with other.notary(files="other") as now:
            assert await now.step() == 1


async def test_two_that_race_number_every_entry_once(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    """Each takes over from the other whenever it lost; in the end every entry has one place."""
    subjects = [Subject(random_id()) for _ in range(4)]
    acts = [draft(subject) for subject in subjects for _ in range(30)]

    async def offer() -> None:
        for start in range(0, len(acts), 10):
            await record(app, *acts[start : start + 10])

    async def number(session: Session, files: str) -> int:
        lost = 0
        while await app.db.fetchval("SELECT count(*) FROM leaf") < len(acts):
            try:
                async with session.notary(files=files) as notary:
                    for _ in range(3):
                        await notary.step()
                        await asyncio.sleep(0)
            except TermLost:
                lost += 1
        return lost

    async with ledger.session("notary") as other:
        await asyncio.gather(offer(), number(clerk, "one"), number(other, "two"))
        async with other.notary(files="three") as last:
            assert last.size == len(acts)
    entries = await app.db.fetch("SELECT evidence_id FROM evidence")
    assert sorted(row[0].hex for row in entries) == sorted(act.meta.entry.hex for act in acts)
    for subject in subjects:
        page = await read_page(app.db, app.keyring, subject)
        assert page.gap_free is not None
        assert page.gap_free.to == 29


async def test_two_in_one_folder_are_refused(clerk: Session, ledger: ScratchLedger) -> None:
    async with clerk.notary(), ledger.session("notary") as other:
        with pytest.raises(TilesBusy):
            async with other.notary():
                pass


async def test_a_waiting_row_that_was_changed_stops_the_log_loudly(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    act = draft()
    await record(app, act)
    async with ledger.session("migrate") as owner:
        await owner.db.execute("UPDATE evidence_pending SET subject_id = gen_random_uuid()")
    async with clerk.notary() as notary:
        with pytest.raises(PendingUnreadable) as refused:
            await notary.step()
    assert refused.value.code == "evidence.pending_unreadable"
    assert refused.value.values == {"entry": act.meta.entry}
    assert await app.db.fetchval("SELECT count(*) FROM evidence_pending") == 1


@pytest.mark.parametrize("whose", ["the same", "another"])
async def test_an_id_that_was_numbered_already_is_refused_to_its_writer_and_others_go_on(
    app: Session, clerk: Session, draft: Drafts, whose: str
) -> None:
    subject = Subject(random_id())
    act = draft(subject)
    again = act if whose == "the same" else msgspec.structs.replace(draft(Subject(random_id())), meta=act.meta)
    async with clerk.notary() as notary:
        await record(app, act)
        await notary.step()
        with pytest.raises(asyncpg.UniqueViolationError, match="leaf_evidence_id_key"):
            await record(app, draft(subject), again)
        await record(app, draft(subject))
        assert await notary.step() == 1
    assert await app.db.fetchval("SELECT count(*) FROM leaf WHERE evidence_id = $1", act.meta.entry) == 1


async def test_an_id_that_is_just_being_numbered_is_refused_too(
    app: Session, clerk: Session, draft: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notary has taken the row away and not committed; the database lets the second writer wait for that."""
    act = draft(Subject(random_id()))
    await record(app, act)
    advance = evidence_tables.advance
    writing: list[asyncio.Task[None]] = []

    async def overtaken(*arguments: object) -> bool:
        writing.append(asyncio.create_task(record(app, act)))
        done, _ = await asyncio.wait(writing, timeout=0.2)
        assert not done
        return await advance(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(evidence_tables, "advance", overtaken)
    async with clerk.notary() as notary:
        assert await notary.step() == 1
        with pytest.raises(asyncpg.UniqueViolationError):
            await writing[0]
        assert await notary.step() == 0


async def test_a_snapshot_of_old_records_nothing(app: Session, draft: Drafts) -> None:
    """It would not see what was numbered since, and an id could come twice."""
    with pytest.raises(asyncpg.InvalidTransactionStateError):
        async with transaction(app.db, Isolation.REPEATABLE_READ) as db:
            await attest(db, draft(), app.keyring)


async def test_an_id_that_was_put_there_twice_behind_our_back_stops_the_log_loudly(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    act = draft()
    async with clerk.notary() as notary, ledger.session("migrate") as owner:
        await record(app, act)
        await notary.step()
        await owner.db.execute("ALTER TABLE evidence_pending DISABLE TRIGGER refuse_numbered")
        await record(app, act)
        with pytest.raises(EntryTwice) as refused:
            await notary.step()
    assert (refused.value.code, refused.value.values) == ("evidence.entry_twice", {"entry": act.meta.entry})


async def test_a_waiting_row_without_its_day_key_stops_the_log_loudly(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts
) -> None:
    await record(app, draft())
    async with ledger.session("migrate") as owner:
        await owner.keyring.keys.execute("DELETE FROM day_key")
    async with clerk.notary() as notary:
        with pytest.raises(DayKeyGone) as refused:
            await notary.step()
    assert refused.value.code == "evidence.day_key_gone"


async def test_witnesses_get_one_checkpoint_a_second(ledger: ScratchLedger, app: Session, draft: Drafts) -> None:
    now = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)

    def clock() -> datetime:
        return now

    async with ledger.session("notary", clock) as clerk, clerk.notary() as notary:
        async with transaction(clerk.db) as db:
            await attest(db, draft(), app.keyring)
        await notary.step()
        shown = log_folder(ledger.place / "logs", 0) / SHOWN
        first = shown.read_bytes()
        await record(app, draft())
        await notary.step()
        assert notary.note != first
        assert shown.read_bytes() == first
        now += timedelta(seconds=1)
        await notary.step()
        assert shown.read_bytes() == notary.note


async def test_the_loop_ends_when_asked_and_leaves_nothing_waiting(app: Session, clerk: Session, draft: Drafts) -> None:
    asked = asyncio.Event()
    async with clerk.notary() as notary:
        running = asyncio.create_task(notary.run(asked))
        await record(app, *(draft() for _ in range(1200)))
        async with asyncio.timeout(20):
            while notary.size < 1200:
                await asyncio.sleep(0.01)
        asked.set()
        await running
        assert notary.origin == ORIGIN
    assert await evidence_tables.oldest_waits(app.db) == timedelta(0)
