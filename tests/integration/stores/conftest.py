"""Pools of the module's own database, for the tests of the stores."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dspace_core.stores import Connection, Pool, connect, open_pool
from dspace_core.testing.servers import ScratchDatabase


@pytest.fixture(scope="module")
async def pool(database: ScratchDatabase) -> AsyncIterator[Pool]:
    """Without the time limit of serving sessions: tests hold transactions open while they arrange what happens."""
    url, password = database.url("migrate"), database.password("migrate")
    async with await open_pool(url, password=password, size=6, session={}) as opened:
        yield opened


@pytest.fixture
async def other(database: ScratchDatabase) -> AsyncIterator[Connection]:
    """A session beside the pool: somebody else."""
    session = await connect(database.url("migrate"), password=database.password("migrate"))
    yield session
    await session.close()


@pytest.fixture
def detour(database: ScratchDatabase) -> Iterator[tuple[str, Path, Path]]:
    """A URL for the migrating role, the socket that it names (a test may listen there), and the real socket."""
    url = database.url("migrate")
    real = Path(url.partition("host=")[2].partition("&")[0]) / ".s.PGSQL.5432"
    with tempfile.TemporaryDirectory(prefix="ds-") as folder:  # a short one: a socket's path ends at 107 bytes
        yield url.replace(str(real.parent), folder), Path(folder) / real.name, real
