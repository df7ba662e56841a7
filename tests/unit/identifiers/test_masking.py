"""What a person sees of an identifier, by level."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.identifiers.masking import mask
from dspace_core.values import DataLevel


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (DataLevel.L1, "440100199003070011"),
        (DataLevel.L2, "440***********0011"),
        (DataLevel.L3, "4****************1"),
        (DataLevel.L4, "******"),
    ],
)
def test_a_citizen_number_is_shown_by_level(level: DataLevel, shown: str) -> None:
    assert mask("440100199003070011", level) == shown


@pytest.mark.parametrize(
    ("text", "level", "shown"),
    [
        ("00000000", DataLevel.L2, "0******0"),
        ("A123", DataLevel.L2, "A**3"),
        ("A12", DataLevel.L2, "******"),
        ("A", DataLevel.L3, "******"),
        ("", DataLevel.L3, "******"),
        ("", DataLevel.L1, ""),
    ],
)
def test_a_short_text_falls_to_the_stricter_form(text: str, level: DataLevel, shown: str) -> None:
    assert mask(text, level) == shown


@given(st.text("0123456789ABC", max_size=40), st.sampled_from([DataLevel.L2, DataLevel.L3, DataLevel.L4]))
def test_below_the_open_level_at_least_half_is_hidden(text: str, level: DataLevel) -> None:
    shown = mask(text, level)
    assert shown.count("*") * 2 >= len(shown)
    assert sum(character != "*" for character in shown) * 2 <= len(text)


@given(st.text("0123456789ABC", max_size=40))
def test_the_last_level_tells_nothing_not_even_the_length(text: str) -> None:
    assert mask(text, DataLevel.L4) == mask("", DataLevel.L4)
