"""The clock: against the calendar's own counting, and in each of its special cases."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.calendar import IMMEDIATE, Limit, Unit, WorkingCalendar, YearMissing
from dspace_core.cases import Course, Stop, due_day, standing
from dspace_core.cases.deadline import Due, told

CALENDAR = WorkingCalendar.load()
FIVE = Limit(5, Unit.WORKING_DAY)
MONDAY = date(2026, 5, 11)
DAY = timedelta(days=1)

days = st.dates(date(2024, 1, 1), date(2026, 6, 30))
limits = st.builds(Limit, st.integers(1, 60), st.sampled_from(Unit))


def test_the_day_of_acceptance_is_not_counted() -> None:
    assert due_day(Course(accepted=MONDAY), FIVE, CALENDAR) == date(2026, 5, 18)


def test_a_case_done_at_once_is_due_on_its_day() -> None:
    assert due_day(Course(accepted=MONDAY), IMMEDIATE, CALENDAR) == MONDAY
    assert standing(Course(accepted=MONDAY), IMMEDIATE, CALENDAR, MONDAY).left == 0


def test_each_day_takes_one_and_the_due_day_takes_the_last() -> None:
    course = Course(accepted=MONDAY)
    left = [standing(course, FIVE, CALENDAR, MONDAY + DAY * number).left for number in range(9)]
    assert left == [5, 4, 3, 2, 1, 1, 1, 0, -1]


def test_the_clock_stands_still_from_the_day_after_the_question() -> None:
    course = Course(accepted=MONDAY, stops=(Stop(MONDAY + DAY),))
    for number in (1, 2, 30, 300):
        assert standing(course, FIVE, CALENDAR, MONDAY + DAY * number).left == 4
    assert standing(course, FIVE, CALENDAR, MONDAY + DAY * 300).due is None
    assert due_day(course, FIVE, CALENDAR) is None


def test_the_clock_goes_on_the_day_after_the_supplement() -> None:
    course = Course(accepted=MONDAY, stops=(Stop(MONDAY + DAY, MONDAY + 8 * DAY),))
    assert due_day(course, FIVE, CALENDAR) == date(2026, 5, 25)
    assert standing(course, FIVE, CALENDAR, date(2026, 5, 20)).left == 3


def test_a_supplement_of_a_year_costs_the_authority_nothing() -> None:
    course = Course(accepted=date(2025, 1, 6), stops=(Stop(date(2025, 1, 6), date(2026, 1, 5)),))
    assert standing(course, FIVE, CALENDAR, date(2026, 1, 5)).left == 5
    assert due_day(course, FIVE, CALENDAR) == date(2026, 1, 12)


def test_a_case_that_was_decided_stands_as_it_stood_then() -> None:
    course = Course(accepted=MONDAY, ended=MONDAY + 2 * DAY)
    assert standing(course, FIVE, CALENDAR, MONDAY + 100 * DAY).left == 3
    late = Course(accepted=MONDAY, ended=MONDAY + 8 * DAY)
    assert standing(late, FIVE, CALENDAR, MONDAY + 100 * DAY).overdue


def test_a_case_ended_while_it_waited_for_a_supplement_has_a_due_day_again() -> None:
    course = Course(accepted=MONDAY, stops=(Stop(MONDAY + DAY),), ended=MONDAY + 8 * DAY)
    assert due_day(course, FIVE, CALENDAR) == date(2026, 5, 25)
    assert not course.standing


def test_a_year_without_a_notice_is_told_and_refused_only_when_asked_for() -> None:
    course = Course(accepted=date(2026, 12, 30))
    assert told(course, FIVE, CALENDAR) == Due(None, "calendar.year_missing")
    with pytest.raises(YearMissing):
        due_day(course, FIVE, CALENDAR)
    with pytest.raises(YearMissing):
        standing(course, FIVE, CALENDAR, date(2027, 1, 4))


def test_a_limit_in_calendar_days_needs_no_notice() -> None:
    course = Course(accepted=date(2026, 12, 30))
    assert told(course, Limit(10, Unit.CALENDAR_DAY), CALENDAR) == Due(date(2027, 1, 9))


def test_no_limit_is_no_due_day_and_no_refusal() -> None:
    assert told(Course(accepted=MONDAY), None, CALENDAR) == Due(None)


@given(days, limits, st.lists(st.integers(0, 15), max_size=6))
def test_nothing_is_left_exactly_from_the_due_day_on(accepted: date, limit: Limit, gaps: list[int]) -> None:
    """The count of days left and the calendar's due day are made in two ways and agree."""
    edges = [accepted + DAY * sum(gaps[: number + 1]) for number in range(len(gaps))]
    stops = tuple(Stop(begun, ended) for begun, ended in zip(edges[::2], edges[1::2], strict=False))
    course = Course(accepted=accepted, stops=stops)
    try:
        last = due_day(course, limit, CALENDAR)
    except YearMissing:
        return
    assert last is not None
    assert standing(course, limit, CALENDAR, last).left == 0
    assert standing(course, limit, CALENDAR, last - DAY).left == 1
