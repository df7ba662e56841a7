"""Legal days (法定日) and time limits (办理时限): which date it is by law, which days are working days, when a case is due."""

from dspace_core.calendar.days import legal_day
from dspace_core.calendar.limits import IMMEDIATE, Limit, Pause, Unit, due
from dspace_core.calendar.notice import Year
from dspace_core.calendar.refusals import (
    DayOutsideYear,
    DayTwice,
    FileUnreadable,
    LegalDayUnknown,
    LimitInvalid,
    PauseBeforeAcceptance,
    PauseReversed,
    SpanReversed,
    WorkingWeekendNone,
    YearMissing,
    YearTwice,
    YearWrong,
)
from dspace_core.calendar.working import WorkingCalendar

__all__ = (
    "IMMEDIATE",
    "DayOutsideYear",
    "DayTwice",
    "FileUnreadable",
    "LegalDayUnknown",
    "Limit",
    "LimitInvalid",
    "Pause",
    "PauseBeforeAcceptance",
    "PauseReversed",
    "SpanReversed",
    "Unit",
    "WorkingCalendar",
    "WorkingWeekendNone",
    "Year",
    "YearMissing",
    "YearTwice",
    "YearWrong",
    "due",
    "legal_day",
)
