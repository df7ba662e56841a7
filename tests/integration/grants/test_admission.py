"""Admitting uses: like one after the other, whatever the batch; and a budget counts exactly."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dspace_core.crypto import Secret
from dspace_core.errors import Refusal
from dspace_core.grants import (
    Admission,
    Admitted,
    By,
    Claim,
    Grant,
    Narrowing,
    NotLive,
    Redelivered,
    State,
    admit,
    amend,
    end,
    find,
    pause,
    resume,
    revoke,
    use_id,
    withdraw,
)
from dspace_core.grants import tables as grant_tables
from dspace_core.grants.refusals import (
    EndedGrant,
    Exhausted,
    Expired,
    GrantChanged,
    GrantMissing,
    NotBegun,
    Paused,
    RevokedGrant,
    UseConflict,
    WithdrawnGrant,
)
from dspace_core.stores import BrokenWriteError, CommitLane, Connection, Pool, transaction
from dspace_core.values import EvidenceId, GrantId, Subject, UseId, random_id

KEY = Secret(bytes(32))


def claim(grant: Grant, use: UseId | None = None) -> Claim:
    """A use of this grant as it was when it was given."""
    return Claim(
        subject=grant.subject,
        use=use or UseId(random_id()),
        grant=grant.id,
        version=grant.version,
        budgeted=grant.uses_left is not None,
        evidence=EvidenceId(random_id()),
    )


async def admitted(pool: Pool, claims: Sequence[Claim], now: datetime) -> list[Admission]:
    async with transaction(pool) as db:
        return await admit(db, claims, now)


async def test_a_use_of_a_live_grant_is_admitted_and_entered(desk: Any, owner: Connection) -> None:
    made = claim(await desk.give())
    assert await admitted(desk.pool, [made], desk.now) == [Admitted()]
    row = await owner.fetchrow("SELECT * FROM use WHERE subject_id = $1", made.subject)
    assert row is not None
    assert tuple(row) == (made.subject, made.use, made.grant, None, made.evidence)


async def test_an_empty_batch_is_answered_with_nothing(desk: Any) -> None:
    assert await admitted(desk.pool, [], desk.now) == []


@pytest.mark.parametrize(
    ("act", "by", "why"),
    [
        (pause, By.SUBJECT, Paused),
        (withdraw, By.SUBJECT, WithdrawnGrant),
        (revoke, By.STAFF, RevokedGrant),
        (end, By.SYSTEM, EndedGrant),
    ],
)
@pytest.mark.parametrize("uses", [None, 5])
async def test_article_3_no_use_and_no_redelivery_of_a_grant_that_is_not_live(
    desk: Any, act: Any, by: By, why: type[Refusal], uses: int | None
) -> None:
    grant = await desk.give(uses=uses)
    before = claim(grant)
    assert await admitted(desk.pool, [before], desk.now) == [Admitted()]
    await desk.do(act, grant, by)
    assert await admitted(desk.pool, [before, claim(grant)], desk.now) == [NotLive(why), NotLive(why)]


async def test_a_resumed_grant_is_used_again(desk: Any) -> None:
    grant = await desk.give()
    await desk.do(pause, grant)
    await desk.do(resume, grant)
    assert await admitted(desk.pool, [claim(grant)], desk.now) == [Admitted()]


async def test_a_use_counts_in_the_grants_period_only(desk: Any) -> None:
    grant = await desk.give(until=desk.now + timedelta(hours=1))
    early, late = desk.now - timedelta(milliseconds=1), desk.now + timedelta(hours=1)
    assert await admitted(desk.pool, [claim(grant)], early) == [NotLive(NotBegun)]
    assert await admitted(desk.pool, [claim(grant)], late) == [NotLive(Expired)]
    assert await admitted(desk.pool, [claim(grant)], late - timedelta(milliseconds=1)) == [Admitted()]


async def test_a_use_decided_on_older_terms_is_not_admitted(desk: Any) -> None:
    grant = await desk.give()
    kept = frozenset({"household.record.district"})
    await desk.do(amend, grant, By.SUBJECT, Narrowing(version=1, fields=kept))
    (answer,) = await admitted(desk.pool, [claim(grant)], desk.now)
    assert answer == NotLive(GrantChanged)
    assert isinstance(answer, NotLive)
    assert answer.code == "grants.changed"


async def test_a_budget_is_never_counted_under_the_shared_lock(desk: Any) -> None:
    grant = await desk.give(uses=1)
    unaware = msgspec.structs.replace(claim(grant), budgeted=False)
    assert await admitted(desk.pool, [unaware], desk.now) == [NotLive(GrantChanged)]


async def test_another_subjects_grant_is_missing(desk: Any) -> None:
    grant = await desk.give()
    strange = msgspec.structs.replace(claim(grant), subject=Subject(random_id()))
    assert await admitted(desk.pool, [strange], desk.now) == [NotLive(GrantMissing)]


@pytest.mark.parametrize("uses", [None, 1])
async def test_article_6_a_repeated_use_is_redelivered_and_costs_nothing(desk: Any, uses: int | None) -> None:
    grant = await desk.give(uses=uses)
    first = claim(grant)
    again = claim(grant, first.use)
    expected = [Admitted(), Redelivered(first.evidence)]
    assert await admitted(desk.pool, [first, again], desk.now) == expected
    assert await admitted(desk.pool, [again], desk.now) == [Redelivered(first.evidence)]
    found = await find(desk.pool, grant.subject, grant.id)
    assert found is not None
    assert found.uses_left == (None if uses is None else 0)


async def test_the_id_of_a_use_belongs_to_one_grant(desk: Any) -> None:
    one, two = await desk.give(), await desk.give()
    first = claim(one)
    assert await admitted(desk.pool, [first], desk.now) == [Admitted()]
    assert await admitted(desk.pool, [claim(two, first.use)], desk.now) == [NotLive(UseConflict)]


BY_DUTY = "INSERT INTO use (subject_id, use_id, grant_id, duty_id, evidence_id) VALUES ($1, $2, $3, $4, $5)"


@pytest.mark.parametrize("uses", [None, 5])
async def test_the_id_of_a_use_by_duty_is_no_grants(desk: Any, uses: int | None) -> None:
    made = claim(await desk.give(uses=uses))
    await desk.pool.execute(BY_DUTY, made.subject, made.use, None, random_id(), random_id())
    assert await admitted(desk.pool, [made], desk.now) == [NotLive(UseConflict)]


@pytest.mark.parametrize("grounds", [(None, None), (random_id(), random_id())], ids=["none", "both"])
async def test_a_use_rests_on_a_grant_or_on_a_duty(desk: Any, grounds: tuple[UUID | None, UUID | None]) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await desk.pool.execute(BY_DUTY, random_id(), random_id(), *grounds, random_id())


async def test_a_hook_that_runs_again_under_a_new_grant_of_its_case_is_admitted(desk: Any) -> None:
    """With the ids that `use_id` makes: repeated under one grant, new under the next."""
    first = await desk.give()
    second = await desk.give(case=first.case)

    def reading(grant: Grant) -> Claim:
        return claim(grant, use_id(KEY, case=grant.case, hook="decide", item="1", fields=["a"], basis=grant.id))

    before = reading(first)
    assert await admitted(desk.pool, [before, reading(first)], desk.now) == [Admitted(), Redelivered(before.evidence)]
    await desk.do(withdraw, first)
    assert await admitted(desk.pool, [reading(second)], desk.now) == [Admitted()]


async def test_the_first_uses_by_arrival_are_admitted_and_one_update_subtracts(desk: Any) -> None:
    grant, other = await desk.give(uses=2), await desk.give(uses=9)
    answers = await admitted(desk.pool, [claim(each) for each in (grant, other, grant, grant, other)], desk.now)
    assert answers == [Admitted(), Admitted(), Admitted(), NotLive(Exhausted), Admitted()]
    found = [await find(desk.pool, each.subject, each.id) for each in (grant, other)]
    assert [each.uses_left for each in found if each is not None] == [0, 7]


async def test_a_use_refused_for_its_budget_leaves_its_id_to_another_grant(desk: Any) -> None:
    spent, other = await desk.give(uses=1), await desk.give()
    await admitted(desk.pool, [claim(spent)], desk.now)
    same = UseId(random_id())
    answers = await admitted(desk.pool, [claim(spent, same), claim(other, same), claim(spent, same)], desk.now)
    assert answers == [NotLive(Exhausted), Admitted(), NotLive(UseConflict)]


async def test_what_is_undone_took_nothing(desk: Any) -> None:
    grant = await desk.give(uses=1)

    async def undone() -> None:
        async with transaction(desk.pool) as db:
            assert await admit(db, [claim(grant)], desk.now) == [Admitted()]
            raise GrantMissing

    with pytest.raises(GrantMissing):
        await undone()
    assert await admitted(desk.pool, [claim(grant)], desk.now) == [Admitted()]


async def test_admitting_outside_a_transaction_is_our_fault(desk: Any) -> None:
    made = claim(await desk.give())
    async with desk.pool.acquire() as db:
        with pytest.raises(BrokenWriteError):
            await admit(db, [made], desk.now)


async def test_the_commit_lane_admits_many_subjects_at_once(desk: Any, pool: Pool) -> None:
    grant = await desk.give()

    async def write(db: Connection, claims: Sequence[Claim]) -> list[Admission]:
        return await admit(db, claims, desk.now)

    grants = []
    async with transaction(pool) as db:
        for _ in range(40):
            one = msgspec.structs.replace(grant, subject=Subject(random_id()), id=GrantId(random_id()))
            await grant_tables.add(db, one)
            grants.append(one)
    async with CommitLane[Claim, Admission](pool, write=write, key=lambda row: row.key, flushers=2, batch=8) as lane:
        answers = await asyncio.gather(*(lane.submit(claim(one)) for one in grants))
    assert answers == [Admitted()] * 40


# Against a model that admits one use after the other


class Wish(msgspec.Struct, frozen=True):
    """One claim of an example: indices of a subject, of its use and of a grant, and whether it is out of date."""

    subject: int
    use: int
    grant: int
    stale: bool = False
    mistaken: bool = False


WISHES = st.builds(
    Wish,
    st.integers(0, 1),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 9).map(lambda n: n == 0),
    st.integers(0, 9).map(lambda n: n == 0),
)
STATES = st.sampled_from([State.LIVE] * 6 + list(State))
_WHY: dict[State, type[Refusal]] = {
    State.PAUSED: Paused,
    State.WITHDRAWN: WithdrawnGrant,
    State.REVOKED: RevokedGrant,
    State.ENDED: EndedGrant,
}


class Model:
    """What should happen, said as simply as it can be."""

    def __init__(self, grants: Sequence[Grant]) -> None:
        self.left = {(grant.subject, grant.id): grant.uses_left for grant in grants}
        self.grants = {(grant.subject, grant.id): grant for grant in grants}
        self.used: dict[tuple[Subject, UseId], Claim] = {}

    def admit(self, made: Claim) -> Admission:
        grant = self.grants.get(made.grant_key)
        if grant is None:
            return NotLive(GrantMissing)
        if grant.state is not State.LIVE:
            return NotLive(_WHY[grant.state])
        if made.version != grant.version or made.budgeted != (grant.uses_left is not None):
            return NotLive(GrantChanged)
        first = self.used.get(made.key)
        if first is not None:
            return Redelivered(first.evidence) if first.grant == made.grant else NotLive(UseConflict)
        left = self.left[made.grant_key]
        if left == 0:
            return NotLive(Exhausted)
        if left is not None:
            self.left[made.grant_key] = left - 1
        self.used[made.key] = made
        return Admitted()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(st.lists(WISHES, max_size=12), max_size=3),
    budgets=st.lists(st.none() | st.integers(0, 3), min_size=4, max_size=4),
    states=st.lists(STATES, min_size=4, max_size=4),
)
async def test_batches_are_admitted_like_one_use_after_the_other(
    desk: Any, batches: list[list[Wish]], budgets: list[int | None], states: list[State]
) -> None:
    template = await desk.give()
    subjects = [Subject(random_id()) for _ in range(2)]
    uses = [UseId(random_id()) for _ in range(4)]
    grants = [
        msgspec.structs.replace(
            template, subject=subjects[place % 2], id=GrantId(random_id()), uses_left=budget, state=state
        )
        for place, (budget, state) in enumerate(zip(budgets, states, strict=True))
    ]
    async with transaction(desk.pool) as db:
        for grant in grants:
            await grant_tables.add(db, grant)
    model = Model(grants)
    for batch in batches:
        claims = [
            Claim(
                subject=subjects[wish.subject],
                use=uses[wish.use],
                grant=grants[wish.grant].id,
                version=grants[wish.grant].version + wish.stale,
                budgeted=(grants[wish.grant].uses_left is not None) != wish.mistaken,
                evidence=EvidenceId(random_id()),
            )
            for wish in batch
        ]
        assert await admitted(desk.pool, claims, desk.now) == [model.admit(made) for made in claims]
    for grant in grants:
        found = await find(desk.pool, grant.subject, grant.id)
        assert found is not None
        assert found.uses_left == model.left[grant.subject, grant.id]
