"""How long a withdrawal waits for the uses of its grant: eight sessions that overlap, each holding its use for 4 to 20 ms.

From the call to the answer of COMMIT; telling the processes that may still release, and draining them, is not in it.
"""

import asyncio
import random
import statistics
import time
from datetime import UTC, datetime, timedelta

from dspace_core.grants import Admitted, By, Change, Claim, Grant, NoticeId, Withdrawn, admit, tables, withdraw
from dspace_core.grants.approvals import Attestation
from dspace_core.stores import Connection, Pool, open_pool, transaction
from dspace_core.testing import ScratchDatabase, ScratchServers
from dspace_core.values import EvidenceId, GrantId, Period, Subject, UseId, random_id

NOW = datetime(2026, 5, 6, tzinfo=UTC)
SESSIONS = 8
ROUNDS = 200
USES_BEFORE = 2 * SESSIONS
HOLD_SECONDS = (0.004, 0.020)


def standing() -> Grant:
    """A standing grant of one field, without a budget."""
    return Grant(
        subject=Subject(random_id()),
        id=GrantId(random_id()),
        plugin="social_security",
        recipient="human_resources",
        item="440111000001",
        item_version=1,
        fields=frozenset({"household.record.district"}),
        purpose="发放养老待遇",
        case=None,
        period=Period(NOW - timedelta(days=1), NOW + timedelta(days=1)),
        uses_left=None,
        notice=NoticeId(random_id()),
        acts=frozenset(),
        evidence=EvidenceId(random_id()),
    )


def measure() -> dict[str, float]:
    """Milliseconds of a withdrawal under eight sessions that use its grant, median and 99th percentile of 200."""
    servers = ScratchServers()
    servers.start()
    try:
        address = ScratchDatabase.create(servers.folder).migrate().address("app")
        spans = asyncio.run(_rounds(address.url, address.password))
    finally:
        servers.stop()
    return {"withdraw_p50_ms": statistics.median(spans), "withdraw_p99_ms": statistics.quantiles(spans, n=100)[98]}


async def _rounds(url: str, password: str | None) -> list[float]:
    draw = random.Random(8)
    async with await open_pool(url, password=password, size=SESSIONS + 1) as pool:
        return [await _round(pool, draw) for _ in range(ROUNDS)]


async def _round(pool: Pool, draw: random.Random) -> float:
    grant, busy, count = standing(), asyncio.Event(), 0
    async with transaction(pool) as db:
        await tables.add(db, grant)

    async def use() -> None:
        nonlocal count
        answer: object = Admitted()
        while answer == Admitted():
            async with transaction(pool) as db:
                (answer,) = await admit(db, [_claim(grant)], NOW)
                await asyncio.sleep(draw.uniform(*HOLD_SECONDS))
            count += 1
            if count == USES_BEFORE:
                busy.set()

    users = [asyncio.create_task(use()) for _ in range(SESSIONS)]
    await busy.wait()
    began = time.perf_counter()
    async with transaction(pool) as db:
        assert isinstance(await withdraw(db, _change(grant), _attest), Withdrawn)
    span = time.perf_counter() - began
    await asyncio.gather(*users)
    return span * 1000


def _claim(grant: Grant) -> Claim:
    return Claim(
        subject=grant.subject,
        use=UseId(random_id()),
        grant=grant.id,
        version=grant.version,
        budgeted=False,
        evidence=EvidenceId(random_id()),
    )


def _change(grant: Grant) -> Change:
    return Change(
        subject=grant.subject,
        grant=grant.id,
        by=By.SUBJECT,
        at=NOW,
        evidence=EvidenceId(random_id()),
        act=random_id(),
    )


async def _attest(db: Connection, act: Attestation) -> str:
    return ""


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:<28} {figure:12.3f}")
