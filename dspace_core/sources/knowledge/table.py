"""One table of one authority: its columns, and how its rows come out of the truth."""

from collections.abc import Callable, Iterator
from datetime import date

import msgspec

from dspace_core.sources.population import Chance, Population

Row = tuple[str | int | bool | date | None, ...]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """`walks` says over how much of the truth `rows` goes, so that progress can be told before the rows are counted."""

    authority: str
    name: str
    columns: tuple[str, ...]
    walks: Callable[[Population], int]
    rows: Callable[[Population, Chance], Iterator[Row]]


def people(population: Population) -> int:
    """A table that goes over everybody."""
    return len(population.people)


def households(population: Population) -> int:
    """A table that goes over the households."""
    return len(population.households)


def jobs(population: Population) -> int:
    """A table that goes over the jobs."""
    return len(population.jobs)


def companies(population: Population) -> int:
    """A table that goes over the companies."""
    return len(population.companies)
