"""How much the commit lane gains: durable rows per second against one commit for each, 32 callers, A and B in turn.

    python benchmarks/commit_lane.py --url postgresql://role@/database?host=… --password-file FILE

It makes a table of its own in a schema that it drops. Absolute figures follow the disk; the ratio is what is asked
for: at least 3.
"""

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import msgspec

from dspace_core.stores import CommitLane, Connection, Pool, connect, open_pool
from dspace_core.values import random_id

TARGET = 3.0
CALLERS = 32
ROUNDS = 7
SECONDS = 1.0
_SCHEMA = "benchmark_commit_lane"
_BODY = b"x" * 200
_ONE = "INSERT INTO entry (key, body) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_MANY = "INSERT INTO entry (key, body) SELECT * FROM unnest($1::uuid[], $2::bytea[]) ON CONFLICT DO NOTHING"

Write = Callable[[UUID], Awaitable[object]]


class Figures(msgspec.Struct, frozen=True):
    """Durable rows per second, the medians of the rounds, and the median of the ratios of adjacent rounds."""

    single: float
    lane: float
    ratio: float

    @property
    def good(self) -> bool:
        return self.ratio >= TARGET

    def __str__(self) -> str:
        verdict = "met" if self.good else "MISSED"
        return (
            f"commit lane, {CALLERS} callers: {self.lane:,.0f} rows/s; one commit each: {self.single:,.0f} rows/s; "
            f"ratio {self.ratio:.1f} (target {TARGET:.0f}: {verdict})"
        )


async def measure(url: str, password: str | None) -> Figures:
    """Alternate single commits and the lane on one pool size, synchronous_commit on, and compare."""
    session = {"application_name": "benchmark", "synchronous_commit": "on", "search_path": _SCHEMA}
    owner = await connect(url, password=password)
    await owner.execute(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE; CREATE SCHEMA {_SCHEMA}")
    await owner.execute(f"CREATE TABLE {_SCHEMA}.entry (key uuid PRIMARY KEY, body bytea NOT NULL)")
    try:
        async with await open_pool(url, password=password, size=CALLERS + 1, session=session) as pool:
            return await _compare(pool)
    finally:
        await owner.execute(f"DROP SCHEMA {_SCHEMA} CASCADE")
        await owner.close()


async def _compare(pool: Pool) -> Figures:
    async with (
        CommitLane[UUID, None](pool, write=_write, key=lambda key: key) as lane,
        AsyncExitStack() as held,
    ):
        # Held like the lane's own, so that no round trip for taking and giving back flatters the lane.
        idle = [await held.enter_async_context(pool.acquire()) for _ in range(CALLERS)]

        async def single(key: UUID) -> None:
            connection = idle.pop()
            await connection.execute(_ONE, key, _BODY)
            idle.append(connection)

        for write in (single, lane.submit):  # plans
            await _rate(write, SECONDS / 4)
        gc.collect()
        gc.freeze()
        pairs = [(await _rate(single, SECONDS), await _rate(lane.submit, SECONDS)) for _ in range(ROUNDS)]
        gc.unfreeze()
    singles, lanes = zip(*pairs, strict=True)
    ratio = statistics.median(lane_rate / single_rate for single_rate, lane_rate in pairs)
    return Figures(statistics.median(singles), statistics.median(lanes), ratio)


async def _write(connection: Connection, keys: Sequence[UUID]) -> Sequence[None]:
    await connection.execute(_MANY, keys, [_BODY] * len(keys))
    return [None] * len(keys)


async def _rate(write: Write, seconds: float) -> float:
    """Rows per second that as many callers get, each waiting for its row before the next."""
    begun = time.perf_counter()
    counts = await asyncio.gather(*(_caller(write, begun + seconds) for _ in range(CALLERS)))
    return sum(counts) / (time.perf_counter() - begun)


async def _caller(write: Write, until: float) -> int:
    count = 0
    while time.perf_counter() < until:
        await write(random_id())
        count += 1
    return count


def main(argv: list[str]) -> int:
    """Print the figures; 0 when the target is met."""
    parser = argparse.ArgumentParser(description="Measure the commit lane on a database that the role may write to.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--password-file", type=Path)
    asked = parser.parse_args(argv)
    password = asked.password_file.read_text().strip() if asked.password_file else None
    figures = asyncio.run(measure(asked.url, password))
    print(figures)
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
