"""What the residents `notary` and `clock` do, in this process, on scratch databases: settle keys, refuse, say what is wrong."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dspace_core.crypto import Day, SubjectAnswer, mint
from dspace_core.evidence.erasure import Eraser
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.ledger_refusals import KeysKept
from dspace_core.machine import keys, notary, resident
from dspace_core.machine.addresses import Store
from dspace_core.machine.home import Home
from dspace_core.machine.post import Post, together
from dspace_core.machine.refusals import LogOriginDiffers
from dspace_core.stores import Pool, open_pool
from dspace_core.testing import ScratchDatabase
from dspace_core.testing.servers import open_folder, settings_for
from dspace_core.values import Subject, random_id

Work = Callable[[Post], Coroutine[object, object, None]]


@pytest.fixture
def databases(server_folder: Path) -> list[ScratchDatabase]:
    return [ScratchDatabase.create(server_folder, store).migrate() for store in Store]


@pytest.fixture
def home() -> Home:
    home = Home(settings_for(open_folder()))
    home.prepare({})
    keys.make_root(settings_for(home.path.parent), home)
    return home


@asynccontextmanager
async def pools(databases: list[ScratchDatabase], role: str) -> AsyncIterator[list[Pool]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(await open_pool(one.url(role), password=one.password(role), size=4))
            for one in databases
        ]


@asynccontextmanager
async def at_work(
    work: Work, databases: list[ScratchDatabase], home: Home, *, origin: str | None = None
) -> AsyncIterator[None]:
    """The work until the block ends; it is ready when the block begins."""
    asked, ready = asyncio.Event(), asyncio.Event()
    settings = msgspec.structs.replace(settings_for(home.path.parent), log_origin=origin)
    async with pools(databases, "app" if work is resident.keep_time else "notary") as (main, keys_pool):
        working = asyncio.create_task(work(Post(settings, home, main, keys_pool, asked, ready.set)))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        try:
            yield
        finally:
            asked.set()
            await working


async def until_empty(pool: Pool, table: str) -> None:
    async with asyncio.timeout(10):
        while await pool.fetchval(f"SELECT count(*) FROM {table}"):  # noqa: S608
            await asyncio.sleep(0.01)


async def test_the_notary_settles_the_keys_of_days_gone_by(
    databases: list[ScratchDatabase], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notary, "_SETTLE_SECONDS", 0.01)
    provider = keys.provider(settings_for(home.path.parent), home)
    async with pools(databases, "app") as (_, app_keys):
        day = date(2026, 1, 5)
        await app_keys.execute(
            "INSERT INTO day_key VALUES ($1, $2, now() - interval '49 hours')", day, mint(provider, Day(day)).wrapped
        )
        async with at_work(notary.keep_log, databases, home):
            await until_empty(app_keys, "day_key")


async def test_the_clock_destroys_the_keys_of_old_answers_and_no_others(
    databases: list[ScratchDatabase], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resident, "_SETTLE_SECONDS", 0.01)
    provider = keys.provider(settings_for(home.path.parent), home)
    now = datetime.now(UTC)
    async with pools(databases, "app") as (_, app_keys):
        fresh = SubjectAnswer(Subject(random_id()), random_id())
        await Keyring(app_keys, provider, lambda: now).answer(fresh)
        await Keyring(app_keys, provider, lambda: now - timedelta(hours=49)).answer(
            SubjectAnswer(Subject(random_id()), random_id())
        )
        async with at_work(resident.keep_time, databases, home):
            await until_empty(app_keys, "answer_key WHERE made_at < now() - interval '48 hours'")
        assert await app_keys.fetchval("SELECT answer_id FROM answer_key") == fresh.answer


async def test_a_log_in_use_of_another_name_is_refused_and_named(databases: list[ScratchDatabase], home: Home) -> None:
    async with at_work(notary.keep_log, databases, home):
        pass
    with pytest.raises(LogOriginDiffers) as refused:
        async with at_work(notary.keep_log, databases, home, origin="dev.log.example/other"):
            pass
    assert refused.value.values == {"origin": "dev.dspace.example/evidence"}
    async with at_work(notary.keep_log, databases, home):
        pass


async def test_a_key_that_still_stands_in_a_file_is_told_and_stops_nobody(
    databases: list[ScratchDatabase], home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def kept(_: Eraser) -> int:
        raise KeysKept(where="snapshot")

    monkeypatch.setattr(Eraser, "replay", kept)
    with caplog.at_level(logging.ERROR):
        async with at_work(notary.keep_log, databases, home):
            pass
    assert "evidence.keys_kept" in caplog.text


async def test_of_works_done_together_the_first_failure_ends_the_others_and_is_raised_as_it_is() -> None:
    ended = asyncio.Event()

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def short() -> None:
        raise LogOriginDiffers(origin="x")

    with pytest.raises(LogOriginDiffers):
        await together(long(), short())
    assert ended.is_set()


def test_an_accident_is_told_by_kind_and_lines_and_never_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Article 9: what a driver says of an error may quote a value."""

    def accident(_: object) -> object:
        raise ValueError("440100199003070011")

    monkeypatch.setattr(resident, "read", accident)
    assert resident.main(["clock"]) == 1
    assert "ValueError at" in caplog.text
    assert "440100199003070011" not in caplog.text
