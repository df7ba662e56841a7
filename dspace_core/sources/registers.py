"""The registers of a made population: every table of every authority, walked when it is asked for and never kept."""

from collections.abc import Iterator, Sequence

import msgspec

from dspace_core.catalog import AuthorityId
from dspace_core.identifiers import Hidden
from dspace_core.sources.knowledge import TABLES, Row, Table
from dspace_core.sources.population import Chance, Population


class Register(Hidden, frozen=True):
    """One table of one authority over one population."""

    of: Table
    population: Population

    @property
    def authority(self) -> AuthorityId:
        """Whose it is."""
        return self.of.authority

    @property
    def table(self) -> str:
        """Its name."""
        return self.of.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return self.of.columns

    @property
    def walks(self) -> int:
        """Over how much of the population its rows go: an estimate of their number."""
        return self.of.walks(self.population)

    def __iter__(self) -> Iterator[Row]:
        """The rows, one at a time; again the same ones."""
        return self.of.rows(self.population, Chance(f"{self.table}/{self.population.seed}"))

    @property
    def rows(self) -> Sequence[Row]:
        """All rows at once."""
        return list(self)


class Registers(msgspec.Struct, frozen=True):
    """All tables of all authorities; within one authority, in an order in which they can be written."""

    population: Population
    tables: tuple[Register, ...]

    def __repr__(self) -> str:
        return f"Registers({', '.join(one.table for one in self.tables)})"

    def table(self, name: str) -> Register:
        """The table of a name (`KeyError`)."""
        return {one.table: one for one in self.tables}[name]


def registers_of(population: Population) -> Registers:
    """What the authorities know. Gaps and conflicts are drawn for each register apart, from the same seed."""
    return Registers(population, tuple(Register(table, population) for table in TABLES))
