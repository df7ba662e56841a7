"""Legal days: one function, exact against the time zone database, closed where it would guess."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.calendar import LegalDayUnknown, legal_day
from dspace_core.values import NaiveInstant

SUMMER_TIME_ENDED = datetime(1991, 9, 14, 17, tzinfo=UTC)
LAST_INSTANT = datetime(9999, 12, 31, 15, 59, 59, 999999, tzinfo=UTC)
KNOWN = st.datetimes(SUMMER_TIME_ENDED.replace(tzinfo=None), LAST_INSTANT.replace(tzinfo=None), timezones=st.just(UTC))
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def test_the_day_turns_at_sixteen_hours_utc() -> None:
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert legal_day(midnight) == date(2026, 3, 2)
    assert legal_day(midnight - timedelta(milliseconds=1)) == date(2026, 3, 1)


@pytest.fixture(scope="module")
def shanghai() -> ZoneInfo:
    try:
        return ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        pytest.skip("this host has no time zone database to compare with")


@given(instant=KNOWN)
def test_the_fixed_offset_agrees_with_the_time_zone_database(shanghai: ZoneInfo, instant: datetime) -> None:
    assert legal_day(instant) == instant.astimezone(shanghai).date()


def test_the_first_known_instant_is_the_end_of_the_last_summer_time(shanghai: ZoneInfo) -> None:
    before = SUMMER_TIME_ENDED - timedelta(seconds=1)
    assert before.astimezone(shanghai).utcoffset() == timedelta(hours=9)
    assert SUMMER_TIME_ENDED.astimezone(shanghai).utcoffset() == timedelta(hours=8)
    assert legal_day(SUMMER_TIME_ENDED) == date(1991, 9, 15)


@given(instant=KNOWN, offset=OFFSETS)
def test_the_offset_in_which_an_instant_is_written_does_not_matter(instant: datetime, offset: timezone) -> None:
    moved = instant.replace(year=min(instant.year, 9998))
    assert legal_day(moved.astimezone(offset)) == legal_day(moved)


@given(first=KNOWN, second=KNOWN)
def test_a_later_instant_never_falls_on_an_earlier_day(first: datetime, second: datetime) -> None:
    assert (legal_day(first) <= legal_day(second)) or first > second


@pytest.mark.parametrize(
    "instant",
    [
        SUMMER_TIME_ENDED - timedelta(milliseconds=1),
        datetime(1986, 7, 1, 12, tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
        LAST_INSTANT + timedelta(microseconds=1),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_an_instant_whose_legal_day_is_not_known_is_refused(instant: datetime) -> None:
    with pytest.raises(LegalDayUnknown) as refused:
        legal_day(instant)
    assert refused.value.code == "calendar.legal_day_unknown"


def test_the_last_date_there_is_can_be_a_legal_day() -> None:
    assert legal_day(LAST_INSTANT) == date.max


def test_an_instant_without_offset_has_no_legal_day() -> None:
    with pytest.raises(NaiveInstant):
        legal_day(datetime(2026, 1, 1))  # noqa: DTZ001
