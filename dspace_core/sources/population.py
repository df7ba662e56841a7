"""A made population: people in households, who marry, have children, work in companies and die. Nobody in it exists.

The truth stands here; what each authority knows of it, with gaps and conflicts, in `registers`. The same seed, day and
number give the same people on every machine: of the generator only `random()` is used, which Python keeps stable. A
larger number gives the same people first, and more after them.
"""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from importlib.resources import files

import msgspec

from dspace_core.identifiers import Hidden, Sex

PEOPLE = 2_000
MOST_PEOPLE = 1_000_000


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What names are made of."""

    surnames: tuple[str, ...]
    syllables: tuple[str, ...]
    banks: tuple[str, ...]
    trades: tuple[str, ...]
    hospitals: tuple[str, ...]


NAMES = msgspec.toml.decode(files(__package__).joinpath("data", "names.toml").read_bytes(), type=Names, strict=True)


class Relationship(StrEnum):
    """To the householder, by GB/T 4761."""

    HOUSEHOLDER = "02"
    SPOUSE = "10"
    SON = "20"
    DAUGHTER = "30"
    PARENT = "50"


class Ending(StrEnum):
    """How a marriage ended."""

    DIVORCE = "divorce"
    DEATH = "death"


class Person(Hidden, frozen=True, kw_only=True):
    """One made person; `household`, `mother` and `father` are places in the population."""

    citizen_id: str
    name: str
    sex: Sex
    birth: date
    died: date | None
    household: int
    relationship: Relationship
    mother: int | None
    father: int | None

    def age(self, on: date) -> int:
        """The full years on a day."""
        return full_years(self.birth, on)


class Household(Hidden, frozen=True):
    """A household: the code of its city, and an address that leads nowhere."""

    division: str
    address: str


class Marriage(msgspec.Struct, frozen=True, kw_only=True):
    """A marriage between two places in the population."""

    husband: int
    wife: int
    registered: date
    ended: date | None
    ending: Ending | None


class Company(Hidden, frozen=True, kw_only=True):
    """A made company; `representative` and `supervisor` are places in the population."""

    uscc: str
    name: str
    division: str
    address: str
    founded: date
    capital: int
    """In fen."""
    active: bool
    """Or listed for irregularities (经营异常)."""
    representative: int
    supervisor: int | None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody works, or worked until they left; `person` and `company` are places in the population."""

    person: int
    company: int
    since: date
    ended: date | None
    own_will: bool
    """Whether they left because they wanted to; says nothing while the job goes on."""


class Population(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody, as it truly is on the day. Of each person one job at most; jobs stand in the order of the people."""

    seed: int
    today: date
    people: tuple[Person, ...]
    households: tuple[Household, ...]
    marriages: tuple[Marriage, ...]
    companies: tuple[Company, ...]
    jobs: tuple[Job, ...]

    def __repr__(self) -> str:
        return f"Population(seed={self.seed}, people={len(self.people)})"


def full_years(since: date, on: date) -> int:
    """The full years between two days."""
    return on.year - since.year - ((on.month, on.day) < (since.month, since.day))


def birthday(birth: date, years: int) -> date:
    """The day on which somebody becomes so many years old; 1 March for 29 February in other years."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return date(birth.year + years, 3, 1)


class Chance:
    """The few draws that the generator makes, all from `random()`."""

    def __init__(self, seed: str) -> None:
        self._draw = random.Random(seed).random  # noqa: S311  (made people, no secret)

    def happens(self, share: float) -> bool:
        """Whether something happens that happens in this share of cases."""
        return self._draw() < share

    def number(self, first: int, last: int) -> int:
        """A number from first to last, both included; first where last lies before it."""
        return first + int(self._draw() * max(last - first + 1, 1))

    def day(self, first: date, last: date) -> date:
        """A day from first to last, both included; first where last lies before it."""
        return first + timedelta(days=self.number(0, (last - first).days))

    def recent(self, today: date, years: int) -> date:
        """A day of the last so many years."""
        return today - timedelta(days=self.number(0, years * 365))

    def one(self, choices: Sequence[str]) -> str:
        """One of the choices."""
        return choices[self.number(0, len(choices) - 1)]
