"""A grant in hand is a grant that holds; differences say what changes and whether it is more."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dspace_core.grants import LONGEST, Difference, Grant, NoticeId, SeparateAct, category_of, difference, field_key
from dspace_core.grants.refusals import GrantMalformed
from dspace_core.values import EvidenceId, GrantId, Period, Subject


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("fields", {"fields": frozenset()}),
        ("period", {"period": Period(datetime(2026, 1, 1, tzinfo=UTC))}),
        ("period", {"period": Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC))}),
        ("uses", {"uses_left": -1}),
        ("uses", {"uses_left": 2**31}),
        ("acts", {"acts": frozenset({SeparateAct("somebody_else", "bank.account")})}),
    ],
)
def test_a_grant_that_cannot_be_is_refused(grant: Grant, part: str, changes: dict[str, object]) -> None:
    with pytest.raises(GrantMalformed) as caught:
        replace(grant, **changes)
    assert caught.value.values == {"part": part}


def test_a_grant_of_365_days_is_the_longest(grant: Grant) -> None:
    start = grant.period.start
    assert replace(grant, period=Period(start, start + LONGEST)).period.end == start + LONGEST


def test_a_field_is_named_by_its_category_and_itself() -> None:
    assert field_key("household.record", "birth_date") == "household.record.birth_date"
    assert category_of("household.record.birth_date") == "household.record"


def test_the_same_terms_are_no_difference(grant: Grant) -> None:
    assert difference(grant, grant.fields, grant.period.end, None).empty


def test_a_difference_names_what_comes_and_what_goes(grant: Grant) -> None:
    found = difference(grant, frozenset({"household.record.district", "bank.account.name"}))
    assert found == Difference(added=frozenset({"bank.account.name"}), removed=frozenset({"bank.account.number"}))
    assert found.wider


@pytest.mark.parametrize(
    ("left", "uses", "wider"), [(None, 5, False), (5, 4, False), (5, 5, False), (5, 6, True), (0, 1, True)]
)
def test_more_uses_are_wider_and_a_first_budget_is_narrower(
    grant: Grant, left: int | None, uses: int, wider: bool
) -> None:
    assert difference(replace(grant, uses_left=left), uses=uses).wider is wider


FIELDS = st.frozensets(st.sampled_from(["a.x", "a.y", "b.x"]), min_size=1)


@given(FIELDS, FIELDS, st.integers(-5, 5))
def test_wider_is_exactly_a_new_field_or_a_later_end(before: frozenset[str], after: frozenset[str], days: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = start + timedelta(days=10)
    grant = _grant(before, Period(start, end))
    assert difference(grant, after, end + timedelta(days=days)).wider is (not after <= before or days > 0)


def _grant(fields: frozenset[str], period: Period) -> Grant:
    nobody = UUID(int=0)
    return Grant(
        subject=Subject(nobody),
        id=GrantId(nobody),
        plugin="plugin",
        recipient="recipient",
        item="item",
        item_version=1,
        fields=fields,
        purpose="purpose",
        case=None,
        period=period,
        uses_left=None,
        notice=NoticeId(nobody),
        acts=frozenset(),
        evidence=EvidenceId(nobody),
    )
