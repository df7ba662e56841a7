"""A commit that stood although its answer never came: the caller asks again and hears what happened the first time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dspace_core.stores import CommitLane, Connection, Pool, open_pool, transaction
from dspace_core.stores.refusals import LaneOutcomeUnknown, OutcomeUnknown
from dspace_core.testing.servers import ScratchDatabase

Detour = tuple[str, Path, Path]
ANSWER_OF_COMMIT = b"COMMIT\0"


@asynccontextmanager
async def losing_answers(detour: Detour, losses: int) -> AsyncIterator[None]:
    """A door to the database that hangs up in place of the first answers to COMMIT."""
    lost = 0
    _, door, real = detour

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(real)
        up = asyncio.create_task(pump(reader, inner_writer))
        nonlocal lost
        while data := await inner_reader.read(65_536):
            if ANSWER_OF_COMMIT in data and lost < losses:
                lost += 1
                break
            writer.write(data)
        writer.close()
        await up

    async with await asyncio.start_unix_server(serve, door):
        yield


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


@pytest.fixture(autouse=True)
async def entry(pool: Pool) -> AsyncIterator[None]:
    await pool.execute("CREATE TABLE entry (key text PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY)")
    yield
    await pool.execute("DROP TABLE entry")


async def write(connection: Connection, keys: Sequence[str]) -> list[int]:
    await connection.execute("INSERT INTO entry SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", keys)
    rows = await connection.fetch("SELECT key, number FROM entry WHERE key = ANY($1::text[])", keys)
    numbers = {row["key"]: row["number"] for row in rows}
    return [numbers[key] for key in keys]


async def test_the_same_key_submitted_again_gets_the_answer_that_was_lost(
    pool: Pool, detour: Detour, database: ScratchDatabase
) -> None:
    async with (
        losing_answers(detour, losses=1),
        await open_pool(detour[0], password=database.password("migrate"), size=2) as shaky,
        CommitLane[str, int](shaky, write=write, key=str) as lane,
    ):
        with pytest.raises(LaneOutcomeUnknown):
            await lane.submit("a")
        stands = await pool.fetchval("SELECT number FROM entry WHERE key = 'a'")
        assert await lane.submit("a") == stands
    assert await pool.fetchval("SELECT count(*) FROM entry") == 1


async def test_a_transaction_says_that_its_outcome_is_unknown(
    pool: Pool, detour: Detour, database: ScratchDatabase
) -> None:
    async def insert(shaky: Pool) -> None:
        async with transaction(shaky) as connection:
            await connection.execute("INSERT INTO entry VALUES ('b')")

    async with (
        losing_answers(detour, losses=1),
        await open_pool(detour[0], password=database.password("migrate"), size=1) as shaky,
    ):
        with pytest.raises(OutcomeUnknown):
            await insert(shaky)
    assert await pool.fetchval("SELECT count(*) FROM entry") == 1
