"""The codes of items and cases: real codes, nesting, the town guides apart, and one table of task types per catalogue."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.errors import Refusal
from dspace_core.identifiers import item_codes
from dspace_core.identifiers.division import Level
from dspace_core.identifiers.item_codes import (
    CaseNo,
    GuideCode,
    HandlingCode,
    ImplementationCode,
    TaskType,
    parse_base_code,
    parse_case_no,
    parse_guide_code,
    parse_handling_code,
    parse_implementation_code,
    task_type,
)

REAL = [
    ("11440232MB2D06811W4000117051000", Level.COUNTY, ("00", "01", "17", "051", "000")),
    ("11440100007482575H3440118009000", Level.CITY, ("44", "01", "18", "009", "000")),
    ("11440000MB2D0164XH2440289876000", Level.PROVINCE, ("44", "02", "89", "876", "000")),
    ("11131100MB193224813132036024001", Level.CITY, ("13", "20", "36", "024", "001")),
    ("11370800MB285591843370117002011", Level.CITY, ("37", "01", "17", "002", "011")),
]
CODE = REAL[0][0]
TOWN_GUIDE = "TE44011350000011405442111689000"
REAL_CASE = "11440232MB2D06811W4000117051000202010200008"
implementation_codes = st.builds(
    "{}{}{}".format,
    st.sampled_from([code[:18] for code, *_ in REAL]),
    st.integers(1, 6),
    st.text("0123456789", min_size=12, max_size=12),
).map(ImplementationCode)


@pytest.mark.parametrize(("text", "level", "parts"), REAL)
def test_a_real_code_is_taken_apart(text: str, level: Level, parts: tuple[str, ...]) -> None:
    found = parse_implementation_code(text)
    base = found.base_code
    assert found.value == text
    assert found.implementing_body.value == text[:18]
    assert found.exercise_level is level
    assert base.value == text[19:]
    assert (base.province, base.task_type_code, base.department, base.main_item, base.sub_item) == parts


@given(implementation_codes)
def test_the_parts_of_a_code_give_it_back(code: ImplementationCode) -> None:
    again = f"{code.implementing_body.value}{code.exercise_level.value}{code.base_code.value}"
    assert parse_implementation_code(again) == code


@pytest.mark.parametrize("level", ["0", "7", "9", "A"])
def test_a_level_of_government_that_does_not_exist_is_refused(level: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_implementation_code(f"{CODE[:18]}{level}{CODE[19:]}")
    assert refusal.value.code == "identifiers.malformed"
    assert refusal.value.values["kind"] == "implementation_code"


@pytest.mark.parametrize(
    "text", ["", CODE[:30], CODE + "0", CODE.lower(), CODE + "\n", "I" + CODE[1:], CODE[:30] + "X", CODE[:30] + "０"]
)
def test_a_wrong_form_of_implementation_code_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_implementation_code(text)
    assert refusal.value.code == "identifiers.malformed"
    assert refusal.value.values["kind"] == "implementation_code"


def test_a_code_whose_body_has_a_wrong_check_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        parse_implementation_code("11440232MB2D06811X" + CODE[18:])
    assert refusal.value.code == "identifiers.checksum_failed"


@pytest.mark.parametrize(
    "text", ["", "00011705100", "0001170510000", "00011705100X", "０00117051000", "000117051000\n"]
)
def test_a_wrong_form_of_base_code_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_base_code(text)
    assert refusal.value.code == "identifiers.malformed"
    assert refusal.value.values["kind"] == "base_code"


@given(implementation_codes, st.integers(0, 99))
def test_a_handling_code_is_an_implementation_code_and_two_digits(code: ImplementationCode, sequence: int) -> None:
    found = parse_handling_code(f"{code.value}{sequence:02}")
    assert found.implementation_code == code
    assert found.sequence == f"{sequence:02}"


@pytest.mark.parametrize("text", [CODE, CODE + "1", CODE + "XX", CODE + "011", TOWN_GUIDE + "01"])
def test_a_wrong_form_of_handling_code_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_handling_code(text)
    assert refusal.value.code == "identifiers.malformed"
    assert refusal.value.values["kind"] == "handling_code"


def test_a_town_guide_code_is_as_long_but_never_read_as_an_implementation_code() -> None:
    assert len(TOWN_GUIDE) == len(CODE)
    with pytest.raises(Refusal) as refusal:
        parse_implementation_code(TOWN_GUIDE)
    assert refusal.value.code == "identifiers.malformed"


def test_a_guide_code_is_opaque_where_it_begins_with_te_and_an_implementation_code_elsewhere() -> None:
    assert parse_guide_code(TOWN_GUIDE) == GuideCode(TOWN_GUIDE)
    assert parse_guide_code(CODE) == ImplementationCode(CODE)


@pytest.mark.parametrize("text", [TOWN_GUIDE[:-1], TOWN_GUIDE + "0", TOWN_GUIDE[:-1] + "é", TOWN_GUIDE + "\n"])
def test_a_wrong_form_of_guide_code_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_guide_code(text)
    assert refusal.value.values["kind"] == "guide_code"


def test_a_real_case_number_is_taken_apart() -> None:
    found = parse_case_no(REAL_CASE)
    assert found.item == ImplementationCode(CODE)
    assert (found.day, found.serial) == (date(2020, 10, 20), 8)
    assert len(REAL_CASE) == 43


@given(implementation_codes, st.none() | st.integers(0, 99), st.dates(), st.integers(0, 9999))
def test_a_case_number_is_made_and_read_back_under_either_prefix(
    code: ImplementationCode, sequence: int | None, day: date, serial: int
) -> None:
    item = code if sequence is None else HandlingCode(f"{code.value}{sequence:02}")
    made = item_codes.case_no(item, day, serial)
    found = parse_case_no(made.value)
    assert (found.item, found.day, found.serial) == (item, day, serial)
    assert len(made.value) <= 50


@pytest.mark.parametrize("serial", [-1, 10_000])
def test_a_serial_that_four_digits_cannot_hold_is_refused(serial: int) -> None:
    with pytest.raises(Refusal) as refusal:
        item_codes.case_no(ImplementationCode(CODE), date(2026, 1, 1), serial)
    assert refusal.value.code == "identifiers.serial_spent"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"{CODE}202002300008", "case_no"),
        (f"{CODE}000001010008", "case_no"),
        (f"{CODE}2020-10-200008", "case_no"),
        (f"{CODE}20201020008", "case_no"),
        (f"{CODE}0202010200008", "case_no"),
        (f"{CODE}012020102000080", "case_no"),
        (f"{TOWN_GUIDE}202010200008", "implementation_code"),
        (f"{TOWN_GUIDE}01202010200008", "handling_code"),
    ],
)
def test_a_wrong_form_of_case_number_is_refused(text: str, kind: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse_case_no(text)
    assert refusal.value.code == "identifiers.malformed"
    assert refusal.value.values["kind"] == kind


def test_a_case_number_checks_the_body_within_it() -> None:
    with pytest.raises(Refusal) as refusal:
        CaseNo("11440232MB2D06811X" + REAL_CASE[18:])
    assert refusal.value.code == "identifiers.checksum_failed"


@pytest.mark.parametrize(
    ("catalogue", "code", "expected"),
    [
        ("national", "20", TaskType.PUBLIC_SERVICE),
        ("national", "10", TaskType.OTHER_POWER),
        ("guangdong", "20", TaskType.OTHER_POWER),
        ("guangdong", "21", TaskType.PUBLIC_SERVICE),
        ("national", "01", TaskType.PERMIT),
        ("guangdong", "01", TaskType.PERMIT),
        ("national", "05", TaskType.PAYMENT),
        ("national", "07", TaskType.CONFIRMATION),
    ],
)
def test_a_task_type_means_what_its_catalogue_says(catalogue: str, code: str, expected: TaskType) -> None:
    assert task_type(catalogue, code) is expected


@pytest.mark.parametrize(
    ("catalogue", "code"), [("national", "21"), ("guangdong", "10"), ("national", ""), ("hebei", "20")]
)
def test_a_task_type_that_a_catalogue_does_not_list_is_refused(catalogue: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        task_type(catalogue, code)
    assert refusal.value.code == "identifiers.code_unknown"


def test_every_kind_of_task_is_listed_nationally_and_in_guangdong() -> None:
    for table in item_codes.TASK_TYPES.values():
        assert set(table.values()) == set(TaskType)
