"""Filling the databases of the made authorities, by COPY. Either all of them are filled or none.

The sessions belong to who owns the tables. Rows are made while they are sent, so that a million people need memory for
the people and not for what is written about them. Whoever fills holds a lock first: two at once fill one after the other.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import msgspec

from dspace_core.catalog import AuthorityId
from dspace_core.sources.knowledge import TABLES, Row
from dspace_core.sources.refusals import AlreadyFilled
from dspace_core.sources.registers import Register, Registers, registers_of
from dspace_core.sources.tables import Made, empty, lock_made, note_made, state_as_of
from dspace_core.sources.town import generate
from dspace_core.stores import Connection

Databases = Mapping[AuthorityId, Connection]
_TELL_EVERY = 20_000


class Loaded(msgspec.Struct, frozen=True):
    """How much was written, and in how many seconds. `share` is how much of the whole that is, about, while it goes on."""

    rows: int
    seconds: float
    share: float = 1.0
    table: str = ""

    @property
    def rate(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds if self.seconds else 0.0


Tell = Callable[[Loaded], None]
"""Is told how far the filling has come."""


async def seed(
    databases: Databases, made: Made, as_of: datetime, *, again: bool = False, tell: Tell | None = None
) -> Loaded:
    """Make a population and fill every authority with what it knows of it; `again` empties them first.

    Raises AlreadyFilled, PopulationSize; then nothing has changed. While they are emptied and filled the authorities
    do not answer.
    """
    begun = time.monotonic()
    async with _locked(databases) as held:
        for authority, before in held.items():
            if before is not None and not again:
                raise AlreadyFilled(source=authority)
        registers = registers_of(generate(made.seed, made.today, made.people))
        for authority, database in databases.items():
            await empty(database, [table.name for table in TABLES if table.authority == authority])
        return await _load(registers, databases, as_of, begun, tell)


async def provisioned(databases: Databases, wanted: Made, as_of: datetime, tell: Tell | None = None) -> Loaded:
    """See that every authority is filled and states that it is complete up to `as_of`. What is there stays.

    One that is empty while others are not gets what it knows of their people, whatever is wanted. Raises PopulationSize.
    """
    begun = time.monotonic()
    async with _locked(databases) as held:
        missing = {authority: database for authority, database in databases.items() if held[authority] is None}
        made = next((one for one in held.values() if one is not None), wanted)
        for database in databases.values():
            await state_as_of(database, as_of)
        if not missing:
            return Loaded(0, time.monotonic() - begun)
        return await _load(registers_of(generate(made.seed, made.today, made.people)), missing, as_of, begun, tell)


async def load_registers(registers: Registers, databases: Databases, as_of: datetime) -> Loaded:
    """Fill these empty authorities, which may be some of all, and state `as_of`. Raises AlreadyFilled."""
    begun = time.monotonic()
    async with _locked(databases) as held:
        for authority, made in held.items():
            if made is not None:
                raise AlreadyFilled(source=authority)
        return await _load(registers, databases, as_of, begun, None)


@asynccontextmanager
async def _locked(databases: Databases) -> AsyncIterator[Mapping[AuthorityId, Made | None]]:
    """One transaction in each, committed together at the end; and what each holds. Always in the same order."""
    async with AsyncExitStack() as stack:
        held = {}
        for authority in sorted(databases):
            await stack.enter_async_context(databases[authority].transaction())
            held[authority] = await lock_made(databases[authority])
        yield held


async def _load(registers: Registers, databases: Databases, as_of: datetime, begun: float, tell: Tell | None) -> Loaded:
    tables = [table for table in registers.tables if table.authority in databases]
    pace = _Pace(sum(table.walks for table in tables), begun, tell)
    for table in tables:
        await databases[table.authority].copy_records_to_table(
            table.table, records=pace.through(table), columns=table.columns
        )
    population = registers.population
    for database in databases.values():
        await note_made(database, Made(population.seed, len(population.people), population.today))
        await state_as_of(database, as_of)
    return pace.done


class _Pace:
    """Counts the rows that go by, and tells of them now and then."""

    def __init__(self, walks: int, begun: float, tell: Tell | None) -> None:
        self._walks = walks
        self._begun = begun
        self._tell = tell
        self._walked = 0
        self._rows = 0

    @property
    def done(self) -> Loaded:
        """All of it."""
        return Loaded(self._rows, time.monotonic() - self._begun)

    def through(self, table: Register) -> Iterator[Row]:
        """The rows of a table."""
        before = self._rows
        for row in table:
            yield row
            self._rows += 1
            if self._tell is not None and self._rows % _TELL_EVERY == 0:
                walked = self._walked + min(self._rows - before, table.walks)
                self._tell(Loaded(self._rows, time.monotonic() - self._begun, walked / self._walks, table.table))
        self._walked += table.walks
