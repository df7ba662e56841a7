"""What each authority knows of a made population: its registers, with the gaps and conflicts that real ones have."""

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from dspace_core.catalog import AuthorityId
from dspace_core.identifiers import Hidden
from dspace_core.sources.population import NAMES, Chance, Person, Population, birthday, full_years

FIRST_CERTIFICATE = date(1996, 1, 1)
"""Births before are in no register of births: the certificate did not exist."""
BIRTH_MISSING = 0.02
"""Gap: of the births since then, the share that 卫健 has no certificate of."""
MARRIAGE_MISSING = 0.01
"""Gap: of marriages, the share that 民政 has not digitised."""
PENSION_MISSING = 0.02
"""Gap: of people of working age or older, the share that 人社 has no record of."""
ACCOUNT_MISSING = 0.03
"""Gap: of the same people, the share without an account of a social security card."""
STILL_REGISTERED = 0.03
"""Conflict: of the dead whose death 卫健 records, the share whose registration 公安 has not cancelled."""
NAME_DIFFERS = 0.01
"""Conflict: of accounts, the share whose holder's name is not the one that 公安 has."""
STILL_PAID = 0.02
"""Conflict: of the dead with a pension record, entitled in life, the share that 人社 still lists as receiving."""

WORKING_AGE = 16
PENSION_AGE = 60
"""The age of the resident scheme, and here of both: configuration of the generator, no statement of law."""
PENSION_MONTHS = 180
NOT_YET_CLAIMED = 0.3
"""Of the living residents who are entitled, the share that has not claimed: those whom item A3 is for."""

Row = tuple[str | int | bool | date | None, ...]


class Register(Hidden, frozen=True, kw_only=True):
    """One table of one authority, with its rows."""

    authority: AuthorityId
    table: str
    columns: tuple[str, ...]
    rows: Sequence[Row]


class Registers(msgspec.Struct, frozen=True):
    """All tables of all authorities, in an order in which they can be written."""

    tables: tuple[Register, ...]

    def __repr__(self) -> str:
        return f"Registers({', '.join(f'{one.table}={len(one.rows)}' for one in self.tables)})"

    def table(self, name: str) -> Register:
        """The table of a name (`KeyError`)."""
        return {one.table: one for one in self.tables}[name]


def registers_of(population: Population) -> Registers:
    """What the five authorities know. Gaps and conflicts are drawn for each register apart, from the same seed."""
    chances = {
        name: Chance(f"{name}/{population.seed}") for name in ("person", "marriage", "birth", "pension", "account")
    }
    return Registers(
        (
            Register(
                authority="public_security",
                table="household",
                columns=("number", "division", "address"),
                rows=[(at, one.division, one.address) for at, one in enumerate(population.households)],
            ),
            Register(
                authority="public_security",
                table="person",
                columns=("citizen_id", "full_name", "sex", "birth_date", "household", "relationship", "registration"),
                rows=[_person(one, chances["person"]) for one in population.people],
            ),
            Register(
                authority="civil_affairs",
                table="marriage",
                columns=("number", "husband", "wife", "registered_on", "ended_on", "ending"),
                rows=list(_marriages(population, chances["marriage"])),
            ),
            Register(
                authority="health",
                table="birth",
                columns=("child", "born_on", "mother", "father"),
                rows=list(_births(population, chances["birth"])),
            ),
            Register(
                authority="health",
                table="death",
                columns=("citizen_id", "died_on"),
                rows=[(one.citizen_id, one.died) for one in population.people if one.died is not None],
            ),
            Register(
                authority="human_resources",
                table="pension",
                columns=("citizen_id", "scheme", "enrolled_on", "contribution_months", "receiving"),
                rows=list(_pensions(population, chances["pension"])),
            ),
            Register(
                authority="bank",
                table="account",
                columns=("account_no", "citizen_id", "holder_name", "bank_name", "social_security", "status"),
                rows=list(_accounts(population, chances["account"])),
            ),
        )
    )


def _person(one: Person, chance: Chance) -> Row:
    cancelled = one.died is not None and not chance.happens(STILL_REGISTERED)
    return (
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


def _births(population: Population, chance: Chance) -> Iterator[Row]:
    people = population.people
    for one in people:
        if one.mother is None or one.father is None or one.birth < FIRST_CERTIFICATE:
            continue
        if not chance.happens(BIRTH_MISSING):
            yield (one.citizen_id, one.birth, people[one.mother].citizen_id, people[one.father].citizen_id)


def _pensions(population: Population, chance: Chance) -> Iterator[Row]:
    for one in population.people:
        last = one.died or population.today
        if one.age(last) < WORKING_AGE or chance.happens(PENSION_MISSING):
            continue
        until = min(last, birthday(one.birth, PENSION_AGE))
        enrolled = chance.day(birthday(one.birth, WORKING_AGE), min(until, birthday(one.birth, 40)))
        possible = max(full_years(enrolled, until) * 12, 0)
        months = chance.number(possible // 2, possible)
        scheme = "resident" if chance.happens(0.55) else "employee"
        entitled = one.age(last) >= PENSION_AGE and months >= PENSION_MONTHS
        if one.died is not None:
            receiving = entitled and chance.happens(STILL_PAID)
        else:
            receiving = entitled and not (scheme == "resident" and chance.happens(NOT_YET_CLAIMED))
        yield (one.citizen_id, scheme, enrolled, months, receiving)


def _accounts(population: Population, chance: Chance) -> Iterator[Row]:
    """Account numbers begin with 00, as no bank's do."""
    serial = 0
    for one in population.people:
        if one.age(one.died or population.today) < WORKING_AGE or chance.happens(ACCOUNT_MISSING):
            continue
        for social_security in (True, False)[: 2 if chance.happens(0.2) else 1]:
            serial += 1
            name = one.name[:-1] + chance.one(NAMES.syllables) if chance.happens(NAME_DIFFERS) else one.name
            status = chance.one(("active",) * 18 + ("dormant", "closed"))
            yield (f"00{serial:017}", one.citizen_id, name, chance.one(NAMES.banks), social_security, status)
