"""The races: approvals against each other, withdrawals against uses, uses against a budget, batches against batches."""

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

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
    Withdrawn,
    admit,
    amend,
    find,
    of_subject,
    use_tables,
    withdraw,
)
from dspace_core.grants import tables as grant_tables
from dspace_core.grants.line import PASSED
from dspace_core.grants.refusals import WithdrawnGrant
from dspace_core.stores import Connection, Pool, transaction
from dspace_core.stores.refusals import LockTimeout
from dspace_core.testing.servers import ScratchDatabase
from dspace_core.values import EvidenceId, GrantId, Subject, UseId, random_id

NOTICES = 30
ROUNDS = 300
PROGRAM = Path(__file__).with_name("approve_process.py")


def claim(grant: Grant, use: UseId | None = None) -> Claim:
    return Claim(
        subject=grant.subject,
        use=use or UseId(random_id()),
        grant=grant.id,
        version=grant.version,
        budgeted=grant.uses_left is not None,
        evidence=EvidenceId(random_id()),
    )


async def admitted(pool: Pool, claims: Sequence[Claim], desk: Any) -> list[Admission]:
    async with transaction(pool) as db:
        return await admit(db, claims, desk.now)


async def copies(desk: Any, number: int, **changes: object) -> list[Grant]:
    """Grants of many subjects."""
    template = await desk.give(**changes)
    made = [
        msgspec.structs.replace(template, subject=Subject(random_id()), id=GrantId(random_id())) for _ in range(number)
    ]
    async with transaction(desk.pool) as db:
        for grant in made:
            await grant_tables.add(db, grant)
    return made


async def test_two_processes_that_approve_one_notice_get_one_grant(desk: Any, ready: ScratchDatabase) -> None:
    notices = [await desk.show(desk.offer()) for _ in range(NOTICES)]
    line = msgspec.json.encode([(notice.subject, notice.id) for notice in notices]) + b"\n"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            ready.url("app"),
            ready.password("app"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        assert await process.stdout.readline() == b"ready\n"
    told = [answer for answer, _ in await asyncio.gather(*(process.communicate(b"go\n") for process in processes))]
    one, two = (msgspec.json.decode(answer, type=list[str]) for answer in told)
    for pair in zip(one, two, strict=True):
        assert sorted(answer == "grants.notice_used" for answer in pair) == [False, True]
    granted = {answer for answer in (*one, *two) if answer != "grants.notice_used"}
    assert {str(grant.id) for grant in await of_subject(desk.pool, desk.subject)} == granted
    assert len(granted) == NOTICES


async def _use_until_refused(desk: Any, grant: Grant) -> tuple[int, int]:
    """Admit one use after the other until the grant is not live. When the last commit was asked for, and how many."""
    asked = count = 0
    while True:
        async with transaction(desk.pool) as db:
            (answer,) = await admit(db, [claim(grant)], desk.now)
            if isinstance(answer, NotLive):
                assert answer.why is WithdrawnGrant
                return asked, count
            await db.execute("INSERT INTO notebook VALUES ($1, 'use')", random_id())  # as the evidence would
            asked = time.monotonic_ns()
        count += 1


async def test_article_3_after_a_withdrawal_has_committed_no_use_commits(desk: Any) -> None:
    admissions = 0
    draw = random.Random(3)  # noqa: S311
    grants = [*await copies(desk, ROUNDS // 2), *await copies(desk, ROUNDS // 2, uses=100_000)]
    for grant in grants:
        users = [asyncio.create_task(_use_until_refused(desk, grant)) for _ in range(3)]
        for _ in range(draw.randrange(12)):  # so that the withdrawal meets the uses at different points
            await asyncio.sleep(0)
        assert isinstance(await desk.do(withdraw, grant), Withdrawn)
        withdrawn = time.monotonic_ns()
        for asked, count in await asyncio.gather(*users):
            assert asked < withdrawn
            admissions += count
    assert admissions > 0


_WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


async def _waits(owner: Connection, task: "asyncio.Task[Any]", number: int = 1) -> bool:
    """Whether so many wait for a lock before the task is through."""
    while not task.done():
        if await owner.fetchval(_WAITING) >= number:
            return True
    return False


class Queue:
    """A use that was admitted, a withdrawal that waits for it, and a use that came after the withdrawal."""

    def __init__(self, desk: Any, owner: Connection) -> None:
        self.desk = desk
        self.owner = owner

    async def form(self, uses: int | None) -> tuple[bool, Admission]:
        """Whether the later use waits while the withdrawal does, and what becomes of it."""
        grant = await self.desk.give(uses=uses)
        async with transaction(self.desk.pool) as db:
            assert await admit(db, [claim(grant)], self.desk.now) == [Admitted()]
            withdrawing = asyncio.create_task(self.desk.do(withdraw, grant))
            assert await _waits(self.owner, withdrawing)
            later = asyncio.create_task(admitted(self.desk.pool, [claim(grant)], self.desk))
            behind = await _waits(self.owner, later, 2)
        assert isinstance(await withdrawing, Withdrawn)
        (answer,) = await later
        return behind, answer


@pytest.mark.parametrize("uses", [None, 5])
async def test_a_withdrawal_waits_for_a_use_that_was_admitted(desk: Any, owner: Connection, uses: int | None) -> None:
    grant = await desk.give(uses=uses)
    async with transaction(desk.pool) as db:
        assert await admit(db, [claim(grant)], desk.now) == [Admitted()]
        withdrawing = asyncio.create_task(desk.do(withdraw, grant))
        assert await _waits(owner, withdrawing)
    assert isinstance(await withdrawing, Withdrawn)


async def test_a_use_waits_for_a_withdrawal_and_is_refused(desk: Any, owner: Connection) -> None:
    grant = await desk.give()
    async with transaction(desk.pool) as db:
        await withdraw(db, desk.change(grant), desk.attest)
        using = asyncio.create_task(admitted(desk.pool, [claim(grant)], desk))
        assert await _waits(owner, using)
    assert await using == [NotLive(WithdrawnGrant)]


@pytest.mark.parametrize("uses", [None, 5])
async def test_article_3_no_use_joins_past_a_withdrawal_that_waits(
    desk: Any, owner: Connection, uses: int | None
) -> None:
    """Else uses that overlap would hold it up for as long as they come."""
    assert await Queue(desk, owner).form(uses) == (True, NotLive(WithdrawnGrant))


async def test_a_withdrawal_waits_no_longer_than_its_lock_timeout(desk: Any) -> None:
    grant = await desk.give()
    async with transaction(desk.pool) as db:
        await admit(db, [claim(grant)], desk.now)
        with pytest.raises(LockTimeout):
            async with transaction(desk.pool, lock_timeout=timedelta(milliseconds=20)) as other:
                await withdraw(other, desk.change(grant), desk.attest)
    assert isinstance(await desk.do(withdraw, grant), Withdrawn)


# The planted bugs: they show that the tests above look at the line and at the lock, and at nothing else.

_NO_LINE = use_tables._LOCK.replace(PASSED, "$3::bigint[] IS NOT NULL")


async def test_without_the_line_a_use_would_join_past_a_withdrawal(
    desk: Any, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_tables, "_LOCK_LIVE", f"{_NO_LINE} FOR SHARE OF g")
    assert await Queue(desk, owner).form(None) == (False, Admitted())


async def test_without_the_lock_a_use_would_be_decided_on_what_was_read_before_the_wait(
    desk: Any, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_tables, "_LOCK_LIVE", use_tables._LOCK)
    assert await Queue(desk, owner).form(None) == (True, Admitted())


async def test_without_both_a_use_would_be_overtaken(
    desk: Any, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_tables, "_LOCK_LIVE", _NO_LINE)
    grant = await desk.give()
    async with transaction(desk.pool) as db:
        assert await admit(db, [claim(grant)], desk.now) == [Admitted()]
        withdrawing = asyncio.create_task(desk.do(withdraw, grant))
        assert not await _waits(owner, withdrawing)


async def test_a_budget_of_n_admits_exactly_n_of_three_times_as_many(desk: Any, owner: Connection) -> None:
    budget = 40
    grant = await desk.give(uses=budget)
    batches = [[claim(grant) for _ in range(size)] for size in [1] * budget + [2] * budget]
    answers = await asyncio.gather(*(admitted(desk.pool, batch, desk) for batch in batches))
    flat = [answer for batch in answers for answer in batch]
    assert len(flat) == 3 * budget
    assert sum(isinstance(answer, Admitted) for answer in flat) == budget
    found = await find(desk.pool, grant.subject, grant.id)
    assert found is not None
    assert found.uses_left == 0
    assert await owner.fetchval("SELECT count(*) FROM use WHERE grant_id = $1", grant.id) == budget


@pytest.mark.parametrize("uses", [None, 1])
async def test_one_use_from_many_sides_at_once_counts_once(desk: Any, uses: int | None) -> None:
    grant = await desk.give(uses=uses)
    same = UseId(random_id())
    claims = [claim(grant, same) for _ in range(10)]
    answers = [answer for (answer,) in await asyncio.gather(*(admitted(desk.pool, [each], desk) for each in claims))]
    (first,) = [made for made, answer in zip(claims, answers, strict=True) if isinstance(answer, Admitted)]
    assert [answer for answer in answers if not isinstance(answer, Admitted)] == [Redelivered(first.evidence)] * 9


@pytest.mark.parametrize("uses", [None, 100_000])
async def test_batches_in_any_order_and_changes_among_them_do_not_deadlock(desk: Any, uses: int | None) -> None:
    """No statement waits in a circle: a deadlock would be told as a refusal, and none is."""
    grants = await copies(desk, 24, uses=uses)
    shared = [UseId(random_id()) for _ in grants]
    told: list[Admission] = []

    async def batches(seed: int) -> None:
        draw = random.Random(seed)  # noqa: S311
        for _ in range(40):
            claims = [claim(grant, use) for grant, use in zip(grants, shared, strict=True)]
            claims += [claim(grant) for grant in grants]
            draw.shuffle(claims)
            told.extend(await admitted(desk.pool, claims, desk))

    async def changes() -> None:
        for grant in grants[::4]:
            await desk.do(withdraw, grant)
        for grant in grants[1::4]:
            await desk.do(amend, grant, By.SUBJECT, Narrowing(version=1, uses=5))
        async with transaction(desk.pool) as db:  # several in one transaction, as a cascade would
            for grant in sorted(grants[2::4], key=lambda grant: (grant.subject, grant.id)):
                await withdraw(db, desk.change(grant), desk.attest)

    try:
        await asyncio.gather(batches(1), batches(2), batches(3), changes())
    except Refusal as refusal:
        pytest.fail(f"{refusal.code}")
    assert sum(isinstance(answer, Admitted) for answer in told) > 0
    assert sum(isinstance(answer, Redelivered) for answer in told) > 0


_FREE = "SELECT grant_id FROM grants WHERE grant_id = ANY($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED"


@pytest.mark.parametrize("uses", [None, 5])
async def test_grants_are_locked_in_the_order_of_their_keys(desk: Any, owner: Connection, uses: int | None) -> None:
    """Whoever waits for the first holds nothing behind it; whoever waits for the last holds all before it."""
    grants = sorted(await copies(desk, 8, uses=uses), key=lambda grant: (grant.subject, grant.id))
    ids = [grant.id for grant in grants]
    for held, free in ((grants[0], ids[1:]), (grants[-1], [])):
        async with transaction(desk.pool) as db:
            await use_tables.lock_budgets(db, [(held.subject, held.id)])
            using = asyncio.create_task(admitted(desk.pool, [claim(grant) for grant in grants], desk))
            assert await _waits(owner, using)
            assert sorted(row[0] for row in await owner.fetch(_FREE, ids)) == sorted(free)
        assert await using == [Admitted()] * 8


async def test_uses_are_entered_in_the_order_of_their_keys(desk: Any, owner: Connection) -> None:
    """Whoever waits for the first has entered nothing behind it, in whatever order the claims arrived."""
    grant = await desk.give()
    ids = sorted((UseId(random_id()) for _ in range(8)), reverse=True)
    async with transaction(desk.pool) as db:
        await admit(db, [claim(grant, ids[-1])], desk.now)
        using = asyncio.create_task(admitted(desk.pool, [claim(grant, use) for use in ids], desk))
        assert await _waits(owner, using)
        assert await admitted(desk.pool, [claim(grant, use) for use in ids[:-1]], desk) == [Admitted()] * 7
    assert all(isinstance(answer, Redelivered) for answer in await using)
