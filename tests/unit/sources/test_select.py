"""The one statement of a source: its names come from the catalogue, its columns are exactly those asked."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.catalog import STARTER, Catalogue, DataField
from dspace_core.sources.population import birthday, full_years
from dspace_core.sources.tables import select, years_before

TODAY = date(2026, 3, 1)
EDITION = Catalogue.from_file(STARTER).editions[0]
CASES = [(category, field) for category in EDITION.contents.categories.values() for field in category.fields]


def inner(category: str, *names: str) -> str:
    """The part that reads the record."""
    found = EDITION.category(category)
    fields = [field for name in names if (field := found.field(name)) is not None]
    assert len(fields) == len(names)
    text = select(found, fields, TODAY).text
    within = re.search(r"LATERAL \(SELECT true AS _found, (.*?) FROM", text)
    assert within is not None
    return within[1]


def test_only_the_asked_columns_are_selected() -> None:
    assert inner("population.record", "full_name") == '"full_name" AS "full_name"'
    assert (
        inner("bank.account", "account_no", "bank_name") == '"account_no" AS "account_no", "bank_name" AS "bank_name"'
    )


def test_of_a_predicate_only_the_answer_is_selected() -> None:
    assert inner("population.record", "aged_60") == '("birth_date" <= $2::date) AS "aged_60"'
    assert inner("pension.record", "paid_180_months") == '("contribution_months" >= $2::bigint) AS "paid_180_months"'
    assert inner("marriage.record", "married") == '("marital_status" = $2::text) AS "married"'
    assert inner("death.record", "deceased") == 'true AS "deceased"'


@pytest.mark.parametrize(("category", "field"), CASES, ids=lambda one: one.id)
def test_every_field_that_ships_can_be_asked_of_the_subject_alone(category: object, field: DataField) -> None:
    found = next(one for one in EDITION.contents.categories.values() if one == category)
    text = select(found, [field], TODAY).text
    assert f'WHERE "{found.subject_column}" = $1 LIMIT 2' in text
    assert found.subject_column in ("citizen_id", "uscc")
    assert "*" not in text


def test_every_question_binds_its_own_operand() -> None:
    category = EDITION.category("population.record")
    age = category.field("aged_60")
    assert age is not None
    statement = select(category, [age, age], TODAY)
    assert statement.bound == (date(1966, 3, 1), date(1966, 3, 1))
    assert "$3::date" in statement.text


@given(
    st.dates(date(1900, 1, 1), date(2020, 12, 31)), st.dates(date(2021, 1, 1), date(2099, 12, 31)), st.integers(1, 100)
)
def test_the_cut_off_agrees_with_counting_years(birth: date, day: date, years: int) -> None:
    assert (birth <= years_before(day, years)) == (full_years(birth, day) >= years)
    assert (birth <= years_before(day, years)) == (birthday(birth, years) <= day)


def test_a_leap_day_birthday_is_the_first_of_march() -> None:
    born = date(1964, 2, 29)
    assert not born <= years_before(date(2025, 2, 28), 61)
    assert born <= years_before(date(2025, 3, 1), 61)
    assert born <= years_before(date(2024, 2, 29), 60)
    assert not date(1963, 3, 1) <= years_before(date(2024, 2, 29), 61)
