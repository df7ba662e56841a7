"""Each number of the decision refuses alone, and nothing outside the grant is ever allowed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dspace_core.errors import Refusal
from dspace_core.grants import Allowed, Grant, NoticeId, Refused, SeparateAct, State, Use, category_of, decide
from dspace_core.grants.model import LONGEST
from dspace_core.grants.refusals import (
    EndedGrant,
    Exhausted,
    Expired,
    FieldNotGranted,
    GrantMissing,
    NotBegun,
    OtherCase,
    OtherItem,
    OtherPlugin,
    OtherPurpose,
    OtherSubject,
    Paused,
    RevokedGrant,
    SeparateConsentMissing,
    WithdrawnGrant,
)
from dspace_core.values import CaseId, EvidenceId, GrantId, Period, Subject, random_id


def test_a_use_that_fits_gets_the_fields_it_asked_for_and_no_other(use: Use, grant: Grant, now: datetime) -> None:
    assert decide(use, grant, now) == Allowed(frozenset({"bank.account.number"}), grant.version)


def test_1_without_a_grant_nothing_is_allowed(use: Use, now: datetime) -> None:
    assert decide(use, None, now) == Refused(1, GrantMissing)


def test_2_another_subject_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    assert decide(replace(use, subject=Subject(random_id())), grant, now) == Refused(2, OtherSubject)


def test_3_another_plugin_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    assert decide(replace(use, plugin="policy_push"), grant, now) == Refused(3, OtherPlugin)


def test_4_another_item_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    assert decide(replace(use, item="440111000002"), grant, now) == Refused(4, OtherItem)


def test_4_another_version_of_the_item_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    assert decide(replace(use, item_version=4), grant, now) == Refused(4, OtherItem)


def test_5_a_field_that_is_declared_but_not_granted_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    asked = replace(use, fields=use.fields | {"household.record.birth_date"})
    assert decide(asked, grant, now) == Refused(5, FieldNotGranted)


def test_5_a_field_that_is_granted_but_no_longer_declared_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    asked = replace(use, declared=use.declared - {"bank.account.number"})
    assert decide(asked, grant, now) == Refused(5, FieldNotGranted)


def test_5_asking_for_no_field_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    assert decide(replace(use, fields=frozenset()), grant, now) == Refused(5, FieldNotGranted)


def test_6_another_purpose_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    assert decide(replace(use, purpose="营销"), grant, now) == Refused(6, OtherPurpose)


@pytest.mark.parametrize("case", [None, CaseId(UUID(int=1))])
def test_7_another_case_or_none_is_refused(use: Use, grant: Grant, now: datetime, case: CaseId | None) -> None:
    assert decide(replace(use, case=case), grant, now) == Refused(7, OtherCase)


def test_7_a_standing_grant_serves_any_case(use: Use, grant: Grant, now: datetime) -> None:
    assert isinstance(decide(use, replace(grant, case=None), now), Allowed)


def test_8_before_it_begins_a_grant_covers_nothing(use: Use, grant: Grant) -> None:
    before = grant.period.start - timedelta(milliseconds=1)
    assert decide(use, grant, before) == Refused(8, NotBegun)
    assert isinstance(decide(use, grant, grant.period.start), Allowed)


def test_9_at_its_end_a_grant_covers_nothing(use: Use, grant: Grant) -> None:
    assert grant.period.end is not None
    assert decide(use, grant, grant.period.end) == Refused(9, Expired)
    assert isinstance(decide(use, grant, grant.period.end - timedelta(milliseconds=1)), Allowed)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.PAUSED, Paused),
        (State.WITHDRAWN, WithdrawnGrant),
        (State.REVOKED, RevokedGrant),
        (State.ENDED, EndedGrant),
    ],
)
def test_10_a_grant_that_is_not_live_covers_nothing(
    use: Use, grant: Grant, now: datetime, state: State, why: type[Refusal]
) -> None:
    answer = decide(use, replace(grant, state=state), now)
    assert answer == Refused(10, why)
    assert isinstance(answer, Refused)
    assert answer.code == f"grants.{state.value}"


def test_10_every_state_but_live_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    allowed = [state for state in State if isinstance(decide(use, replace(grant, state=state), now), Allowed)]
    assert allowed == [State.LIVE]


def test_11_a_budget_that_is_used_up_covers_nothing(use: Use, grant: Grant, now: datetime) -> None:
    assert decide(use, replace(grant, uses_left=0), now) == Refused(11, Exhausted)
    assert isinstance(decide(use, replace(grant, uses_left=1), now), Allowed)


def test_12_a_sensitive_field_without_its_separate_act_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    assert decide(use, replace(grant, acts=frozenset()), now) == Refused(12, SeparateConsentMissing)


def test_12_a_field_that_became_sensitive_since_is_refused(use: Use, grant: Grant, now: datetime) -> None:
    district = frozenset({"household.record.district"})
    asked = replace(use, fields=district)
    assert isinstance(decide(asked, grant, now), Allowed)
    assert decide(replace(asked, sensitive=district), grant, now) == Refused(12, SeparateConsentMissing)


SUBJECTS = st.sampled_from([Subject(UUID(int=number)) for number in range(2)])
CASES = st.sampled_from([None, *(CaseId(UUID(int=number)) for number in range(2))])
NAMES = st.frozensets(st.sampled_from(["a.x", "a.y", "b.x", "c.d.x"]))
WORDS = st.sampled_from(["one", "two"])
INSTANTS = st.integers(0, 12).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    start = draw(INSTANTS)
    recipient = draw(WORDS)
    return Grant(
        subject=draw(SUBJECTS),
        id=GrantId(UUID(int=1)),
        state=draw(st.sampled_from(State)),
        plugin=draw(WORDS),
        recipient=recipient,
        item=draw(WORDS),
        item_version=draw(st.integers(1, 2)),
        fields=draw(NAMES.filter(bool)),
        purpose=draw(WORDS),
        case=draw(CASES),
        period=Period(start, start + draw(st.timedeltas(timedelta(hours=1), LONGEST))),
        uses_left=draw(st.none() | st.integers(0, 2)),
        notice=NoticeId(UUID(int=2)),
        acts=frozenset(SeparateAct(recipient, name) for name in draw(st.frozensets(st.sampled_from(["a", "b"])))),
        evidence=EvidenceId(UUID(int=3)),
    )


@st.composite
def uses(draw: st.DrawFn, grant: Grant | None = None) -> Use:
    """Any use; with a grant, one that often agrees with it, so that both answers are met."""

    def near(known: object, other: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        return other if grant is None else st.sampled_from([known] * 12) | other

    return Use(
        subject=draw(near(grant and grant.subject, SUBJECTS)),  # type: ignore[arg-type]
        plugin=draw(near(grant and grant.plugin, WORDS)),  # type: ignore[arg-type]
        item=draw(near(grant and grant.item, WORDS)),  # type: ignore[arg-type]
        item_version=draw(near(grant and grant.item_version, st.integers(1, 2))),  # type: ignore[arg-type]
        fields=draw(NAMES),
        declared=draw(NAMES),
        sensitive=draw(NAMES),
        purpose=draw(near(grant and grant.purpose, WORDS)),  # type: ignore[arg-type]
        case=draw(near(grant and grant.case, CASES)),  # type: ignore[arg-type]
    )


@given(st.data(), grants(), INSTANTS)
def test_what_is_allowed_lies_inside_the_grant_in_every_respect(
    data: st.DataObject, grant: Grant, now: datetime
) -> None:
    use = data.draw(uses(grant))
    answer = decide(use, grant, now)
    if isinstance(answer, Allowed):
        assert answer.fields <= grant.fields & use.declared & use.fields
        assert answer.fields
        assert (use.subject, use.plugin, use.item) == (grant.subject, grant.plugin, grant.item)
        assert (use.item_version, use.purpose) == (grant.item_version, grant.purpose)
        assert grant.case in (None, use.case)
        assert grant.period.holds(now)
        assert grant.state is State.LIVE
        assert grant.uses_left != 0
        assert {category_of(key) for key in answer.fields & use.sensitive} <= {act.category for act in grant.acts}
    else:
        assert 1 <= answer.number <= 12


@given(st.data(), grants(), INSTANTS, NAMES)
def test_granting_less_never_allows_more(
    data: st.DataObject, grant: Grant, now: datetime, kept: frozenset[str]
) -> None:
    """Article 7: a narrower grant is allowed nothing that the wider one is not."""
    use = data.draw(uses(grant))
    narrower = replace(grant, fields=grant.fields & kept or grant.fields)
    if isinstance(decide(use, narrower, now), Allowed):
        assert isinstance(decide(use, grant, now), Allowed)
