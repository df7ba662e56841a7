"""Division codes: forms, levels, what lies within what, and the table of Guangdong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.errors import Refusal
from dspace_core.identifiers import division
from dspace_core.identifiers.division import CITIES, CITIES_WITH_COUNTIES, Division, Level


@pytest.mark.parametrize(
    ("text", "level", "name"),
    [
        ("440000", Level.PROVINCE, "广东"),
        ("440000000000", Level.PROVINCE, "广东"),
        ("440100", Level.CITY, "广州"),
        ("440113", Level.COUNTY, "番禺"),
        ("440113012000", Level.TOWN, "番禺"),
        ("440113012001", Level.VILLAGE, "番禺"),
        ("441900003000", Level.TOWN, "东莞"),
        ("110105", Level.COUNTY, None),
    ],
)
def test_a_code_tells_its_level_and_name(text: str, level: Level, name: str | None) -> None:
    found = division.parse(text)
    assert (found.value, found.level, found.name, found.known) == (text, level, name, name is not None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("44", "identifiers.malformed"),
        ("44011301200", "identifiers.malformed"),
        ("4401130120012", "identifiers.malformed"),
        ("440003", "identifiers.malformed"),
        ("440000012000", "identifiers.malformed"),
        ("440113000001", "identifiers.malformed"),
        ("44O100", "identifiers.malformed"),
        ("４４０１００", "identifiers.malformed"),
        ("440100\n", "identifiers.malformed"),
        ("000000", "identifiers.province_unknown"),
        ("200100", "identifiers.province_unknown"),
    ],
)
def test_a_text_that_is_no_division_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        division.parse(text)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("inner", "outer", "holds"),
    [
        ("440113012001", "440113", True),
        ("440113", "440100", True),
        ("440100", "440000000000", True),
        ("440100", "440100000000", True),
        ("440100", "440113", False),
        ("440300", "440100", False),
        ("441900003000", "441900", True),
        ("110105", "440000", False),
    ],
)
def test_a_division_lies_within_those_above_it_and_no_other(inner: str, outer: str, holds: bool) -> None:
    assert Division(inner).within(Division(outer)) is holds


@given(st.sampled_from(sorted(CITIES)), st.integers(0, 99), st.integers(1, 999), st.integers(0, 999))
def test_any_place_in_a_city_is_read_and_lies_within_the_city_and_the_province(
    city: str, county: int, town: int, village: int
) -> None:
    text = f"{city[:4]}{county:02}{town:03}{village:03}"
    found = division.parse(text)
    assert found.value == text
    assert found.within(Division(city))
    assert found.within(Division("440000"))


def test_guangdong_has_its_21_cities_and_no_other() -> None:
    assert len(CITIES) == 21
    assert {code[:2] for code in CITIES} == {"44"}
    assert {code[4:] for code in CITIES} == {"00"}
    assert not {"441000", "441100"} & set(CITIES)
    assert all(not "442100" <= code < "445100" for code in CITIES)


@pytest.mark.parametrize(("city", "count"), [("440100", 11), ("440300", 9)])
def test_every_district_of_guangzhou_and_shenzhen_is_listed(city: str, count: int) -> None:
    districts = [code for code in (f"{city[:4]}{n:02}" for n in range(1, 100)) if division.is_known(code)]
    assert len(districts) == count
    assert all(Division(code).level is Level.COUNTY for code in districts)


def test_no_county_is_listed_under_a_city_without_counties() -> None:
    for city in set(CITIES) - CITIES_WITH_COUNTIES:
        assert not any(division.is_known(f"{city[:4]}{n:02}") for n in range(1, 100))
