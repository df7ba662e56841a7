"""One space for the tests of the gate."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dspace_core.testing.claims import Claim, claim
from dspace_core.testing.space import ScratchSpace, SpaceProcess


@pytest.fixture(scope="module")
def space(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ScratchSpace:
    return ScratchSpace.create(server_folder, tmp_path_factory.mktemp("space"))


@pytest.fixture
async def process(space: ScratchSpace) -> AsyncIterator[SpaceProcess]:
    async with space.process() as running:
        yield running


@pytest.fixture
async def claimed(space: ScratchSpace, process: SpaceProcess) -> Claim:
    return await claim(process, space.claimants()[0])
