"""A few of the made people, each of whom shows something: whom the development identity provider lets one log in as."""

from collections.abc import Callable, Mapping
from enum import Enum

import msgspec

from dspace_core.errors import Text
from dspace_core.identifiers import Hidden
from dspace_core.sources.knowledge.labour import PENSION_AGE, PENSION_MONTHS
from dspace_core.sources.knowledge.table import Row
from dspace_core.sources.population import PEOPLE, Person, Population
from dspace_core.sources.registers import registers_of

LOOKED_AT = PEOPLE - 10
"""How many people are looked at, from the first: larger populations begin with the same ones, so that
`demo_people(generate(seed, today, min(people, PEOPLE)))` need not make a million people to find six."""
GROWN = 18
_TOO_YOUNG_FROM = 50


class Shows(Enum):
    """What becomes of somebody who claims A3, or what else there is about them."""

    CLAIMS = "claims"
    TOO_YOUNG = "too_young"
    NAME_DIFFERS = "name_differs"
    RECORDED_DEAD = "recorded_dead"
    PARENT = "parent"
    REPRESENTATIVE = "representative"


SAYS: Mapping[Shows, Text] = {
    Shows.CLAIMS: Text("可一键申领城乡居民养老待遇", "can claim the residents' pension by one tap"),
    Shows.TOO_YOUNG: Text("未到领取年龄", "too young for the pension"),
    Shows.NAME_DIFFERS: Text(
        "账户户名与户籍姓名不一致,转人工", "the account bears another name: a human looks into it"
    ),
    Shows.RECORDED_DEAD: Text("被登记为死亡", "recorded as dead"),
    Shows.PARENT: Text("未成年人的父母", "a parent of a minor"),
    Shows.REPRESENTATIVE: Text("企业法定代表人", "the legal representative of a company"),
}


class DemoPerson(Hidden, frozen=True, kw_only=True):
    """One of them. `child` is the citizen number of the minor, `company` the code of the company represented."""

    shows: Shows
    citizen_id: str
    name: str
    child: str | None = None
    company: str | None = None

    @property
    def says(self) -> Text:
        """What is shown beside the name."""
        return SAYS[self.shows]


def demo_people(population: Population) -> tuple[DemoPerson, ...]:
    """One of each kind, in the order of `Shows`; the same for the same population. A small one may lack a kind."""
    known = _Known(_first(population))
    found = ((shows, next((one for one in known.people if fits(known, one)), None)) for shows, fits in _FITS.items())
    return tuple(_shown(known, shows, one) for shows, one in found if one is not None)


def _first(population: Population) -> Population:
    """The beginning of a population, with what belongs to it."""
    return msgspec.structs.replace(
        population,
        people=population.people[:LOOKED_AT],
        companies=tuple(one for one in population.companies if one.representative < LOOKED_AT),
        jobs=tuple(job for job in population.jobs if job.person < LOOKED_AT),
    )


class _Known:
    """What authorities know of each person of a population, by citizen number."""

    def __init__(self, population: Population) -> None:
        self.people = population.people
        self.today = population.today
        registers = registers_of(population)
        registered = {row[0] for row in registers.table("person") if row[6] == "normal"}
        self.dead_and_registered = registered & {row[0] for row in registers.table("death")}
        self.pensions = {row[0]: row for row in registers.table("pension")}
        self.accounts = {row[1]: row[2] for row in registers.table("account") if row[4] and row[5] == "active"}
        self.companies = {row[9]: str(row[0]) for row in registers.table("company") if row[7] == "active"}
        minors = {one.citizen_id for one in self.people if one.age(self.today) < GROWN}
        self.minors = {row[2]: str(row[0]) for row in registers.table("birth") if row[0] in minors}

    def old(self, one: Person) -> bool:
        """Of the age of the pension."""
        return one.age(self.today) >= PENSION_AGE

    def would_claim(self, one: Person) -> bool:
        """Whether all but age and name speak for a claim of A3."""
        row = self.pensions.get(one.citizen_id)
        return row is not None and one.died is None and _unclaimed(row) and one.citizen_id in self.accounts

    def named_alike(self, one: Person) -> bool:
        """Whether the account is in the registered name."""
        return self.accounts.get(one.citizen_id) == one.name


def _unclaimed(row: Row) -> bool:
    _, scheme, _, months, receiving = row
    return scheme == "resident" and isinstance(months, int) and months >= PENSION_MONTHS and not receiving


def _too_young(known: _Known, one: Person) -> bool:
    near = _TOO_YOUNG_FROM <= one.age(known.today) < PENSION_AGE
    return near and known.would_claim(one) and known.named_alike(one)


_FITS: Mapping[Shows, Callable[[_Known, Person], bool]] = {
    Shows.CLAIMS: lambda known, one: known.would_claim(one) and known.old(one) and known.named_alike(one),
    Shows.TOO_YOUNG: _too_young,
    Shows.NAME_DIFFERS: lambda known, one: known.would_claim(one) and known.old(one) and not known.named_alike(one),
    Shows.RECORDED_DEAD: lambda known, one: one.citizen_id in known.dead_and_registered,
    Shows.PARENT: lambda known, one: one.died is None and one.citizen_id in known.minors,
    Shows.REPRESENTATIVE: lambda known, one: one.died is None and one.citizen_id in known.companies,
}


def _shown(known: _Known, shows: Shows, one: Person) -> DemoPerson:
    return DemoPerson(
        shows=shows,
        citizen_id=one.citizen_id,
        name=one.name,
        child=known.minors[one.citizen_id] if shows is Shows.PARENT else None,
        company=known.companies[one.citizen_id] if shows is Shows.REPRESENTATIVE else None,
    )
