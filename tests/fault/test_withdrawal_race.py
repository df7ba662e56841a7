"""Article 3 as a race: a process is stopped between the commit of a use and its release while its grants are withdrawn.

Two processes with gates: this one withdraws, the other uses, with the real plugin in a real worker. Releases are stamped
by their host just after the last byte and by the worker when it has them, withdrawals just after their answer, all by
CLOCK_MONOTONIC of one machine.
"""

import asyncio
import os
import pickle
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGCONT
from time import monotonic_ns
from uuid import UUID

import msgspec
import pytest

from dspace_core.gate import Lease, stops
from dspace_core.grants import By, Change
from dspace_core.stores import Ephemeral, Pool
from dspace_core.testing.claims import Claim, claim_of
from dspace_core.testing.space import ScratchSpace, SpaceProcess
from dspace_core.values import EvidenceId, Subject, random_id

CLAIMS = 25
SCRIPT = Path(__file__).with_name("race_process.py")


class Went(msgspec.Struct, frozen=True):
    """As `race_process` says it."""

    sent: int | None
    received: int | None
    code: str | None


class Tally(msgspec.Struct):
    """What a run of races came to."""

    races: int = 0
    released: int = 0
    after: int = 0
    """Releases that the host or the worker stamped later than the answer to the withdrawal."""
    admitted_after: int = 0
    """Uses that were admitted after the withdrawal had committed."""
    early: int = 0
    """Answers that a worker had and its host never stamped."""

    def add(self, answered: int, went: Went, *, later: bool) -> None:
        """Count one race."""
        self.races += 1
        self.released += went.sent is not None
        self.after += any(stamp is not None and stamp > answered for stamp in (went.sent, went.received))
        self.admitted_after += later
        self.early += went.received is not None and went.sent is None


class Other:
    """The process that uses."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    def tell(self, what: object) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(pickle.dumps(what).hex().encode() + b"\n")
        self._child.stdin.flush()

    async def said(self) -> bytes:
        assert self._child.stdout is not None
        return await asyncio.to_thread(self._child.stdout.readline)

    async def stopped(self) -> None:
        """Return when the kernel says that it is stopped."""
        await asyncio.to_thread(os.waitid, os.P_PID, self._child.pid, os.WSTOPPED)

    def go_on(self) -> None:
        self._child.send_signal(SIGCONT)


@asynccontextmanager
async def another(space: ScratchSpace, without: str = "") -> AsyncIterator[Other]:
    child = subprocess.Popen(
        [sys.executable, str(SCRIPT), without], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/"
    )
    try:
        other = Other(child)
        other.tell(space)
        assert await other.said() == b'"ready"\n'
        yield other
    finally:
        child.send_signal(SIGCONT)
        child.kill()
        child.communicate()


@pytest.fixture(scope="module")
def space(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ScratchSpace:
    return ScratchSpace.create(server_folder, tmp_path_factory.mktemp("space"))


async def races(space: ScratchSpace, rounds: int, places: Sequence[str], *, seed: int, without: str = "") -> Tally:
    """Rounds of 25 withdrawals, each against a use of its grant in a process that is stopped on the way.

    `without` takes a safeguard out: the `lock` on the grant in the other process, or the `drain` in this one.
    """
    settled, used = stops.settled, dict[UUID, int]()

    async def counted(db: Pool, lease: Lease, ephemeral: Ephemeral | None, subject: Subject, basis: UUID) -> float:
        """Called when the withdrawal has committed."""
        used[basis] = await uses_of(db, subject, basis)
        return 0.0 if without == "drain" else await settled(db, lease, ephemeral, subject, basis)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stops, "settled", counted)
        return await _races(space, rounds, places, seed=seed, without=without, used=used)


async def _races(
    space: ScratchSpace, rounds: int, places: Sequence[str], *, seed: int, without: str, used: dict[UUID, int]
) -> Tally:
    draw, tally = random.Random(seed), Tally()  # noqa: S311
    async with space.process(sessions=CLAIMS + 8) as process, another(space, without) as other:
        subjects = [await process.subject(citizen) for citizen in space.claimants()]
        for number in range(rounds):
            claims = [await claim_of(process, draw.choice(subjects)) for _ in range(CLAIMS)]
            other.tell((tuple(claims), places[number % len(places)]))
            await other.stopped()
            answered = await _withdraw_all(process, other, claims, draw)
            went = msgspec.json.decode(await other.said(), type=list[Went])
            for one, answer, what in zip(claims, answered, went, strict=True):
                later = await uses_of(process.session.db, one.subject, one.grant.id) != used[one.grant.id]
                tally.add(answer, what, later=later)
    return tally


async def _withdraw_all(process: SpaceProcess, other: Other, claims: Sequence[Claim], draw: random.Random) -> list[int]:
    """Withdraw what a stopped process is using, and let it go on in between, or after. Answers when each was answered."""

    async def withdraw(one: Claim) -> int:
        change = Change(
            subject=one.subject,
            grant=one.grant.id,
            by=By.SUBJECT,
            at=datetime.now(UTC),
            evidence=EvidenceId(random_id()),
            act=random_id(),
        )
        await process.gate.withdraw(change)
        return monotonic_ns()

    async def go_on() -> None:
        await asyncio.sleep(draw.choice((0.01, 0.1, 0.3, 0.7, 1.5)))
        other.go_on()

    going_on = asyncio.create_task(go_on())
    answered = await asyncio.gather(*map(withdraw, claims))
    await going_on
    return answered


async def uses_of(db: Pool, subject: Subject, grant: UUID) -> int:
    found: int = await db.fetchval("SELECT count(*) FROM use WHERE subject_id = $1 AND grant_id = $2", subject, grant)
    return found


async def test_article_3_in_1000_races_nothing_goes_out_after_the_answer(space: ScratchSpace) -> None:
    tally = await races(space, 40, ("lease", "evidence", "lease", "release"), seed=3)
    assert tally.races == 1000
    assert (tally.after, tally.admitted_after, tally.early) == (0, 0, 0)
    assert tally.released  # else there was no race


async def test_without_the_drain_the_race_is_lost(space: ScratchSpace) -> None:
    assert (await races(space, 6, ("lease",), seed=4, without="drain")).after


async def test_without_the_lock_uses_are_admitted_after_the_withdrawal(space: ScratchSpace) -> None:
    assert (await races(space, 6, ("evidence",), seed=5, without="lock")).admitted_after
