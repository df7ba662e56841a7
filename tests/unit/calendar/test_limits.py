"""Limits: what is counted, where a limit ends, and what a special procedure does to the clock."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.calendar import (
    IMMEDIATE,
    Limit,
    LimitInvalid,
    Pause,
    PauseBeforeAcceptance,
    PauseReversed,
    Unit,
    WorkingCalendar,
    YearMissing,
    due,
)

CALENDAR = WorkingCalendar.load()
ACCEPTED = st.dates(date(2024, 1, 1), date(2025, 6, 30))
AMOUNTS = st.integers(1, 60)
LIMITS = st.builds(Limit, AMOUNTS, st.sampled_from(Unit))


def working(amount: int) -> Limit:
    return Limit(amount, Unit.WORKING_DAY)


def calendar_days(amount: int) -> Limit:
    return Limit(amount, Unit.CALENDAR_DAY)


def between(after: date, until: date) -> list[date]:
    """The days after the first up to and including the second."""
    return [after + timedelta(days=later) for later in range(1, (until - after).days + 1)]


def counted(after: date, until: date, unit: Unit) -> list[date]:
    return [day for day in between(after, until) if unit is Unit.CALENDAR_DAY or CALENDAR.is_working(day)]


@st.composite
def pauses_after(draw: st.DrawFn, accepted: date) -> list[Pause]:
    def one() -> Pause:
        begun = accepted + timedelta(days=draw(st.integers(0, 40)))
        lasted = draw(st.none() | st.integers(0, 20))
        ended = None if lasted is None else begun + timedelta(days=lasted)
        return Pause(begun, draw(st.builds(Limit, st.integers(1, 15), st.sampled_from(Unit))), ended)

    return [one() for _ in range(draw(st.integers(0, 3)))]


def still_days(pauses: list[Pause]) -> set[date]:
    """Told in another way than the code does: every day after the begin, up to the end or the procedure's own limit."""
    found: set[date] = set()
    for pause in pauses:
        last = due(pause.begun, pause.limit, CALENDAR)
        found.update(between(pause.begun, last if pause.ended is None else min(last, pause.ended)))
    return found


@pytest.mark.parametrize(
    ("accepted", "limit", "expected"),
    [
        (date(2026, 3, 2), working(5), date(2026, 3, 9)),  # Monday to Monday
        (date(2026, 2, 13), working(1), date(2026, 2, 14)),  # the worked Saturday before the Spring Festival
        (date(2026, 2, 14), working(1), date(2026, 2, 24)),  # over the nine days of it
        (date(2026, 2, 20), working(1), date(2026, 2, 24)),  # accepted online on a holiday
        (date(2024, 12, 31), working(3), date(2025, 1, 6)),  # over a year's end
        (date(2026, 3, 2), calendar_days(15), date(2026, 3, 17)),
        (date(2026, 3, 2), working(15), date(2026, 3, 23)),
        (date(2026, 9, 21), calendar_days(10), date(2026, 10, 1)),  # ends on National Day, and stays there
    ],
)
def test_a_limit_ends_where_a_clerk_with_the_notice_would_say(accepted: date, limit: Limit, expected: date) -> None:
    assert due(accepted, limit, CALENDAR) == expected


@given(accepted=ACCEPTED)
def test_an_immediate_item_is_due_on_the_day_of_acceptance(accepted: date) -> None:
    assert due(accepted, IMMEDIATE, CALENDAR) == accepted


@given(accepted=ACCEPTED, amount=AMOUNTS)
def test_exactly_so_many_working_days_lie_between_and_the_last_is_one(accepted: date, amount: int) -> None:
    end = due(accepted, working(amount), CALENDAR)
    days = counted(accepted, end, Unit.WORKING_DAY)
    assert len(days) == amount
    assert days[-1] == end


@given(accepted=ACCEPTED, amount=AMOUNTS)
def test_calendar_days_are_added_as_they_are(accepted: date, amount: int) -> None:
    assert due(accepted, calendar_days(amount), CALENDAR) == accepted + timedelta(days=amount)


@given(accepted=ACCEPTED, limit=LIMITS)
def test_one_more_day_is_always_later(accepted: date, limit: Limit) -> None:
    assert due(accepted, limit, CALENDAR) < due(accepted, Limit(limit.amount + 1, limit.unit), CALENDAR)


@given(first=ACCEPTED, second=ACCEPTED, limit=LIMITS)
def test_a_case_accepted_later_is_never_due_earlier(first: date, second: date, limit: Limit) -> None:
    earlier, later = sorted((first, second))
    assert due(earlier, limit, CALENDAR) <= due(later, limit, CALENDAR)


@given(accepted=ACCEPTED, one=AMOUNTS, two=AMOUNTS, unit=st.sampled_from(Unit))
def test_two_limits_in_a_row_are_their_sum(accepted: date, one: int, two: int, unit: Unit) -> None:
    middle = due(accepted, Limit(one, unit), CALENDAR)
    assert due(middle, Limit(two, unit), CALENDAR) == due(accepted, Limit(one + two, unit), CALENDAR)


@given(accepted=ACCEPTED, amount=AMOUNTS)
def test_working_days_are_never_shorter_than_calendar_days(accepted: date, amount: int) -> None:
    assert due(accepted, working(amount), CALENDAR) >= due(accepted, calendar_days(amount), CALENDAR)


@given(data=st.data(), accepted=ACCEPTED, limit=LIMITS)
def test_pauses_shift_the_end_by_exactly_the_days_that_would_have_counted(
    data: st.DataObject, accepted: date, limit: Limit
) -> None:
    pauses = data.draw(pauses_after(accepted))
    end = due(accepted, limit, CALENDAR, pauses)
    days = counted(accepted, end, limit.unit)
    still = still_days(pauses)
    assert len([day for day in days if day not in still]) == limit.amount
    assert end not in still
    unpaused = counted(accepted, due(accepted, limit, CALENDAR), limit.unit)
    assert len(days) - len(unpaused) == len([day for day in days if day in still])


@given(data=st.data(), accepted=ACCEPTED, limit=LIMITS)
def test_the_order_of_pauses_and_a_pause_told_twice_change_nothing(
    data: st.DataObject, accepted: date, limit: Limit
) -> None:
    pauses = data.draw(pauses_after(accepted))
    shuffled = data.draw(st.permutations(pauses + pauses[:1]))
    assert due(accepted, limit, CALENDAR, shuffled) == due(accepted, limit, CALENDAR, pauses)


@given(data=st.data(), accepted=ACCEPTED, limit=LIMITS)
def test_a_pause_never_brings_the_end_nearer(data: st.DataObject, accepted: date, limit: Limit) -> None:
    pauses = data.draw(pauses_after(accepted))
    assert due(accepted, limit, CALENDAR, pauses) >= due(accepted, limit, CALENDAR, pauses[:-1])


@given(data=st.data(), accepted=ACCEPTED, limit=LIMITS)
def test_a_pause_begun_on_the_last_day_or_later_comes_too_late(
    data: st.DataObject, accepted: date, limit: Limit
) -> None:
    end = due(accepted, limit, CALENDAR)
    late = Pause(end + timedelta(days=data.draw(st.integers(0, 30))), working(10))
    assert due(accepted, limit, CALENDAR, [late]) == end


@given(data=st.data(), accepted=ACCEPTED)
def test_no_pause_makes_an_immediate_item_later(data: st.DataObject, accepted: date) -> None:
    assert due(accepted, IMMEDIATE, CALENDAR, data.draw(pauses_after(accepted))) == accepted


SURVEY = date(2026, 3, 4)  # a Wednesday


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (SURVEY, date(2026, 3, 9)),  # over on the day it began: nothing stood still
        (date(2026, 3, 5), date(2026, 3, 10)),
        (date(2026, 3, 6), date(2026, 3, 11)),
        (date(2026, 3, 8), date(2026, 3, 11)),  # the weekend would not have counted anyway
        (date(2026, 3, 9), date(2026, 3, 12)),  # three working days: the procedure's own limit
        (date(2026, 3, 30), date(2026, 3, 12)),  # an overrun buys no more time
        (None, date(2026, 3, 12)),  # running: expected to end in its own limit
    ],
)
def test_the_clock_stops_the_day_after_a_procedure_begins_and_resumes_by_its_own_limit(
    ended: date | None, expected: date
) -> None:
    assert due(date(2026, 3, 2), working(5), CALENDAR, [Pause(SURVEY, working(3), ended)]) == expected


def test_a_limit_in_working_days_refuses_a_year_that_is_not_on_file() -> None:
    with pytest.raises(YearMissing) as refused:
        due(date(2026, 12, 31), working(1), CALENDAR)
    assert refused.value.values["year"] == 2027


def test_a_limit_in_calendar_days_asks_no_working_calendar() -> None:
    assert due(date(2031, 12, 30), calendar_days(3), CALENDAR) == date(2032, 1, 2)


def test_a_pause_that_ended_does_not_ask_for_the_year_its_limit_would_have_reached() -> None:
    pause = Pause(date(2026, 12, 28), working(20), date(2026, 12, 29))
    assert due(date(2026, 12, 28), working(1), CALENDAR, [pause]) == date(2026, 12, 30)


def test_fifteen_days_and_fifteen_working_days_are_not_equal() -> None:
    assert working(15) != calendar_days(15)


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("amount", [-1, 10_000])
def test_an_amount_that_is_no_limit_is_refused(amount: int, unit: Unit) -> None:
    with pytest.raises(LimitInvalid) as refused:
        Limit(amount, unit)
    assert refused.value.code == "calendar.limit_invalid"
    assert refused.value.values == {"amount": amount}


def test_immediate_has_one_form_only() -> None:
    assert Limit(0, Unit.WORKING_DAY) == IMMEDIATE
    with pytest.raises(LimitInvalid):
        Limit(0, Unit.CALENDAR_DAY)


def test_a_procedure_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PauseReversed) as refused:
        Pause(date(2026, 3, 5), working(3), date(2026, 3, 4))
    assert refused.value.code == "calendar.pause_reversed"


def test_a_procedure_begun_before_acceptance_is_refused() -> None:
    with pytest.raises(PauseBeforeAcceptance) as refused:
        due(date(2026, 3, 5), working(5), CALENDAR, [Pause(date(2026, 3, 4), working(3))])
    assert refused.value.code == "calendar.pause_before_acceptance"
