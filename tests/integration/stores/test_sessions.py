"""Opening sessions: patience with a server that starts, none with one that refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from dspace_core.stores import connect, open_pool
from dspace_core.stores.refusals import BadUrl, LoginRefused, Unavailable
from dspace_core.testing.servers import ScratchDatabase

SOON = timedelta(milliseconds=200)
STARTING = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"


Detour = tuple[str, Path, Path]


@asynccontextmanager
async def starting_server(detour: Detour, refusals: int) -> AsyncIterator[list[int]]:
    """A door to the database that says `starting up` to the first callers. Yields the list of callers."""
    callers: list[int] = []
    _, door, real = detour

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(len(callers))
        if len(callers) <= refusals:
            await reader.read(1024)
            writer.write(b"E" + (len(STARTING) + 4).to_bytes(4, "big") + STARTING)
        else:
            inner_reader, inner_writer = await asyncio.open_unix_connection(real)
            await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
        writer.close()

    async with await asyncio.start_unix_server(serve, door):
        yield callers


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


async def test_a_server_that_is_starting_is_tried_again(detour: Detour, database: ScratchDatabase) -> None:
    async with starting_server(detour, refusals=2) as callers:
        pool = await open_pool(detour[0], password=database.password("migrate"), size=1)
        assert await pool.fetchval("SELECT 1") == 1
        await pool.close()
    assert len(callers) == 3


async def test_a_socket_that_appears_is_found(detour: Detour, database: ScratchDatabase) -> None:
    opening = asyncio.create_task(connect(detour[0], password=database.password("migrate")))
    await asyncio.sleep(0)
    async with starting_server(detour, refusals=0):
        session = await opening
        assert await session.fetchval("SELECT 1") == 1
        await session.close()


async def test_a_server_that_never_starts_is_given_up_at_the_deadline(detour: Detour) -> None:
    with pytest.raises(Unavailable) as refused:
        await open_pool(detour[0], password="secret", size=1, setting="DSPACE_X", within=SOON)
    assert refused.value.code == "stores.unavailable"
    assert refused.value.values == {"where": "DSPACE_X", "reason": "FileNotFoundError"}
    assert "secret" not in f"{refused.value}{refused.value!r}"


async def test_a_wrong_password_is_refused_without_its_text(database: ScratchDatabase) -> None:
    with pytest.raises(LoginRefused) as refused:
        await open_pool(database.url("app"), password="secret", size=1, setting="DSPACE_X")
    assert (refused.value.code, refused.value.values) == ("stores.login_refused", {"setting": "DSPACE_X"})
    assert "secret" not in f"{refused.value}{refused.value!r}"


async def test_a_database_that_is_not_there_is_a_bad_address(database: ScratchDatabase) -> None:
    url = database.url("migrate").replace(database.name, "nowhere")
    with pytest.raises(BadUrl) as refused:
        await connect(url, password=database.password("migrate"))
    assert refused.value.values == {"setting": "DSPACE_DATABASE_URL", "reason": "database"}


async def test_a_session_that_serves_forgets_no_transaction(database: ScratchDatabase) -> None:
    async with await open_pool(database.url("app"), password=database.password("app"), size=1) as pool:
        assert await pool.fetchval("SHOW idle_in_transaction_session_timeout") == "500ms"
