"""The printed number: how it looks, and that no two serials of a day make the same."""

from datetime import date

import pytest

from dspace_core.cases.numbers import case_number

CODE = "1244000045585999793440514001000"
DAY = date(2026, 5, 6)


@pytest.mark.parametrize("code", [CODE, CODE + "01", "TE44011350000011405442111689000"])
@pytest.mark.parametrize("serial", [0, 7, 999_999_999])
def test_a_number_has_no_hyphen_and_fits_into_fifty_characters(code: str, serial: int) -> None:
    number = case_number(code, DAY, serial)
    assert len(number) <= 50
    assert number.isascii()
    assert number.isalnum()


def test_a_number_says_item_day_and_serial() -> None:
    assert case_number(CODE, DAY, 42) == f"{CODE}20260506000000042"


def test_another_serial_is_another_number() -> None:
    assert len({case_number(CODE, DAY, serial) for serial in (1, 10, 100, 11, 111)}) == 5
