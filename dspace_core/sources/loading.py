"""Writing registers into the databases of the authorities, by COPY."""

import time
from collections.abc import Mapping
from datetime import datetime

import msgspec

from dspace_core.catalog import AuthorityId
from dspace_core.sources.registers import Registers
from dspace_core.sources.tables import state_as_of
from dspace_core.stores import Connection


class Loaded(msgspec.Struct, frozen=True):
    """How much was written, and in how many seconds."""

    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds if self.seconds else 0.0


async def load_registers(registers: Registers, databases: Mapping[AuthorityId, Connection], as_of: datetime) -> Loaded:
    """Fill the empty tables of every authority, each authority's in one transaction, and state `as_of`.

    The sessions belong to who owns the tables.
    """
    begun = time.monotonic()
    for authority, database in databases.items():
        async with database.transaction():
            for table in registers.tables:
                if table.authority == authority:
                    await database.copy_records_to_table(table.table, records=table.rows, columns=table.columns)
            await state_as_of(database, as_of)
    return Loaded(sum(len(table.rows) for table in registers.tables), time.monotonic() - begun)
