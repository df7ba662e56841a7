"""One whole API for each module here: a scratch space, a process of it, and people who claim a pension."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from dspace_backend.testing import Person, in_one_task, parts_of, served
from dspace_backend.wiring import Parts
from dspace_core.testing.space import ScratchSpace, SpaceProcess


@pytest.fixture(scope="module")
def space(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ScratchSpace:
    return ScratchSpace.create(server_folder, tmp_path_factory.mktemp("space"))


@pytest.fixture(scope="module")
async def process(space: ScratchSpace) -> AsyncIterator[SpaceProcess]:
    async with space.process() as running:
        yield running


@pytest.fixture(scope="module")
async def parts(space: ScratchSpace, process: SpaceProcess) -> AsyncIterator[Parts]:
    async with in_one_task(lambda: parts_of(space, process)) as opened:
        yield opened


@pytest.fixture(scope="module")
async def http(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    async with served(parts) as client:
        yield client


@pytest.fixture(scope="module")
async def person(http: httpx.AsyncClient, space: ScratchSpace, process: SpaceProcess) -> Person:
    return Person(http, await process.subject(space.claimants()[0]))


@pytest.fixture(scope="module")
async def stranger(http: httpx.AsyncClient, space: ScratchSpace, process: SpaceProcess) -> Person:
    return Person(http, await process.subject(space.claimants()[1]))
