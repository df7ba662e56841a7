"""Changing a grant that stands: every act leaves one entry, an end is an end, and less needs no notice."""

from datetime import timedelta
from typing import Any

import pytest

from dspace_core.errors import Refusal
from dspace_core.grants import (
    ActKind,
    AlreadyEnded,
    Amended,
    By,
    Change,
    Changed,
    Grant,
    Narrowing,
    State,
    Withdrawn,
    amend,
    end,
    find,
    pause,
    resume,
    revoke,
    withdraw,
)
from dspace_core.grants.refusals import (
    GrantChanged,
    GrantMalformed,
    GrantMissing,
    MoveRefused,
    NothingChanged,
    WiderNeedsNotice,
)
from dspace_core.stores import transaction
from dspace_core.values import GrantId, PeriodReversed, random_id


async def test_pausing_and_resuming_each_leave_one_entry(desk: Any) -> None:
    grant = await desk.give()
    for act, state in ((pause, State.PAUSED), (resume, State.LIVE)):
        made = desk.change(grant)
        async with transaction(desk.pool) as db:
            done = await act(db, made, desk.attest)
        assert (done.grant.state, done.grant.evidence, done.receipt.evidence) == (state, made.evidence, made.evidence)
        assert await find(desk.pool, grant.subject, grant.id) == done.grant
    assert [act.kind for act in desk.acts] == [ActKind.APPROVED, ActKind.PAUSED, ActKind.RESUMED]


async def test_resuming_what_is_not_paused_is_refused(desk: Any) -> None:
    grant = await desk.give()
    with pytest.raises(MoveRefused):
        await desk.do(resume, grant)


async def test_a_withdrawal_ends_the_grant_and_a_second_says_so(desk: Any) -> None:
    grant = await desk.give()
    first = await desk.do(withdraw, grant)
    second = await desk.do(withdraw, grant)
    assert isinstance(first, Withdrawn)
    assert second == AlreadyEnded(first.grant)
    assert [act.kind for act in desk.acts] == [ActKind.APPROVED, ActKind.WITHDRAWN]


async def test_a_paused_grant_can_be_withdrawn(desk: Any) -> None:
    grant = await desk.give()
    async with transaction(desk.pool) as db:
        await pause(db, desk.change(grant), desk.attest)
        assert isinstance(await withdraw(db, desk.change(grant), desk.attest), Withdrawn)


@pytest.mark.parametrize("by", [By.STAFF, By.SYSTEM])
async def test_nobody_withdraws_in_the_subjects_place(desk: Any, by: By) -> None:
    grant = await desk.give()
    with pytest.raises(MoveRefused):
        await desk.do(withdraw, grant, by)
    found = await find(desk.pool, grant.subject, grant.id)
    assert found == grant


@pytest.mark.parametrize(
    ("act", "by", "state", "kind"),
    [(revoke, By.STAFF, State.REVOKED, ActKind.REVOKED), (end, By.SYSTEM, State.ENDED, ActKind.ENDED)],
)
async def test_an_office_revokes_and_the_system_ends(desk: Any, act: Any, by: By, state: State, kind: ActKind) -> None:
    grant = await desk.give()
    first = await desk.do(act, grant, by)
    assert isinstance(first, Changed)
    assert first.grant.state is state
    assert desk.acts[-1].kind is kind
    async with transaction(desk.pool) as db:
        assert await act(db, desk.change(grant, by), desk.attest) == AlreadyEnded(first.grant)
        assert await withdraw(db, desk.change(grant), desk.attest) == AlreadyEnded(first.grant)


@pytest.mark.parametrize("act", [pause, resume, withdraw, revoke, end])
async def test_a_grant_that_is_not_there_cannot_be_changed(desk: Any, act: Any) -> None:
    grant = await desk.give()
    elsewhere = Change(
        subject=grant.subject,
        grant=GrantId(random_id()),
        by=By.SUBJECT,
        at=desk.change(grant).at,
        evidence=desk.change(grant).evidence,
        act=random_id(),
    )
    with pytest.raises(GrantMissing):
        async with transaction(desk.pool) as db:
            await act(db, elsewhere, desk.attest)


# Amending to less


async def narrow(desk: Any, grant: Grant, by: By = By.SUBJECT, **terms: Any) -> Amended:
    done: Amended = await desk.do(amend, grant, by, Narrowing(**{"version": 1, **terms}))
    return done


async def test_less_needs_no_notice_and_says_what_it_took(desk: Any) -> None:
    grant = await desk.give(uses=5)
    kept = frozenset({"household.record.district"})
    until = desk.now + timedelta(days=2)
    done = await narrow(desk, grant, fields=kept, until=until, uses=2)
    assert done.difference.removed == grant.fields - kept
    assert done.difference.end == (grant.period.end, until)
    assert done.difference.uses == (5, 2)
    assert (done.grant.fields, done.grant.period.end, done.grant.uses_left) == (kept, until, 2)
    assert done.grant.version == 2
    assert done.grant.acts == frozenset()
    assert await find(desk.pool, grant.subject, grant.id) == done.grant
    assert desk.acts[-1].kind is ActKind.AMENDED


async def test_a_separate_act_stays_with_its_fields(desk: Any) -> None:
    grant = await desk.give()
    kept = frozenset({"bank.account.number"})
    done = await narrow(desk, grant, fields=kept)
    assert done.grant.acts == grant.acts


@pytest.mark.parametrize(
    ("why", "narrowing"),
    [
        (WiderNeedsNotice, {"fields": frozenset({"household.record.birth_date"})}),
        (WiderNeedsNotice, {"until": timedelta(days=9)}),
        (WiderNeedsNotice, {"uses": 6}),
        (NothingChanged, {}),
        (NothingChanged, {"uses": 5}),
        (GrantChanged, {"version": 2, "uses": 1}),
        (GrantMalformed, {"fields": frozenset()}),
        (GrantMalformed, {"uses": -1}),
        (PeriodReversed, {"until": timedelta(days=-1)}),
    ],
)
async def test_anything_but_less_is_refused(desk: Any, why: type[Refusal], narrowing: dict[str, Any]) -> None:
    grant = await desk.give(uses=5, until=desk.now + timedelta(days=8))
    placed = {name: desk.now + value if isinstance(value, timedelta) else value for name, value in narrowing.items()}
    with pytest.raises(why):
        await narrow(desk, grant, **placed)
    assert await find(desk.pool, grant.subject, grant.id) == grant


async def test_only_the_subject_amends(desk: Any) -> None:
    grant = await desk.give()
    with pytest.raises(MoveRefused):
        await narrow(desk, grant, By.STAFF, uses=1)
