"""The people whom one may log in as in development: one of each kind, the same ones every time."""

from datetime import date, timedelta

import pytest

from dspace_core.sources import PEOPLE, DemoPerson, Population, Registers, Shows, demo_people, generate, registers_of

TODAY = date(2026, 3, 1)
POPULATION = generate(1, TODAY)
REGISTERS = registers_of(POPULATION)
FOUND = {one.shows: one for one in demo_people(POPULATION)}


def rows(registers: Registers, table: str, column: str, value: object) -> list[dict[str, object]]:
    """The rows with this value."""
    found = registers.table(table)
    return [dict(zip(found.columns, row, strict=True)) for row in found if row[found.columns.index(column)] == value]


def row(registers: Registers, table: str, column: str, value: object) -> dict[str, object]:
    """The only one."""
    (one,) = rows(registers, table, column, value)
    return one


def account(one: DemoPerson) -> dict[str, object]:
    accounts = rows(REGISTERS, "account", "citizen_id", one.citizen_id)
    return next(each for each in accounts if each["social_security"])


def age(one: DemoPerson) -> int:
    return next(each for each in POPULATION.people if each.citizen_id == one.citizen_id).age(TODAY)


@pytest.mark.parametrize("days", range(0, 730, 61))
def test_there_is_one_of_each_kind_on_whatever_day_the_people_are_made(days: int) -> None:
    found = demo_people(generate(1, TODAY + timedelta(days=days)))
    assert [one.shows for one in found] == list(Shows)
    assert len({one.citizen_id for one in found}) == len(Shows)


@pytest.mark.parametrize("shows", [Shows.CLAIMS, Shows.TOO_YOUNG, Shows.NAME_DIFFERS])
def test_of_three_that_claim_each_fails_in_one_thing_at_most(shows: Shows) -> None:
    one = FOUND[shows]
    pension = row(REGISTERS, "pension", "citizen_id", one.citizen_id)
    months = pension["contribution_months"]
    assert isinstance(months, int)
    assert months >= 180
    assert (pension["scheme"], pension["receiving"], account(one)["status"]) == ("resident", False, "active")
    assert (age(one) >= 60) is (shows is not Shows.TOO_YOUNG)
    assert (account(one)["holder_name"] == one.name) is (shows is not Shows.NAME_DIFFERS)


def test_the_one_recorded_dead_could_still_log_in() -> None:
    one = FOUND[Shows.RECORDED_DEAD]
    assert row(REGISTERS, "death", "citizen_id", one.citizen_id)
    assert row(REGISTERS, "person", "citizen_id", one.citizen_id)["registration"] == "normal"


def test_the_parent_has_a_minor_whose_birth_is_recorded() -> None:
    one = FOUND[Shows.PARENT]
    assert row(REGISTERS, "birth", "child", one.child)["mother"] == one.citizen_id
    assert next(each for each in POPULATION.people if each.citizen_id == one.child).age(TODAY) < 18


def test_the_representative_is_the_one_whom_the_company_names() -> None:
    one = FOUND[Shows.REPRESENTATIVE]
    company = row(REGISTERS, "company", "uscc", one.company)
    assert (company["representative_id"], company["status"]) == (one.citizen_id, "active")


def test_they_are_the_same_in_a_larger_population() -> None:
    assert demo_people(generate(1, TODAY, 10 * PEOPLE)) == demo_people(POPULATION)


def test_a_small_population_may_lack_a_kind() -> None:
    few: Population = generate(1, TODAY, 3)
    assert len(demo_people(few)) < len(Shows)


def test_a_demo_person_does_not_show_in_a_representation_and_says_what_it_shows() -> None:
    for one in FOUND.values():
        assert one.name not in repr(one)
        assert one.citizen_id not in repr(one)
        assert one.says.zh
        assert one.says.en
