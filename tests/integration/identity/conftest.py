"""A fresh ledger for each test; the book of identities stands in its main database, the keys in the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dspace_core.testing.ledger import ScratchLedger, Session


@pytest.fixture
def ledger(server_folder: Path, tmp_path: Path) -> ScratchLedger:
    return ScratchLedger.create(server_folder, tmp_path / "ledger")


@pytest.fixture
async def app(ledger: ScratchLedger) -> AsyncIterator[Session]:
    async with ledger.session("app") as session:
        yield session
