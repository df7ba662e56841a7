"""卫健, 医保 and 残联: births, deaths, insurance of the sick, disability."""

from collections.abc import Iterator
from datetime import date, timedelta

from dspace_core.sources.knowledge.table import Row, Table, people
from dspace_core.sources.population import NAMES, Chance, Population

FIRST_CERTIFICATE = date(1996, 1, 1)
"""Births before are in no register of births: the certificate did not exist."""
BIRTH_MISSING = 0.02
"""Gap: of the births since then, the share that 卫健 has no certificate of."""
INSURANCE_MISSING = 0.03
"""Gap: of the living, the share that is in no medical insurance."""
STILL_INSURED = 0.02
"""Conflict: of the dead, the share that 医保 still lists as insured."""
PAUSED = 0.03
"""Of the insured, the share whose insurance is paused."""
DISABLED = 0.025
"""Of people from 3, the share with a certificate of disability."""
STILL_CERTIFIED = 0.05
"""Conflict: of the dead who had one, the share whose certificate 残联 has not cancelled."""
_FIRST_CERTIFIED_AGE = 3


def _births(population: Population, chance: Chance) -> Iterator[Row]:
    people = population.people
    for number, one in enumerate(people):
        if one.mother is None or one.father is None or one.birth < FIRST_CERTIFICATE:
            continue
        missing, hospital = chance.happens(BIRTH_MISSING), chance.one(NAMES.hospitals)
        if not missing:
            mother, father = people[one.mother].citizen_id, people[one.father].citizen_id
            yield (one.citizen_id, one.birth, mother, father, f"Z{number:09}", hospital)


def _deaths(population: Population, _: Chance) -> Iterator[Row]:
    for one in population.people:
        if one.died is not None:
            yield (one.citizen_id, one.died)


def _insurance(population: Population, chance: Chance) -> Iterator[Row]:
    """Employees by their job, all others as residents."""
    working = {job.person for job in population.jobs if job.ended is None}
    for at, one in enumerate(population.people):
        listed = not chance.happens(INSURANCE_MISSING) if one.died is None else chance.happens(STILL_INSURED)
        if listed:
            kind = "employee" if at in working else "resident"
            division = population.households[one.household].division
            enrolled = chance.day(one.birth, one.died or population.today)
            yield (one.citizen_id, kind, division, enrolled, "paused" if chance.happens(PAUSED) else "normal")


def _disability(population: Population, chance: Chance) -> Iterator[Row]:
    """The number of a certificate is the person's, then kind and grade."""
    for one in population.people:
        last = one.died or population.today
        if one.age(last) < _FIRST_CERTIFIED_AGE or not chance.happens(DISABLED):
            continue
        kind, grade = str(chance.number(1, 7)), str(chance.number(1, 4))
        issued = chance.day(max(one.birth, last - timedelta(days=3650)), last)
        if one.died is None or chance.happens(STILL_CERTIFIED):
            yield (one.citizen_id, f"{one.citizen_id}{kind}{grade}", kind, grade, issued)


TABLES = (
    Table(
        authority="health",
        name="birth",
        columns=("child", "born_on", "mother", "father", "certificate_no", "institution"),
        walks=people,
        rows=_births,
    ),
    Table(authority="health", name="death", columns=("citizen_id", "died_on"), walks=people, rows=_deaths),
    Table(
        authority="medical_insurance",
        name="insurance",
        columns=("citizen_id", "kind", "pooling_area", "enrolled_on", "status"),
        walks=people,
        rows=_insurance,
    ),
    Table(
        authority="disabled_persons",
        name="certificate",
        columns=("citizen_id", "certificate_no", "kind", "grade", "issued_on"),
        walks=people,
        rows=_disability,
    ),
)
