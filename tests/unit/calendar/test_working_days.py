"""Working days: the built-in years are right day by day, and a file that is not right is refused."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.calendar import (
    DayOutsideYear,
    DayTwice,
    FileUnreadable,
    SpanReversed,
    WorkingCalendar,
    WorkingWeekendNone,
    YearMissing,
    YearTwice,
    YearWrong,
)
from dspace_core.calendar.notice import read_year

NOTICES = {2024: "国办发明电〔2023〕7号", 2025: "国办发明电〔2024〕12号", 2026: "国办发明电〔2025〕7号"}
# A made-up year: 2027-01-01 is a Friday, 2027-01-02 and 03 are the weekend after it.
NEXT = """
year = 2027
source = "test notice"
working_weekends = [2027-01-10]
holidays = [{ name = "元旦", first = 2027-01-01, last = 2027-01-03 }]
"""


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=later) for later in range((date(year + 1, 1, 1) - first).days)]


def operator_folder(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        (tmp_path / f"{name.removeprefix('y')}.toml").write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return WorkingCalendar.load()


def test_the_built_in_years_are_the_three_whose_notices_we_name(calendar: WorkingCalendar) -> None:
    assert {number: year.source for number, year in calendar.years.items()} == NOTICES


@pytest.mark.parametrize("year", NOTICES)
def test_every_day_of_a_built_in_year_agrees_with_an_independent_table(calendar: WorkingCalendar, year: int) -> None:
    days = days_of(year)
    assert len(days) in {365, 366}
    assert [day for day in days if calendar.is_working(day) is not chinese_calendar.is_workday(day)] == []


@pytest.mark.parametrize("year", NOTICES)
def test_every_holiday_and_every_moved_day_is_in_the_independent_table(calendar: WorkingCalendar, year: int) -> None:
    """Stricter than the working days alone: a weekend within a holiday changes no working day, yet must be listed."""
    table = chinese_calendar.constants
    assert calendar.years[year].holidays == {day for day in table.holidays if day.year == year}
    assert calendar.years[year].working_weekends == {day for day in table.workdays if day.year == year}


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 2, 14), True),  # a Saturday worked for the Spring Festival
        (date(2026, 2, 23), False),  # a Monday, the last day of it
        (date(2026, 2, 24), True),
        (date(2024, 4, 6), False),  # a Saturday that is a holiday as well
    ],
)
def test_holidays_and_moved_days_are_told_from_weekdays(calendar: WorkingCalendar, day: date, working: bool) -> None:
    assert calendar.is_working(day) is working


@pytest.mark.parametrize("day", [date(2023, 12, 31), date(2027, 1, 1)])
def test_a_year_without_a_file_is_refused_and_the_file_is_named(tmp_path: Path, day: date) -> None:
    with pytest.raises(YearMissing) as refused:
        WorkingCalendar.load(tmp_path).is_working(day)
    assert refused.value.code == "calendar.year_missing"
    assert str(day.year) in refused.value.title.zh
    assert str(tmp_path / f"{day.year}.toml") in refused.value.advice.en


def test_without_a_folder_the_refusal_names_the_operators_home(calendar: WorkingCalendar) -> None:
    with pytest.raises(YearMissing) as refused:
        calendar.is_working(date(2031, 5, 1))
    assert "DSPACE_HOME/calendar/2031.toml" in refused.value.advice.zh


def test_an_operators_folder_adds_a_year(tmp_path: Path) -> None:
    calendar = WorkingCalendar.load(operator_folder(tmp_path, y2027=NEXT))
    assert sorted(calendar.years) == [2024, 2025, 2026, 2027]
    assert not calendar.is_working(date(2027, 1, 1))
    assert calendar.is_working(date(2027, 1, 10))
    assert not calendar.is_working(date(2027, 1, 9))


def test_a_folder_that_does_not_exist_adds_nothing(tmp_path: Path) -> None:
    assert sorted(WorkingCalendar.load(tmp_path / "calendar").years) == sorted(NOTICES)


def test_files_of_another_kind_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("notes", encoding="utf-8")
    assert sorted(WorkingCalendar.load(tmp_path).years) == sorted(NOTICES)


def test_a_year_that_is_built_in_cannot_be_given_again(tmp_path: Path) -> None:
    content = NEXT.replace("2027", "2026").replace("2026-01-10", "2026-01-11")
    with pytest.raises(YearTwice) as refused:
        WorkingCalendar.load(operator_folder(tmp_path, y2026=content))
    assert refused.value.code == "calendar.year_twice"


@pytest.mark.parametrize("name", ["next", "27", "2027-draft", "２０２７"])
def test_a_toml_file_not_named_after_a_year_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileUnreadable) as refused:
        WorkingCalendar.load(operator_folder(tmp_path, **{name: NEXT}))
    assert refused.value.code == "calendar.file_unreadable"
    assert refused.value.values["file"] == f"{name}.toml"


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2027.toml").mkdir()
    with pytest.raises(FileUnreadable):
        WorkingCalendar.load(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "calendar").write_text("", encoding="utf-8")
    with pytest.raises(FileUnreadable):
        WorkingCalendar.load(tmp_path / "calendar")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("year = 2027", "year = '2027'"),
        ("year = 2027", "year = 2027\nregion = '44'"),
        ('source = "test notice"', ""),
        ('source = "test notice"', 'source = ""'),
        ("working_weekends = [2027-01-10]", ""),
        ("working_weekends = [2027-01-10]", "working_weekends = ['2027-01-10']"),
        ("working_weekends = [2027-01-10]", "working_weekends = [2027-01-10T00:00:00]"),
        ("2027-01-10", "2027-02-30"),
        ("last = 2027-01-03", "last = 2027-01-03, moved = true"),
        ("last = 2027-01-03", ""),
        ('{ name = "元旦", first = 2027-01-01, last = 2027-01-03 }', ""),
        ("year = 2027", "year = 2027\nyear = 2027"),
        ("year = 2027", "year = "),
    ],
)
def test_a_file_of_another_shape_is_refused(wrong: str, right: str) -> None:
    content = NEXT.replace(wrong, right)
    assert content != NEXT
    with pytest.raises(FileUnreadable):
        read_year("2027.toml", content.encode())


def test_a_file_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(FileUnreadable):
        read_year("2027.toml", b"year = \xff")


def test_a_file_named_after_another_year_is_refused() -> None:
    with pytest.raises(YearWrong) as refused:
        read_year("2028.toml", NEXT.encode())
    assert refused.value.code == "calendar.year_wrong"


@pytest.mark.parametrize(("old", "new"), [("2027-01-10", "2026-12-27"), ("last = 2027-01-03", "last = 2028-01-03")])
def test_a_day_of_another_year_is_refused(old: str, new: str) -> None:
    with pytest.raises(DayOutsideYear) as refused:
        read_year("2027.toml", NEXT.replace(old, new).encode())
    assert refused.value.code == "calendar.day_outside_year"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[2027-01-10]", "[2027-01-10, 2027-01-10]"),
        ("[2027-01-10]", "[2027-01-03]"),
        ("}]", "}, { name = '又', first = 2027-01-03, last = 2027-01-04 }]"),
    ],
)
def test_a_day_listed_twice_is_refused(old: str, new: str) -> None:
    with pytest.raises(DayTwice) as refused:
        read_year("2027.toml", NEXT.replace(old, new).encode())
    assert refused.value.code == "calendar.day_twice"
    assert refused.value.values["day"] in {date(2027, 1, 3), date(2027, 1, 10)}


def test_a_holiday_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(SpanReversed) as refused:
        read_year("2027.toml", NEXT.replace("last = 2027-01-03", "last = 2026-12-31").encode())
    assert refused.value.code == "calendar.span_reversed"


@given(day=st.dates(date(2027, 1, 4), date(2027, 12, 31)))
def test_only_a_weekend_can_be_a_working_weekend(day: date) -> None:
    content = NEXT.replace("2027-01-10", day.isoformat()).encode()
    if day.isoweekday() > 5:
        assert read_year("2027.toml", content).is_working(day)
        return
    with pytest.raises(WorkingWeekendNone) as refused:
        read_year("2027.toml", content)
    assert refused.value.code == "calendar.working_weekend_none"
