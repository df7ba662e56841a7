"""GB 11643: samples, the order of the checks, the kinds that share the form, and the numbers we may invent."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dspace_core.errors import Refusal
from dspace_core.identifiers import citizen_id
from dspace_core.identifiers.check import mod_11_2
from dspace_core.identifiers.citizen_id import CitizenId, CitizenKind
from dspace_core.identifiers.codes import Sex
from dspace_core.identifiers.division import CITIES, CITIES_WITH_COUNTIES

TODAY = date(2026, 1, 1)
VALID = [
    ("11010519491231002X", date(1949, 12, 31), Sex.FEMALE),
    ("440524188001010014", date(1880, 1, 1), Sex.MALE),
    ("440100199003070011", date(1990, 3, 7), Sex.MALE),
    ("44030020180915002X", date(2018, 9, 15), Sex.FEMALE),
    ("440600188802290030", date(1888, 2, 29), Sex.MALE),
    ("440100189204100054", date(1892, 4, 10), Sex.MALE),
    ("440100195511030042", date(1955, 11, 3), Sex.FEMALE),
    ("440600196308140061", date(1963, 8, 14), Sex.FEMALE),
    ("810000198808080013", date(1988, 8, 8), Sex.MALE),
]
numbers = st.builds(
    citizen_id.fixture,
    st.dates(date(1, 1, 1), TODAY),
    st.sampled_from([Sex.MALE, Sex.FEMALE]),
    division=st.sampled_from(sorted(CITIES_WITH_COUNTIES)),
    number=st.integers(0, 499),
)


def with_check(body: str) -> str:
    return body + mod_11_2(body)


@pytest.mark.parametrize(("text", "birth", "sex"), VALID)
def test_a_valid_sample_is_read(text: str, birth: date, sex: Sex) -> None:
    found = citizen_id.parse(text, TODAY)
    assert (found.value, found.birth, found.sex) == (text, birth, sex)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("110105194912310021", "identifiers.checksum_failed"),
        ("440100199002300014", "identifiers.birth_unreal"),
        ("440100199013070011", "identifiers.birth_unreal"),
        ("440100000003070011", "identifiers.birth_unreal"),
        ("440100900307001", "identifiers.fifteen_digits"),
        ("44010019900307001", "identifiers.malformed"),
        ("4401001990030700111", "identifiers.malformed"),
        ("040100199003070011", "identifiers.malformed"),
        ("44010019900307X011", "identifiers.malformed"),
        (" 440100199003070011", "identifiers.malformed"),
        ("440100199003070011\n", "identifiers.malformed"),
        ("44030020180915002×", "identifiers.malformed"),
        ("４４０１００１９９００３０７００１１", "identifiers.malformed"),
        ("٤٤٠١٠٠١٩٩٠٠٣٠٧٠٠١١", "identifiers.malformed"),
        ("４４０１００９００３０７００１", "identifiers.malformed"),
        ("", "identifiers.malformed"),
    ],
)
def test_an_invalid_text_is_refused_for_its_reason(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        citizen_id.parse(text, TODAY)
    assert refusal.value.code == code


def test_a_lower_case_x_is_accepted_and_stored_upper_case() -> None:
    assert citizen_id.parse("44030020180915002x", TODAY).value == "44030020180915002X"


def test_the_stored_form_itself_knows_no_lower_case() -> None:
    with pytest.raises(Refusal):
        CitizenId("44030020180915002x")


def test_a_birth_today_is_accepted_and_one_tomorrow_refused() -> None:
    newborn = citizen_id.fixture(TODAY, Sex.FEMALE)
    assert citizen_id.parse(newborn.value, TODAY) == newborn
    with pytest.raises(Refusal) as refusal:
        citizen_id.parse(newborn.value, TODAY - timedelta(days=1))
    assert refusal.value.code == "identifiers.birth_in_future"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("000000209913990010", "identifiers.malformed"),
        ("990000209913990010", "identifiers.birth_unreal"),
        ("200000209912310010", "identifiers.birth_in_future"),
        ("200000199003070010", "identifiers.province_unknown"),
        ("440100199003070010", "identifiers.checksum_failed"),
    ],
)
def test_the_first_fault_in_the_order_of_the_checks_is_the_one_named(body: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        citizen_id.parse(body, TODAY)
    assert refusal.value.code == code


def test_a_province_that_does_not_exist_is_refused_though_the_check_holds() -> None:
    with pytest.raises(Refusal) as refusal:
        citizen_id.parse(with_check("20010017000101001"), TODAY)
    assert refusal.value.code == "identifiers.province_unknown"


def test_an_unlisted_county_is_no_fault() -> None:
    found = citizen_id.parse("440524188001010014", TODAY)
    assert not found.division_known
    assert found.division_code == "440524"


def test_a_listed_division_is_known() -> None:
    assert citizen_id.parse("440100199003070011", TODAY).division_known


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        ("440100", CitizenKind.RESIDENT),
        ("810000", CitizenKind.HONG_KONG_RESIDENT),
        ("820000", CitizenKind.MACAU_RESIDENT),
        ("830000", CitizenKind.TAIWAN_RESIDENT),
        ("911156", CitizenKind.FOREIGN_PERMANENT_RESIDENT),
    ],
)
def test_the_beginning_tells_whose_number_it_is(beginning: str, kind: CitizenKind) -> None:
    assert citizen_id.parse(with_check(f"{beginning}17000101001"), TODAY).kind is kind


def test_83_is_a_province_only_in_a_residence_permit() -> None:
    with pytest.raises(Refusal) as refusal:
        citizen_id.parse(with_check("83010017000101001"), TODAY)
    assert refusal.value.code == "identifiers.province_unknown"


@given(numbers)
def test_every_fixture_is_valid_and_known_as_one(number: CitizenId) -> None:
    assert citizen_id.parse(number.value, TODAY) == number
    assert citizen_id.is_fixture(number)
    citizen_id.require_fixture(number)


@given(st.dates(date(1, 1, 1), TODAY), st.sampled_from([Sex.MALE, Sex.FEMALE]), st.integers(0, 499))
def test_a_fixture_tells_the_birth_and_sex_it_was_made_for(birth: date, sex: Sex, number: int) -> None:
    made = citizen_id.fixture(birth, sex, number=number)
    assert (made.birth, made.sex) == (birth, sex)


def test_the_fixtures_of_one_day_are_all_different() -> None:
    made = {citizen_id.fixture(TODAY, sex, number=n).value for sex in (Sex.MALE, Sex.FEMALE) for n in range(500)}
    assert len(made) == 1000


@pytest.mark.parametrize("division", ["441900", "442000", "440103", "110000", "810000", ""])
def test_a_fixture_of_a_place_whose_numbers_are_real_is_refused(division: str) -> None:
    with pytest.raises(Refusal) as refusal:
        citizen_id.fixture(TODAY, Sex.MALE, division=division)
    assert refusal.value.code == "identifiers.not_fixture"


@pytest.mark.parametrize(("sex", "number"), [(Sex.UNKNOWN, 0), (Sex.UNSTATED, 0), (Sex.MALE, 500), (Sex.MALE, -1)])
def test_a_fixture_needs_a_sex_and_a_number_that_the_sequence_can_hold(sex: Sex, number: int) -> None:
    with pytest.raises(ValueError, match="male or female"):
        citizen_id.fixture(TODAY, sex, number=number)


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X",
        "440524188001010014",
        "810000198808080013",
        with_check("44190017000101001"),
        with_check("44200017000101001"),
    ],
)
def test_development_refuses_a_number_outside_the_fixture_rule(text: str) -> None:
    number = citizen_id.parse(text, TODAY)
    assert not citizen_id.is_fixture(number)
    with pytest.raises(Refusal) as refusal:
        citizen_id.require_fixture(number)
    assert refusal.value.code == "identifiers.not_fixture"


def test_only_the_two_cities_without_counties_have_no_fixtures() -> None:
    assert set(CITIES) - CITIES_WITH_COUNTIES == {"441900", "442000"}


@given(numbers, st.integers(0, 17), st.characters())
def test_any_single_wrong_character_is_caught(number: CitizenId, at: int, wrong: str) -> None:
    text = number.value[:at] + wrong + number.value[at + 1 :]
    assume(text.upper() != number.value)
    with pytest.raises(Refusal):
        citizen_id.parse(text, TODAY)


@pytest.mark.parametrize("text", [text for text, _, _ in VALID])
def test_all_single_wrong_digits_of_a_sample_are_caught(text: str) -> None:
    for at in range(18):
        for wrong in "0123456789X":
            if wrong != text[at]:
                with pytest.raises(Refusal):
                    citizen_id.parse(text[:at] + wrong + text[at + 1 :], TODAY)


@given(numbers, st.integers(0, 16))
def test_any_swap_of_neighbours_is_caught(number: CitizenId, at: int) -> None:
    value = number.value
    swapped = value[:at] + value[at + 1] + value[at] + value[at + 2 :]
    assume(swapped != value)
    with pytest.raises(Refusal):
        citizen_id.parse(swapped, TODAY)
