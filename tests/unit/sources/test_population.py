"""Invariants of the made population, whatever the seed, the day and the size; and the stated gaps and conflicts."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dspace_core.errors import Refusal
from dspace_core.identifiers import Sex, citizen_id, uscc
from dspace_core.sources import AUTHORITIES, PEOPLE, Population, Registers, generate, registers_of
from dspace_core.sources.knowledge import Row
from dspace_core.sources.knowledge.civil import ADDRESS_DIFFERS, MARRIAGE_MISSING, PLACE_MISSING, STILL_REGISTERED
from dspace_core.sources.knowledge.health import BIRTH_MISSING, FIRST_CERTIFICATE, INSURANCE_MISSING, STILL_INSURED
from dspace_core.sources.knowledge.labour import (
    ACCOUNT_MISSING,
    CLAIMANTS_NAME_DIFFERS,
    EMPLOYER_DIFFERS,
    FUND_MISSING,
    NAME_DIFFERS,
    PENSION_AGE,
    PENSION_MISSING,
    PENSION_MONTHS,
    STILL_EMPLOYED,
    STILL_PAID,
    WORKING_AGE,
)
from dspace_core.sources.population import NAMES, Chance, Ending, Relationship
from dspace_core.sources.town import MARRIAGE_AGE
from dspace_core.sources.work import FIRST_JOB_AGE

TODAY = date(2026, 3, 1)
populations = st.builds(
    generate,
    st.integers(0, 2**32),
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    st.integers(1, 300),
)
few = settings(max_examples=40, deadline=None)


@cache
def large() -> tuple[Population, Registers]:
    """Enough people for shares to be seen."""
    population = generate(7, TODAY, 40_000)
    return population, registers_of(population)


def rows(registers: Registers, name: str) -> Iterable[dict[str, object]]:
    table = registers.table(name)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


# The truth


def test_the_same_seed_makes_the_same_people_and_another_seed_others() -> None:
    assert generate(1, TODAY) == generate(1, TODAY)
    assert registers_of(generate(1, TODAY)).tables[0].rows == registers_of(generate(1, TODAY)).tables[0].rows
    assert generate(1, TODAY).people != generate(2, TODAY).people


def test_seed_one_makes_these_people_on_every_machine_and_python() -> None:
    told = repr([table.rows for table in registers_of(generate(1, TODAY)).tables])
    assert (
        hashlib.sha256(told.encode()).hexdigest() == "efa74d8443c3cf5bb4265870c572955ea8db4ff9db5773462ccc6b3a73d98589"
    )


@pytest.mark.parametrize(("fewer", "more"), [(300, 500), (2_000, 9_000)])
def test_a_larger_population_begins_with_the_same_people_who_are_known_alike(fewer: int, more: int) -> None:
    """All but the last household or two of the smaller one, which had to fit in."""
    small, big = generate(1, TODAY, fewer), generate(1, TODAY, more)
    same = fewer - 14
    assert small.people[:same] == big.people[:same]
    ours = {one.citizen_id for one in small.people[:same]}
    for table in registers_of(small).tables:
        if table.columns[0] == "citizen_id" and table.table != "fund":  # the fund may name any company as another
            held = [row for row in registers_of(big).table(table.table) if row[0] in ours]
            assert [row for row in table if row[0] in ours] == held, table.table


def test_two_thousand_people_are_the_default() -> None:
    assert len(generate(3, TODAY).people) == PEOPLE == 2_000


@pytest.mark.parametrize("people", [0, -1, 1_000_001])
def test_an_impossible_number_of_people_is_refused(people: int) -> None:
    with pytest.raises(Refusal) as caught:
        generate(1, TODAY, people)
    assert caught.value.code == "source.population_size"


@few
@given(populations)
def test_every_number_is_a_fixture_of_its_person_and_nobody_shares_one(population: Population) -> None:
    for person in population.people:
        number = citizen_id.parse(person.citizen_id, population.today)
        assert citizen_id.is_fixture(number)
        assert (number.birth, number.sex) == (person.birth, person.sex)
    assert max(Counter(person.citizen_id for person in population.people).values()) == 1


@few
@given(populations)
def test_children_are_younger_than_their_parents_and_born_to_living_women_of_age(population: Population) -> None:
    for person in population.people:
        assert (person.mother is None) == (person.father is None)
        if person.mother is None or person.father is None:
            continue
        mother, father = population.people[person.mother], population.people[person.father]
        assert (mother.sex, father.sex) == (Sex.FEMALE, Sex.MALE)
        assert MARRIAGE_AGE[Sex.FEMALE] <= mother.age(person.birth) < 45
        assert father.age(person.birth) >= MARRIAGE_AGE[Sex.MALE]
        assert mother.died is None or mother.died > person.birth
        assert father.died is None or father.died > person.birth
        assert person.name[0] == father.name[0]


@few
@given(populations)
def test_marriages_join_two_living_adults_each_once(population: Population) -> None:
    for marriage in population.marriages:
        husband, wife = population.people[marriage.husband], population.people[marriage.wife]
        assert (husband.sex, wife.sex) == (Sex.MALE, Sex.FEMALE)
        assert husband.age(marriage.registered) >= 22
        assert wife.age(marriage.registered) >= 20
        assert all(one.died is None or one.died > marriage.registered for one in (husband, wife))
        assert marriage.registered <= population.today
    parties = [one for marriage in population.marriages for one in (marriage.husband, marriage.wife)]
    assert len(parties) == len(set(parties))


@few
@given(populations)
def test_a_marriage_ends_by_parting_or_by_the_first_death(population: Population) -> None:
    for marriage in population.marriages:
        died = [day for one in (marriage.husband, marriage.wife) if (day := population.people[one].died) is not None]
        if marriage.ending is Ending.DIVORCE:
            assert marriage.ended is not None
            assert marriage.registered <= marriage.ended <= min([*died, population.today])
        else:
            assert marriage.ended == min(died, default=None)
            assert (marriage.ending is Ending.DEATH) == bool(died)


@few
@given(populations)
def test_nobody_is_born_or_dies_after_today(population: Population) -> None:
    for person in population.people:
        assert person.birth <= population.today
        assert person.died is None or person.birth < person.died <= population.today


@few
@given(populations)
def test_every_household_has_somebody_and_one_householder(population: Population) -> None:
    heads = Counter(one.household for one in population.people if one.relationship is Relationship.HOUSEHOLDER)
    assert set(heads) == set(range(len(population.households)))
    assert set(heads.values()) == {1}


def test_names_are_put_together_from_the_tables() -> None:
    assert len(set(NAMES.surnames)) == len(NAMES.surnames)
    for person in generate(5, TODAY).people:
        assert person.name[0] in NAMES.surnames
        assert set(person.name[1:]) <= set(NAMES.syllables)
        assert 2 <= len(person.name) <= 3


def test_a_person_does_not_show_in_a_representation() -> None:
    population, registers = generate(1, TODAY, 10), registers_of(generate(1, TODAY, 10))
    shown = f"{population!r} {population.people[0]!r} {registers!r} {registers.tables[1]!r}"
    assert population.people[0].name not in shown
    assert population.people[0].citizen_id not in shown


def test_a_draw_from_an_empty_stretch_is_its_beginning() -> None:
    assert Chance("x").number(5, 3) == 5
    assert Chance("x").day(TODAY, date(2025, 1, 1)) == TODAY


# Companies and jobs


@few
@given(populations)
def test_every_company_has_a_code_of_its_own_that_is_nobodys_and_a_grown_living_representative(
    population: Population,
) -> None:
    assert len({one.uscc for one in population.companies}) == len(population.companies)
    for one in population.companies:
        code = uscc.parse(one.uscc)
        assert uscc.is_fixture(code)
        assert code.division_code == one.division
        assert "示例" in one.name
        person = population.people[one.representative]
        assert person.died is None
        assert person.age(one.founded) >= FIRST_JOB_AGE
        assert one.founded <= population.today


@few
@given(populations)
def test_people_work_one_at_a_time_when_of_age_in_a_company_that_was_there(population: Population) -> None:
    assert [job.person for job in population.jobs] == sorted({job.person for job in population.jobs})
    for job in population.jobs:
        person, company = population.people[job.person], population.companies[job.company]
        assert person.died is None
        assert person.age(job.since) >= FIRST_JOB_AGE
        assert company.founded <= job.since <= (job.ended or population.today) <= population.today


@few
@given(populations)
def test_who_studies_has_left_no_school_and_has_no_job(population: Population) -> None:
    working = {population.people[job.person].citizen_id for job in population.jobs}
    for row in rows(registers_of(population), "education"):
        assert row["studying"] == (row["graduated_on"] is None) == (row["certificate_no"] is None)
        assert not (row["studying"] and row["citizen_id"] in working)


@few
@given(populations)
def test_the_benefit_is_drawn_only_by_who_left_registered_and_paid_for_a_year(population: Population) -> None:
    for row in rows(registers_of(population), "unemployment"):
        months = row["insured_months"]
        assert isinstance(months, int)
        if row["receiving"]:
            assert (row["registered"], row["leave_kind"]) == (True, "involuntary")
            assert months >= 12
        assert row["left_on"] is not None or not row["registered"]


def test_every_home_has_an_owner_and_every_owner_a_home() -> None:
    registers = registers_of(generate(1, TODAY))
    homes = [row["number"] for row in rows(registers, "property")]
    assert homes == [row["property"] for row in rows(registers, "owner")]
    assert len(set(homes)) == len(homes) > 100


def test_a_register_walked_twice_gives_the_same_rows_and_keeps_none() -> None:
    for table in registers_of(generate(1, TODAY, 300)).tables:
        assert list(table) == list(table) == table.rows


def test_no_authority_goes_without_a_table_and_no_table_is_there_twice() -> None:
    tables = registers_of(generate(1, TODAY, 10)).tables
    assert {one.authority for one in tables} == set(AUTHORITIES)
    assert len({one.table for one in tables}) == len(tables)


# The registers


@few
@given(populations)
def test_every_dead_person_has_a_death_record_and_no_other(population: Population) -> None:
    recorded = {row["citizen_id"]: row["died_on"] for row in rows(registers_of(population), "death")}
    assert recorded == {one.citizen_id: one.died for one in population.people if one.died is not None}


@few
@given(populations)
def test_a_pension_is_paid_only_at_the_age_and_with_the_months(population: Population) -> None:
    people = {one.citizen_id: one for one in population.people}
    for row in rows(registers_of(population), "pension"):
        person, months, enrolled = people[str(row["citizen_id"])], row["contribution_months"], row["enrolled_on"]
        assert isinstance(months, int)
        assert isinstance(enrolled, date)
        assert person.age(enrolled) >= WORKING_AGE
        assert 0 <= months <= (PENSION_AGE - WORKING_AGE) * 12
        assert months <= (population.today - enrolled).days / 28
        if row["receiving"]:
            assert person.age(person.died or population.today) >= PENSION_AGE
            assert months >= PENSION_MONTHS


@few
@given(populations)
def test_each_account_has_one_status_and_each_person_one_account_of_the_card(population: Population) -> None:
    accounts = list(rows(registers_of(population), "account"))
    assert {row["status"] for row in accounts} <= {"active", "dormant", "closed"}
    assert all(str(row["account_no"]).startswith("00") for row in accounts)
    assert len({row["account_no"] for row in accounts}) == len(accounts)
    of_the_card = [row["citizen_id"] for row in accounts if row["social_security"]]
    assert len(of_the_card) == len(set(of_the_card))


@few
@given(populations)
def test_registers_name_nobody_who_does_not_exist(population: Population) -> None:
    known = {one.citizen_id for one in population.people}
    registers = registers_of(population)
    companies = {one.uscc for one in population.companies}
    naming = {"husband", "wife", "child", "mother", "father", "citizen_id", "representative_id"}
    for table in registers.tables:
        for column in table.columns:
            named = {row[table.columns.index(column)] for row in table}
            assert column not in naming or named <= known
            assert column not in {"uscc", "employer"} or named <= companies


# The stated shares


def near(found: int, of: int, share: float) -> bool:
    """Within four standard deviations of the stated share; the seed is fixed, so this does not waver."""
    return abs(found - of * share) <= 4 * math.sqrt(of * share * (1 - share))


def test_the_gaps_are_as_large_as_stated() -> None:
    population, registers = large()
    births = sum(one.mother is not None and one.birth >= FIRST_CERTIFICATE for one in population.people)
    working = sum(one.age(one.died or TODAY) >= WORKING_AGE for one in population.people)
    carded = sum(row["social_security"] is True for row in rows(registers, "account"))
    for truth, known, share in (
        (births, len(registers.table("birth").rows), BIRTH_MISSING),
        (len(population.marriages), len(registers.table("marriage").rows), MARRIAGE_MISSING),
        (working, len(registers.table("pension").rows), PENSION_MISSING),
        (working, carded, ACCOUNT_MISSING),
    ):
        assert truth > known
        assert near(truth - known, truth, share)


def test_the_conflicts_are_as_many_as_stated() -> None:
    population, registers = large()
    people = {one.citizen_id: one for one in population.people}
    dead = {one.citizen_id for one in population.people if one.died is not None}
    registered = [row["registration"] == "normal" for row in rows(registers, "person") if row["citizen_id"] in dead]
    assert near(sum(registered), len(registered), STILL_REGISTERED)
    paid = [
        bool(row["receiving"])
        for row in rows(registers, "pension")
        if row["citizen_id"] in dead and _months(row) >= PENSION_MONTHS
    ]
    assert near(sum(paid), len(paid), STILL_PAID)
    waiting = claimants(population, registers)
    accounts = list(rows(registers, "account"))
    others = [row["holder_name"] != people[str(row["citizen_id"])].name for row in accounts if row not in waiting]
    assert near(sum(others), len(others), NAME_DIFFERS)
    renamed = [row["holder_name"] != people[str(row["citizen_id"])].name for row in waiting]
    assert [at % CLAIMANTS_NAME_DIFFERS == 2 for at in range(len(renamed))] == renamed


def claimants(population: Population, registers: Registers) -> list[dict[str, object]]:
    """The accounts of those whom A3 is for, where money could go."""
    living = {one.citizen_id for one in population.people if one.died is None and one.age(TODAY) >= PENSION_AGE}
    waiting = {
        row["citizen_id"]
        for row in rows(registers, "pension")
        if row["scheme"] == "resident" and _months(row) >= PENSION_MONTHS and not row["receiving"]
    }
    return [
        row
        for row in rows(registers, "account")
        if row["social_security"] and row["status"] == "active" and row["citizen_id"] in living & waiting
    ]


def test_the_gaps_and_conflicts_of_the_other_authorities_are_as_large_as_stated() -> None:
    population, registers = large()
    living = [one for one in population.people if one.died is None]
    insured = {row["citizen_id"] for row in rows(registers, "insurance")}
    missing = sum(one.citizen_id not in insured for one in living)
    assert near(missing, len(living), INSURANCE_MISSING)
    dead = len(population.people) - len(living)
    assert near(len(insured) - (len(living) - missing), dead, STILL_INSURED)
    households, places = len(population.households), list(rows(registers, "place"))
    assert near(households - len(places), households, PLACE_MISSING)
    differs = [population.households[_number(row)].address not in str(row["standard_address"]) for row in places]
    assert near(sum(differs), len(places), ADDRESS_DIFFERS)
    left = {population.people[job.person].citizen_id for job in population.jobs if job.ended is not None}
    employed = {str(row["citizen_id"]): row["employer"] for row in rows(registers, "employment")}
    assert near(len(left & employed.keys()), len(left), STILL_EMPLOYED)
    funds = list(rows(registers, "fund"))
    assert near(len(population.jobs) - len(funds), len(population.jobs), FUND_MISSING)
    both = [row["employer"] != employed[who] for row in funds if (who := str(row["citizen_id"])) in employed]
    assert near(sum(both), len(both), EMPLOYER_DIFFERS)


def _number(row: dict[str, object]) -> int:
    number = row["number"]
    assert isinstance(number, int)
    return number


def _months(row: dict[str, object]) -> int:
    months = row["contribution_months"]
    assert isinstance(months, int)
    return months


def test_there_are_people_for_whom_the_item_is_made() -> None:
    registers = registers_of(generate(1, TODAY))
    living = {one.citizen_id for one in generate(1, TODAY).people if one.died is None}
    waiting: list[Row] = [
        row
        for row in registers.table("pension").rows
        if row[0] in living and row[1] == "resident" and not row[4] and isinstance(row[3], int) and row[3] >= 180
    ]
    assert len(waiting) > 20
