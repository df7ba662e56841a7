"""A trusted datum: its digest binds value and origin, its label stays, and it shows nothing."""

import traceback
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.catalog import FieldRef
from dspace_core.sources import Answer, Label, TrustedDatum, self_declared
from dspace_core.sources.datum import authoritative
from dspace_core.values import Period

AT = datetime(2026, 3, 1, tzinfo=UTC)
NAME = FieldRef("population.record", "full_name")
answers = st.text(st.characters(codec="utf-8"), max_size=20) | st.integers(-(2**40), 2**40) | st.booleans() | st.dates()


def datum(value: Answer = "示例") -> TrustedDatum:
    return authoritative(
        NAME, value, source="public_security", fetched_at=AT, validity=Period(AT, AT + timedelta(days=7))
    )


@given(answers)
def test_a_datum_as_it_was_made_holds(value: Answer) -> None:
    assert datum(value).holds


@pytest.mark.parametrize(
    "change",
    [
        {"value": "另一"},
        {"source": "bank"},
        {"source": None},
        {"field": FieldRef("bank.account", "full_name")},
        {"field": FieldRef("population.record", "address")},
        {"salt": b"\0" * 32},
    ],
)
def test_a_changed_datum_does_not_hold(change: dict[str, object]) -> None:
    assert not msgspec.structs.replace(datum(), **change).holds


@pytest.mark.parametrize(("value", "other"), [(1, True), (0, False), (date(2026, 3, 1), "2026-03-01"), (1, "1")])
def test_a_value_that_only_resembles_another_has_another_digest(value: Answer, other: Answer) -> None:
    assert not msgspec.structs.replace(datum(value), value=other).holds


def test_the_same_value_twice_has_two_digests() -> None:
    assert datum().digest != datum().digest


def test_a_source_makes_it_authoritative_and_the_subject_only_self_declared() -> None:
    assert datum().label is Label.AUTHORITATIVE
    declared = self_declared(NAME, "示例", at=AT)
    assert (declared.label, declared.source, declared.holds) == (Label.SELF_DECLARED, None, True)


def test_a_datum_shows_itself_nowhere() -> None:
    held = datum("canary-value")
    try:
        raise RuntimeError(held)
    except RuntimeError as error:
        shown = "".join(traceback.format_exception(error))
    assert "canary" not in f"{held} {held!r} {held.__rich_repr__()} {shown}"
