"""The check characters, against independent arithmetic and against every error that their standards promise to catch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.identifiers.check import USCC_ALPHABET, gb_11714, mod_11_2, mod_31_3, mod_37_36

LETTERED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATIONS = [
    "91440100MA90002650",
    "91440100MA9000142Y",
    "91440300MA5HXX01X9",
    "92440600MA5HXX01XM",
    "124400004558599979",
    "52440000MJX0000181",
    "11440000MB2D0164XH",
    "11440232MB2D06811W",
    "11100000000013338W",
    "11440100007482575H",
    "11131100MB19322481",
    "11370800MB28559184",
    "11430000006122244L",
    "11330105002500287C",
    "11440000006939799Q",
]
bodies_37_36 = st.text(LETTERED, min_size=2, max_size=90)


@given(st.text("0123456789", min_size=17, max_size=17))
def test_mod_11_2_agrees_with_the_weights_of_gb_11643(digits: str) -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    assert mod_11_2(digits) == "10X98765432"[total % 11]


@given(st.text(USCC_ALPHABET, min_size=17, max_size=17))
def test_mod_31_3_agrees_with_the_weights_of_gb_32100(body: str) -> None:
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(USCC_ALPHABET.index(character) * weight for character, weight in zip(body, weights, strict=True))
    index = 31 - total % 31
    assert mod_31_3(body) == USCC_ALPHABET[0 if index == 31 else index]


@pytest.mark.parametrize(("body", "expected"), [("91440100MA9000265", "0"), ("91440100MA9000142", "Y")])
def test_mod_31_3_holds_at_both_edges_of_the_remainder(body: str, expected: str) -> None:
    assert mod_31_3(body) == expected


def test_the_uscc_alphabet_has_31_letters_without_the_five_that_mislead() -> None:
    assert len(USCC_ALPHABET) == 31
    assert set(LETTERED) - set(USCC_ALPHABET) == set("IOSVZ")


@pytest.mark.parametrize("uscc", ORGANISATIONS)
def test_the_organisation_code_within_a_sound_code_holds(uscc: str) -> None:
    assert gb_11714(uscc[8:16]) == uscc[16]


@pytest.mark.parametrize(("body", "expected"), [("00000000", "0"), ("10000000", "8"), ("40000000", "X")])
def test_the_organisation_check_writes_eleven_as_zero_and_ten_as_x(body: str, expected: str) -> None:
    assert gb_11714(body) == expected


@given(st.text("0123456789", min_size=17, max_size=17), st.data())
def test_mod_11_2_catches_every_swap_of_neighbours(digits: str, data: st.DataObject) -> None:
    whole = digits + mod_11_2(digits)
    at = data.draw(st.integers(0, 15))
    swapped = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]
    if swapped != whole:
        assert mod_11_2(swapped[:17]) != swapped[17]


@given(st.text(USCC_ALPHABET, min_size=17, max_size=17), st.data())
def test_mod_31_3_catches_every_swap_of_neighbours_the_check_character_included(body: str, data: st.DataObject) -> None:
    whole = body + mod_31_3(body)
    at = data.draw(st.integers(0, 16))
    swapped = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]
    if swapped != whole:
        assert mod_31_3(swapped[:17]) != swapped[17]


@given(bodies_37_36, st.data())
def test_mod_37_36_catches_every_wrong_character(body: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    wrong = data.draw(st.sampled_from(LETTERED.replace(body[at], "")))
    assert mod_37_36(body[:at] + wrong + body[at + 1 :]) != mod_37_36(body)


@given(bodies_37_36, st.data())
def test_mod_37_36_catches_a_swap_of_neighbours_that_are_not_next_in_the_alphabet(
    body: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(body) - 2))
    distance = (LETTERED.index(body[at]) - LETTERED.index(body[at + 1])) % 36
    if distance in (0, 1, 35):
        return
    assert mod_37_36(body[:at] + body[at + 1] + body[at] + body[at + 2 :]) != mod_37_36(body)


def test_mod_37_36_lets_one_swap_in_36_of_alphabet_neighbours_pass_and_no_other() -> None:
    prefixes = {mod_37_36(prefix): prefix for prefix in (a + b for a in LETTERED for b in LETTERED)}
    assert len(prefixes) == 36
    missed = [
        (low, high)
        for prefix in prefixes.values()
        for low in range(36)
        for high in range(low + 1, 36)
        if mod_37_36(prefix + LETTERED[low] + LETTERED[high]) == mod_37_36(prefix + LETTERED[high] + LETTERED[low])
    ]
    assert len(missed) == 36
    assert {high - low for low, high in missed} == {1, 35}


@pytest.mark.parametrize(
    ("check", "body"), [(mod_11_2, "1a"), (mod_31_3, "1I"), (mod_37_36, "1-"), (gb_11714, "1234567")]
)
def test_a_body_of_foreign_characters_or_length_is_the_callers_mistake(check: object, body: str) -> None:
    assert callable(check)
    with pytest.raises(ValueError, match=r".+"):
        check(body)
