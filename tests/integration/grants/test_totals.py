"""What was granted in uses stays the sum of what was used and what is left, whatever is done to the grant."""

from typing import Any

from dspace_core.grants import Admitted, By, Claim, Grant, Narrowing, admit, amend, find, pause, resume, withdraw
from dspace_core.grants.model import LARGEST_BUDGET
from dspace_core.stores import Connection, transaction
from dspace_core.values import EvidenceId, UseId, random_id


async def use(desk: Any, grant: Grant, count: int) -> None:
    claims = [
        Claim(
            subject=grant.subject,
            use=UseId(random_id()),
            grant=grant.id,
            version=grant.version,
            budgeted=grant.uses_left is not None,
            evidence=EvidenceId(random_id()),
        )
        for _ in range(count)
    ]
    async with transaction(desk.pool) as db:
        assert await admit(db, claims, desk.now) == [Admitted()] * count


async def sums(desk: Any, owner: Connection, grant: Grant) -> tuple[int | None, int | None, int]:
    """The total, what is left, and how many uses there are."""
    row = await owner.fetchrow("SELECT uses_total, uses_left FROM grants WHERE grant_id = $1", grant.id)
    assert row is not None
    return row[0], row[1], await owner.fetchval("SELECT count(*) FROM use WHERE grant_id = $1", grant.id)


async def again(desk: Any, grant: Grant) -> Grant:
    found = await find(desk.pool, grant.subject, grant.id)
    assert found is not None
    return found


async def test_the_total_of_a_budget_is_set_when_it_is_approved_and_moved_by_amendments(
    desk: Any, owner: Connection
) -> None:
    grant = await desk.give(uses=5)
    assert await sums(desk, owner, grant) == (5, 5, 0)
    await use(desk, grant, 2)
    assert await sums(desk, owner, grant) == (5, 3, 2)
    grant = await again(desk, grant)
    narrowed = await desk.do(amend, grant, By.SUBJECT, Narrowing(version=1, uses=1))
    assert await sums(desk, owner, grant) == (3, 1, 2)
    await use(desk, narrowed.grant, 1)
    notice = await desk.show(desk.wider(await again(desk, grant), uses=7))
    await desk.approve(notice, grant.id)
    assert await sums(desk, owner, grant) == (10, 7, 3)


async def test_pausing_resuming_and_withdrawing_leave_it_as_it_is(desk: Any, owner: Connection) -> None:
    grant = await desk.give(uses=5)
    await use(desk, grant, 2)
    for act in (pause, resume, withdraw):
        await desk.do(act, await again(desk, grant))
        assert await sums(desk, owner, grant) == (5, 3, 2)


async def test_a_first_budget_counts_the_uses_there_were(desk: Any, owner: Connection) -> None:
    grant = await desk.give()
    await use(desk, grant, 3)
    assert await sums(desk, owner, grant) == (None, None, 3)
    await desk.do(amend, grant, By.SUBJECT, Narrowing(version=1, uses=LARGEST_BUDGET))
    assert await sums(desk, owner, grant) == (LARGEST_BUDGET + 3, LARGEST_BUDGET, 3)
