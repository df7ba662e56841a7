"""The small values: each checks itself when it is made, and says no to what it cannot hold."""

import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dspace_core.values import (
    Basis,
    DataLevel,
    InstantOutOfRange,
    Money,
    MoneyInvalid,
    NaiveInstant,
    Period,
    PeriodReversed,
    from_ms,
    random_id,
    to_ms,
    utc,
)

LEAST, MOST = -(2**63), 2**63 - 1
FEN = st.integers(LEAST, MOST)
OFFSETS = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001 (the bounds are wall time)
STORED = st.integers(to_ms(datetime(2, 1, 1, tzinfo=UTC)), to_ms(datetime(9000, 1, 1, tzinfo=UTC)))
ONE_MS = timedelta(milliseconds=1)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(STORED)
    length = draw(st.none() | st.integers(1, 10**12))
    return Period(from_ms(start), None if length is None else from_ms(start) + length * ONE_MS)


# Money


@given(fen=FEN)
def test_an_amount_reads_back_from_its_own_text(fen: int) -> None:
    assert Money.yuan(str(Money(fen))) == Money(fen)


@given(fen=FEN)
def test_the_text_of_an_amount_has_exactly_two_decimals(fen: int) -> None:
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]{2}", str(Money(fen)))


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("-0", 0),
        ("-0.05", -5),
        ("1.5", 150),
        ("1.05", 105),
        ("007", 700),
        ("1234.50", 123450),
        ("92233720368547758.07", MOST),
        ("-92233720368547758.08", LEAST),
    ],
)
def test_an_amount_in_yuan_is_read_as_fen(text: str, fen: int) -> None:
    assert Money.yuan(text).fen == fen


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "--1", "+1", "1.", ".5", "1.234", "1.2.3", "1e5", "1,000", "1_000", "0x10", "NaN", "Infinity"),
        *(" 1", "1 ", "1\n", "１２", "١٢", "1．5", "−1", "¥1", "一"),
        *("92233720368547758.08", "-92233720368547758.09", "99999999999999999.99", "100000000000000000", "9" * 5000),
    ],
)
def test_a_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(MoneyInvalid) as refused:
        Money.yuan(text)
    assert refused.value.code == "values.money_invalid"


@given(text=st.text(max_size=24))
def test_any_text_is_either_an_amount_or_refused(text: str) -> None:
    try:
        amount = Money.yuan(text)
    except MoneyInvalid:
        return
    assert re.fullmatch(r"-?[0-9]{1,17}(\.[0-9]{1,2})?", text)
    assert Money.yuan(str(amount)) == amount


@given(fen=st.integers(max_value=LEAST - 1) | st.integers(min_value=MOST + 1))
def test_an_amount_past_64_bits_is_refused(fen: int) -> None:
    with pytest.raises(MoneyInvalid):
        Money(fen)


@pytest.mark.parametrize("fen", [1.0, 0.5, True, "1", None])
def test_only_a_whole_number_of_fen_is_money(fen: int) -> None:
    with pytest.raises(MoneyInvalid):
        Money(fen)


@given(one=FEN, two=FEN)
def test_a_sum_or_difference_is_exact_or_refused(one: int, two: int) -> None:
    for exact, compute in ((one + two, Money.__add__), (one - two, Money.__sub__)):
        if LEAST <= exact <= MOST:
            assert compute(Money(one), Money(two)).fen == exact
        else:
            with pytest.raises(MoneyInvalid):
                compute(Money(one), Money(two))


@given(fen=FEN)
def test_the_negative_of_the_least_amount_alone_does_not_fit(fen: int) -> None:
    if fen == LEAST:
        with pytest.raises(MoneyInvalid):
            -Money(fen)
    else:
        assert (-Money(fen)).fen == -fen


def test_the_least_amount_has_no_negative() -> None:
    with pytest.raises(MoneyInvalid):
        -Money(LEAST)


@given(one=FEN, two=FEN)
def test_amounts_are_ordered_as_their_numbers(one: int, two: int) -> None:
    assert (Money(one) < Money(two)) is (one < two)


# Instants


@given(instant=INSTANTS)
def test_an_instant_survives_storage_to_the_millisecond(instant: datetime) -> None:
    stored = from_ms(to_ms(instant))
    assert stored == utc(instant)
    assert timedelta(0) <= instant - stored < ONE_MS


@given(stored=STORED)
def test_a_stored_number_reads_back_as_itself(stored: int) -> None:
    assert to_ms(from_ms(stored)) == stored


@given(instant=INSTANTS)
def test_an_instant_in_hand_is_in_utc_and_whole_milliseconds(instant: datetime) -> None:
    moment = utc(instant)
    assert moment.tzinfo is UTC
    assert moment.microsecond % 1000 == 0
    assert utc(moment) == moment


@given(instant=INSTANTS, offset=OFFSETS)
def test_the_offset_in_which_an_instant_is_written_does_not_matter(instant: datetime, offset: timezone) -> None:
    assert to_ms(instant.astimezone(offset)) == to_ms(instant)


@given(one=INSTANTS, two=INSTANTS)
def test_storage_keeps_the_order_of_instants(one: datetime, two: datetime) -> None:
    earlier, later = sorted((one, two))
    assert to_ms(earlier) <= to_ms(later)


def test_the_stored_form_counts_from_1970() -> None:
    assert to_ms(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert to_ms(datetime(1970, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))) == 0
    assert to_ms(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)) == -1


@given(instant=st.datetimes())
def test_an_instant_without_offset_is_refused(instant: datetime) -> None:
    for reader in (utc, to_ms, Period):
        with pytest.raises(NaiveInstant) as refused:
            reader(instant)
        assert refused.value.code == "values.naive_instant"


@pytest.mark.parametrize(
    "instant",
    [
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=8))),
    ],
)
def test_an_instant_that_utc_has_no_date_for_is_refused(instant: datetime) -> None:
    with pytest.raises(InstantOutOfRange) as refused:
        utc(instant)
    assert refused.value.code == "values.instant_out_of_range"


@pytest.mark.parametrize("stored", [LEAST, MOST, 10**30, to_ms(datetime.max.replace(tzinfo=UTC)) + 1])
def test_a_stored_number_that_is_no_instant_is_refused(stored: int) -> None:
    with pytest.raises(InstantOutOfRange):
        from_ms(stored)


# Periods


@given(period=periods())
def test_a_period_holds_its_start_and_not_its_end(period: Period) -> None:
    assert period.holds(period.start)
    assert not period.holds(period.start - ONE_MS)
    if period.end is not None:
        assert not period.holds(period.end)
        assert period.holds(period.end - ONE_MS)


@given(start=STORED, instant=STORED)
def test_an_open_period_holds_everything_from_its_start(start: int, instant: int) -> None:
    assert Period(from_ms(start)).holds(from_ms(instant)) is (instant >= start)


@given(period=periods())
def test_a_period_lies_within_itself(period: Period) -> None:
    assert period.within(period)


@given(one=periods(), two=periods())
def test_periods_within_each_other_are_equal(one: Period, two: Period) -> None:
    assert (one.within(two) and two.within(one)) is (one == two)


@st.composite
def narrower(draw: st.DrawFn, outer: Period) -> Period:
    """A period inside the other, often sharing a bound with it."""
    first = to_ms(outer.start)
    last = first + 10**12 if outer.end is None else to_ms(outer.end)
    start = draw(st.integers(first, last - 1))
    open_end = outer.end is None and draw(st.booleans())
    return Period(from_ms(start), None if open_end else from_ms(draw(st.integers(start + 1, last))))


@given(data=st.data(), outer=periods())
def test_within_passes_down_a_chain(data: st.DataObject, outer: Period) -> None:
    middle = data.draw(narrower(outer))
    inner = data.draw(narrower(middle))
    assert middle.within(outer)
    assert inner.within(middle)
    assert inner.within(outer)


@given(data=st.data(), outer=periods(), instant=STORED)
def test_what_a_period_holds_every_period_around_it_holds(data: st.DataObject, outer: Period, instant: int) -> None:
    inner = data.draw(narrower(outer))
    at = from_ms(instant)
    assert not inner.holds(at) or outer.holds(at)
    assert outer.holds(inner.start)


@given(one=periods(), two=periods())
def test_a_period_that_sticks_out_is_not_within(one: Period, two: Period) -> None:
    assume(not one.within(two))
    sticks_out_before = one.start < two.start
    sticks_out_after = two.end is not None and (one.end is None or one.end > two.end)
    assert sticks_out_before or sticks_out_after


@given(start=STORED)
def test_an_open_period_is_within_open_periods_only(start: int) -> None:
    begun = from_ms(start)
    assert Period(begun).within(Period(begun))
    assert not Period(begun).within(Period(begun, begun + ONE_MS))


@given(start=STORED, back=st.integers(0, 10**9))
def test_a_period_that_does_not_end_after_it_begins_is_refused(start: int, back: int) -> None:
    with pytest.raises(PeriodReversed) as refused:
        Period(from_ms(start), from_ms(start) - back * ONE_MS)
    assert refused.value.code == "values.period_reversed"


def test_a_period_shorter_than_a_millisecond_is_refused() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(PeriodReversed):
        Period(start, start + timedelta(microseconds=999))


@given(instant=INSTANTS, offset=OFFSETS)
def test_equal_periods_may_be_written_in_different_offsets(instant: datetime, offset: timezone) -> None:
    assert Period(instant) == Period(instant.astimezone(offset))


def test_a_naive_end_is_refused() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(NaiveInstant):
        Period(start, datetime(2026, 2, 1))  # noqa: DTZ001
    with pytest.raises(NaiveInstant):
        Period(start).holds(datetime(2026, 2, 1))  # noqa: DTZ001


# Ids, levels, bases


def test_a_random_id_is_a_version_4_uuid_and_never_comes_twice() -> None:
    ids = [random_id() for _ in range(1000)]
    assert {(one.version, one.variant) for one in ids} == {(4, RFC_4122)}
    assert len(set(ids)) == 1000


def test_levels_rise_from_open_to_answers_only() -> None:
    assert [level.name for level in sorted(DataLevel)] == ["L1", "L2", "L3", "L4"]


def test_there_are_four_bases_and_no_fifth() -> None:
    """Article 1."""
    assert {basis.value for basis in Basis} == {"grant", "statutory_duty", "subject_access", "screening_run"}
