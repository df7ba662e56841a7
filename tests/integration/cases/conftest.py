"""A counter in a process of a space of the module's own, on a day of our choosing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dspace_core.crypto import SubjectCase
from dspace_core.evidence.erasure import Eraser
from dspace_core.stores import Connection, connect
from dspace_core.testing.counter import Counter
from dspace_core.testing.ledger import ScratchLedger
from dspace_core.testing.space import ScratchSpace, SpaceProcess
from dspace_core.values import CaseId, Subject


class Clock:
    """Business time as the test sets it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def space(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ScratchSpace:
    return ScratchSpace.create(server_folder, tmp_path_factory.mktemp("space"))


@pytest.fixture(scope="module")
def ledger(space: ScratchSpace) -> ScratchLedger:
    return space.ledger


@pytest.fixture(scope="module")
def timer() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
async def process(space: ScratchSpace, timer: Clock) -> AsyncIterator[SpaceProcess]:
    async with space.process(timer) as running:
        yield running


@pytest.fixture(scope="module")
async def owner(ledger: ScratchLedger) -> AsyncIterator[Connection]:
    """The migrating role: it may look at everything."""
    opened = await connect(ledger.main.url("migrate"), password=ledger.main.password("migrate"))
    yield opened
    await opened.close()


@pytest.fixture
def clock(timer: Clock) -> Iterator[Clock]:
    now = timer.now
    yield timer
    timer.now = now


@pytest.fixture
def counter(process: SpaceProcess) -> Counter:
    """Somebody of whom no source knows anything, and a scenario that asks for nothing."""
    return Counter(process)


@pytest.fixture(scope="module")
def citizens(space: ScratchSpace) -> Iterator[str]:
    """The citizen numbers of people of whom the bank has a record, each once."""
    rows = space.registers.table("account").rows
    return iter(sorted(str(row[1]) for row in rows if row[4] and row[5] != "closed"))


@pytest.fixture
async def claimant(process: SpaceProcess, citizens: Iterator[str]) -> Counter:
    """Somebody of the population, and a scenario that asks for the account before it decides."""
    return Counter(process, await process.subject(next(citizens)))


@pytest.fixture(scope="module")
async def numbering(ledger: ScratchLedger, timer: Clock) -> AsyncIterator[None]:
    """A notary at work: entries that wait for longer than a minute shut the gate, and an erasure waits for them."""
    asked = asyncio.Event()
    async with ledger.session("notary", timer) as clerk, clerk.notary() as notary:
        task = asyncio.create_task(notary.run(asked))
        yield
        asked.set()
        await task


@pytest.fixture
def erase(ledger: ScratchLedger, timer: Clock, numbering: None) -> Callable[[Subject, CaseId], Awaitable[None]]:
    """Erase the key of a case."""

    async def erased(subject: Subject, case: CaseId) -> None:
        async with ledger.session("notary", timer) as clerk:
            eraser = Eraser(clerk.db, clerk.keyring, ledger.place / "erasures", timedelta(days=7))
            await eraser.erase(SubjectCase(subject, case))

    return erased
