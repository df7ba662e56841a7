"""Time limits (法定时限, 承诺时限) and the day on which they end.

Every limit carries its unit: 15 days and 15 working days are different promises, and only the catalogue knows which
one an item makes.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import Enum
from typing import Final

import msgspec

from dspace_core.calendar.refusals import LimitInvalid, PauseBeforeAcceptance, PauseReversed
from dspace_core.calendar.working import WorkingCalendar

_MOST_DAYS = 9999
_ONE_DAY = timedelta(days=1)


class Unit(Enum):
    """What a limit counts."""

    WORKING_DAY = "working_day"
    """工作日: Monday to Friday without holidays, and the working weekends (调休)."""
    CALENDAR_DAY = "calendar_day"
    """自然日: every day."""


class Limit(msgspec.Struct, frozen=True):
    """So many days of a unit, 1 to 9999; none only as IMMEDIATE. "No limit" is `None`, never a large number."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        immediate = self.amount == 0 and self.unit is Unit.WORKING_DAY
        if not immediate and not 1 <= self.amount <= _MOST_DAYS:
            raise LimitInvalid(amount=self.amount)


IMMEDIATE: Final = Limit(0, Unit.WORKING_DAY)
"""即办: done on the day of acceptance. Exchange tables write it as 0; this is its only form here."""


class Pause(msgspec.Struct, frozen=True):
    """A special procedure (特殊环节: site survey, technical review, hearing) with a limit of its own.

    `begun` still counts for the case; the clock stands still from the next day on. `ended` is the procedure's last day,
    `None` while it runs. The clock stands still no longer than the procedure's own limit: a hearing that overruns its
    limit is late itself and does not buy the case more time.
    """

    begun: date
    limit: Limit
    ended: date | None = None

    def __post_init__(self) -> None:
        if self.ended is not None and self.ended < self.begun:
            raise PauseReversed(begun=self.begun, ended=self.ended)


def due(accepted: date, limit: Limit, calendar: WorkingCalendar, pauses: Sequence[Pause] = ()) -> date:
    """The last day of a limit: the day of acceptance is not counted, nor is a day on which the clock stands still.

    A limit in calendar days ends on the date as it is, holiday or not: whether it then moves to the next working day
    is for the law behind the limit to say (the Civil Code does so in article 203), and this function does not guess.
    IMMEDIATE ends on the day of acceptance. Days are legal days.
    Raises YearMissing if a working day of a year not on file would be counted; PauseBeforeAcceptance.
    """
    for pause in pauses:
        if pause.begun < accepted:
            raise PauseBeforeAcceptance(begun=pause.begun, accepted=accepted)
    stops = [(pause.begun, _last_still_day(pause, calendar)) for pause in pauses]
    day, left = accepted, limit.amount
    while left:
        day += _ONE_DAY
        still = any(begun < day <= last for begun, last in stops)
        if not still and _counts(day, limit.unit, calendar):
            left -= 1
    return day


def _last_still_day(pause: Pause, calendar: WorkingCalendar) -> date:
    """The last day on which the clock stands still: the procedure's end or the end of its own limit, the earlier one."""
    day, left = pause.begun, pause.limit.amount
    while left and day != pause.ended:
        day += _ONE_DAY
        if _counts(day, pause.limit.unit, calendar):
            left -= 1
    return day


def _counts(day: date, unit: Unit, calendar: WorkingCalendar) -> bool:
    return unit is Unit.CALENDAR_DAY or calendar.is_working(day)
