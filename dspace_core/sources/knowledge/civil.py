"""公安 and 民政: who is registered where, marriages, standard addresses, assistance."""

from collections.abc import Iterator

from dspace_core.identifiers.division import CITIES
from dspace_core.sources.knowledge.table import Row, Table, households, people
from dspace_core.sources.population import Chance, Population

STILL_REGISTERED = 0.03
"""Conflict: of the dead whose death 卫健 records, the share whose registration 公安 has not cancelled."""
MARRIAGE_MISSING = 0.01
"""Gap: of marriages, the share that 民政 has not digitised."""
PLACE_MISSING = 0.04
"""Gap: of households, the share whose address has no standard form yet."""
ADDRESS_DIFFERS = 0.02
"""Conflict: of the standard addresses, the share with another house number than 公安 has."""
ASSISTED = 0.02
"""Of households, the share that receives assistance."""


def _households(population: Population, _: Chance) -> Iterator[Row]:
    for number, one in enumerate(population.households):
        yield (number, one.division, one.address)


def _people(population: Population, chance: Chance) -> Iterator[Row]:
    for one in population.people:
        cancelled = one.died is not None and not chance.happens(STILL_REGISTERED)
        yield (
            one.citizen_id,
            one.name,
            one.sex.value,
            one.birth,
            one.household,
            one.relationship.value,
            "cancelled" if cancelled else "normal",
        )


def _marriages(population: Population, chance: Chance) -> Iterator[Row]:
    people = population.people
    for number, one in enumerate(population.marriages):
        if not chance.happens(MARRIAGE_MISSING):
            ending = None if one.ending is None else one.ending.value
            husband, wife = people[one.husband].citizen_id, people[one.wife].citizen_id
            yield (number, husband, wife, one.registered, one.ended, ending)


def _places(population: Population, chance: Chance) -> Iterator[Row]:
    for number, one in enumerate(population.households):
        missing, differs = chance.happens(PLACE_MISSING), chance.happens(ADDRESS_DIFFERS)
        address = f"示例路{chance.number(1000, 1999)}号" if differs else one.address
        if not missing:
            city = CITIES[one.division]
            yield (number, one.division, city, f"广东省{city}市{address}")


def _residents(population: Population, _: Chance) -> Iterator[Row]:
    for one in population.people:
        if one.died is None:
            yield (one.citizen_id, one.household)


def _assistance(population: Population, chance: Chance) -> Iterator[Row]:
    today = population.today
    given = {
        number: (chance.one(("minimum_living", "minimum_living", "extreme_poverty")), chance.recent(today, 10))
        for number in range(len(population.households))
        if chance.happens(ASSISTED)
    }
    for one in population.people:
        if one.died is None and one.household in given:
            kind, since = given[one.household]
            yield (one.citizen_id, kind, max(since, one.birth))


TABLES = (
    Table(
        authority="public_security",
        name="household",
        columns=("number", "division", "address"),
        walks=households,
        rows=_households,
    ),
    Table(
        authority="public_security",
        name="person",
        columns=("citizen_id", "full_name", "sex", "birth_date", "household", "relationship", "registration"),
        walks=people,
        rows=_people,
    ),
    Table(
        authority="civil_affairs",
        name="marriage",
        columns=("number", "husband", "wife", "registered_on", "ended_on", "ending"),
        walks=lambda population: len(population.marriages),
        rows=_marriages,
    ),
    Table(
        authority="civil_affairs",
        name="place",
        columns=("number", "division", "division_name", "standard_address"),
        walks=households,
        rows=_places,
    ),
    Table(
        authority="civil_affairs",
        name="resident",
        columns=("citizen_id", "place"),
        walks=people,
        rows=_residents,
    ),
    Table(
        authority="civil_affairs",
        name="assistance",
        columns=("citizen_id", "kind", "since"),
        walks=people,
        rows=_assistance,
    ),
)
