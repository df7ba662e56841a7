"""GB 32100: samples, the edges of the check, and the old codes that policy decides on."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dspace_core.errors import Refusal
from dspace_core.identifiers import codes, uscc
from dspace_core.identifiers.check import USCC_ALPHABET, Verdict, mod_31_3
from dspace_core.identifiers.division import CITIES_WITH_COUNTIES

VALID = [
    "91440100MA90002650",
    "91440100MA9000142Y",
    "91440300MA5HXX01X9",
    "92440600MA5HXX01XM",
    "124400004558599979",
    "52440000MJX0000181",
    "11440000MB2D0164XH",
    "11440232MB2D06811W",
    "11100000000013338W",
]
FAILING = "91440100MA9000142X"


def _with_check(category: str, division: str, rest: str) -> str:
    body = category + division + rest
    return body + mod_31_3(body)


valid_codes = st.builds(
    _with_check,
    st.text(USCC_ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(USCC_ALPHABET, min_size=9, max_size=9),
)


@pytest.mark.parametrize("text", VALID)
def test_a_valid_sample_is_read(text: str) -> None:
    assert uscc.parse(text).value == text
    assert uscc.examine(text) is Verdict.VALID


def test_a_code_shows_its_parts() -> None:
    code = uscc.parse("92440600MA5HXX01XM")
    assert (code.category, code.division_code, code.organisation_code) == ("92", "440600", "MA5HXX01X")
    assert codes.USCC_CATEGORY.label(code.category) == "个体工商户"


def test_a_failing_check_is_refused_when_no_policy_says_otherwise() -> None:
    with pytest.raises(Refusal) as refusal:
        uscc.parse(FAILING)
    assert refusal.value.code == "identifiers.checksum_failed"


def test_a_policy_can_tell_a_failing_check_from_a_wrong_form_and_accept_it() -> None:
    assert uscc.examine(FAILING) is Verdict.CHECKSUM_FAILED
    assert uscc.parse(FAILING, accept_old=True).verdict is Verdict.CHECKSUM_FAILED


@pytest.mark.parametrize(
    "text",
    [
        *(f"91440100MA9000{letter}650" for letter in "IOSVZ"),
        *(f"9{letter}440100MA90002650" for letter in "IOSVZ"),
        "91440100ma90002650",
        "914401A0MA90002650",
        "91440100MA9000265",
        "91440100MA900026500",
        "91440100MA90002650\n",
        "９1440100MA90002650",
        "",
    ],
)
def test_a_wrong_form_is_refused_whatever_the_policy(text: str) -> None:
    assert uscc.examine(text) is Verdict.MALFORMED
    with pytest.raises(Refusal) as refusal:
        uscc.parse(text, accept_old=True)
    assert refusal.value.code == "identifiers.malformed"


def test_the_inner_organisation_check_is_a_hint_and_decides_nothing() -> None:
    body = "91440100MA9000264"
    code = uscc.parse(body + mod_31_3(body))
    assert code.verdict is Verdict.VALID
    assert not code.organisation_code_holds
    assert uscc.parse("91440100MA90002650").organisation_code_holds


@given(valid_codes)
def test_a_code_with_its_check_character_is_always_read(text: str) -> None:
    assert uscc.parse(text).value == text


@given(valid_codes, st.integers(0, 17), st.characters())
def test_any_single_wrong_character_is_caught(text: str, at: int, wrong: str) -> None:
    assume(wrong != text[at])
    with pytest.raises(Refusal):
        uscc.parse(text[:at] + wrong + text[at + 1 :])


@pytest.mark.parametrize("text", VALID)
def test_all_single_wrong_characters_of_a_sample_are_caught(text: str) -> None:
    for at in range(18):
        for wrong in USCC_ALPHABET.replace(text[at], ""):
            assert uscc.examine(text[:at] + wrong + text[at + 1 :]) is not Verdict.VALID


@given(valid_codes, st.integers(0, 16))
def test_any_swap_of_neighbours_is_caught(text: str, at: int) -> None:
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    assume(swapped != text)
    assert uscc.examine(swapped) is not Verdict.VALID


# The codes that we may invent


@given(
    st.integers(0, uscc.FIXTURES - 1),
    st.sampled_from(["91", "92", "52"]),
    st.sampled_from(sorted(CITIES_WITH_COUNTIES)),
)
def test_a_fixture_is_read_and_belongs_to_nobody(number: int, category: str, city: str) -> None:
    made = uscc.fixture(number, category=category, division=city)
    assert uscc.parse(made.value) == made
    assert (made.category, made.division_code) == (category, city)
    assert not made.organisation_code_holds
    assert uscc.is_fixture(made)


def test_numbers_give_different_fixtures() -> None:
    assert len({uscc.fixture(number).value for number in range(1_000)}) == 1_000


@pytest.mark.parametrize("text", VALID)
def test_a_code_of_the_usual_form_is_no_fixture(text: str) -> None:
    assert not uscc.is_fixture(uscc.parse(text))


@pytest.mark.parametrize("division", ["441900", "440106", "110000"])
def test_a_fixture_outside_the_cities_with_counties_is_refused(division: str) -> None:
    with pytest.raises(Refusal) as caught:
        uscc.fixture(0, division=division)
    assert caught.value.code == "identifiers.not_fixture"


@pytest.mark.parametrize("number", [-1, uscc.FIXTURES])
def test_there_are_no_fixtures_beyond_the_last(number: int) -> None:
    with pytest.raises(ValueError, match="99999"):
        uscc.fixture(number)
