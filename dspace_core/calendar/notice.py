"""A year as the State Council's notice arranges it: one TOML file, read strictly.

The file holds the days of its own calendar year only. Where a notice moves a day of the December before, that day
belongs into the file of its own year.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated

import msgspec

from dspace_core.calendar.refusals import (
    DayOutsideYear,
    DayTwice,
    FileUnreadable,
    SpanReversed,
    WorkingWeekendNone,
    YearWrong,
)

_SATURDAY = 5
_Told = Annotated[str, msgspec.Meta(min_length=1)]


class Year(msgspec.Struct, frozen=True):
    """One year's exceptions from Monday to Friday, and the notice (文号) that made them."""

    year: int
    source: str
    holidays: frozenset[date]
    working_weekends: frozenset[date]

    def is_working(self, day: date) -> bool:
        """Whether a day of this year is a working day (工作日)."""
        if is_weekend(day):
            return day in self.working_weekends
        return day not in self.holidays


class _Holiday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: _Told
    first: date
    last: date


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    year: Annotated[int, msgspec.Meta(ge=1992, le=9998)]
    source: _Told
    working_weekends: list[date]
    holidays: Annotated[list[_Holiday], msgspec.Meta(min_length=1)]


def is_weekend(day: date) -> bool:
    """Whether the day is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


def read_year(file: str, content: bytes) -> Year:
    """Read a calendar file; `file` is its name, `YEAR.toml`.

    Raises, in this order: FileUnreadable, YearWrong, SpanReversed, DayOutsideYear, DayTwice, WorkingWeekendNone.
    """
    try:
        found = msgspec.toml.decode(content, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise FileUnreadable(file=file, problem=str(problem)) from None
    if file != f"{found.year}.toml":
        raise YearWrong(file=file, year=found.year)
    for holiday in found.holidays:
        if holiday.last < holiday.first:
            raise SpanReversed(file=file, first=holiday.first)
    seen: set[date] = set()
    for day in _days(found):
        if day.year != found.year:
            raise DayOutsideYear(file=file, day=day)
        if day in seen:
            raise DayTwice(file=file, day=day)
        seen.add(day)
    for day in found.working_weekends:
        if not is_weekend(day):
            raise WorkingWeekendNone(file=file, day=day)
    working = frozenset(found.working_weekends)
    return Year(found.year, found.source, frozenset(seen - working), working)


def _days(file: _File) -> Iterator[date]:
    for holiday in file.holidays:
        for later in range((holiday.last - holiday.first).days + 1):
            yield holiday.first + timedelta(days=later)
    yield from file.working_weekends
