"""The clock of a case (限时办结): due days, what is left, and whether it is late. All derived, nothing stored. Pure.

The clock runs from the day after acceptance, stands still while the applicant is asked for a supplement, and ends with
the decision. A limit belongs to the version of the item that the case began under.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from dspace_core.calendar import Limit, Pause, Unit, WorkingCalendar, YearMissing, due

_UNBOUNDED = Limit(9999, Unit.CALENDAR_DAY)
"""A supplement has no limit of its own here: however long it takes, that time is not the authority's."""
_ONE_DAY = timedelta(days=1)


class Stop(msgspec.Struct, frozen=True):
    """A stretch in which the clock stood still: from the day after `begun` to `ended`, which is None while it stands."""

    begun: date
    ended: date | None = None


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """The days of a case that its clock looks at, all legal days."""

    accepted: date
    stops: tuple[Stop, ...] = ()
    ended: date | None = None
    """When it was decided or withdrawn."""

    @property
    def standing(self) -> bool:
        """Whether the clock stands still now."""
        return self.ended is None and bool(self.stops) and self.stops[-1].ended is None


class Due(msgspec.Struct, frozen=True):
    """When a limit ends. `day` is None without a limit, while the clock stands, or where `why` names a refusal."""

    day: date | None
    why: str | None = None
    """The code of the calendar's refusal, such as `calendar.year_missing`: the day will be known once the year is."""


class Standing(msgspec.Struct, frozen=True):
    """How a case stands against one limit."""

    due: date | None
    """None while the clock stands still."""
    left: int
    """How many days of the limit's unit are left; below zero, by how many it is late."""

    @property
    def overdue(self) -> bool:
        """Whether more days were counted than the limit has."""
        return self.left < 0


def due_day(course: Course, limit: Limit, calendar: WorkingCalendar) -> date | None:
    """The last day of the limit; None while the clock stands still. Raises YearMissing."""
    if course.standing:
        return None
    # A stop that began on or after the day the case ended cannot be; one that never ended was ended with the case.
    pauses = [Pause(stop.begun, _UNBOUNDED, stop.ended or course.ended) for stop in course.stops]
    return due(course.accepted, limit, calendar, pauses)


def told(course: Course, limit: Limit | None, calendar: WorkingCalendar) -> Due:
    """The due day as far as it can be told: a year without a notice keeps nobody from filing."""
    if limit is None:
        return Due(None)
    try:
        return Due(due_day(course, limit, calendar))
    except YearMissing as no:
        return Due(None, no.code)


def standing(course: Course, limit: Limit, calendar: WorkingCalendar, today: date) -> Standing:
    """How the case stands on a day. After its end it stands as it did then. Raises YearMissing."""
    upto = today if course.ended is None else min(today, course.ended)
    used = sum(
        _counts(day, limit.unit, calendar) for day in _days(course.accepted, upto) if not _still(day, course.stops)
    )
    return Standing(due_day(course, limit, calendar), limit.amount - used)


def _days(after: date, upto: date) -> Sequence[date]:
    return [after + _ONE_DAY * number for number in range(1, (upto - after).days + 1)]


def _still(day: date, stops: Sequence[Stop]) -> bool:
    return any(stop.begun < day and (stop.ended is None or day <= stop.ended) for stop in stops)


def _counts(day: date, unit: Unit, calendar: WorkingCalendar) -> bool:
    return unit is Unit.CALENDAR_DAY or calendar.is_working(day)
