"""How fast uses are admitted: through the whole gate but for the source, against plain group-committed inserts.

Same callers, same batches, records of the same size, synchronous_commit on for both, A and B in turn. Every use is a new
one under a standing grant; what is taken out is the source and the way to it.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from dspace_core.catalog import DataCategory
from dspace_core.gate import Gate
from dspace_core.sources import Answer
from dspace_core.stores import CommitLane, Connection, connect
from dspace_core.testing import ScratchServers
from dspace_core.testing.claims import Claim, Sent, claim
from dspace_core.testing.space import ScratchSpace, SpaceProcess
from dspace_core.values import Subject, random_id

CALLERS = 64
ROUNDS = 7
SECONDS = 1.0
_PEOPLE = 100
_TABLE = """
    CREATE TABLE plain (key uuid PRIMARY KEY, subject_id uuid NOT NULL, body bytea NOT NULL);
    GRANT SELECT, INSERT ON plain TO dspace_app
"""
_PLAIN = "INSERT INTO plain (key, subject_id, body) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[])"

Act = Callable[[int], Awaitable[object]]


class _Sourceless(Gate):
    """The gate without the source and the way to it."""

    async def _fetched(self, subject: Subject, category: DataCategory, fields: frozenset[str]) -> dict[str, Answer]:
        return {"account_no": "0", "holder_name": "0", "bank_name": "0", "account_active": True}


def measure() -> dict[str, float]:
    """Uses per second, and their share of plain inserts: the medians of the rounds."""
    servers = ScratchServers()
    servers.start()
    try:
        with TemporaryDirectory() as place:
            Path(place).chmod(0o711)
            space = ScratchSpace.create(servers.folder, Path(place) / "space", people=_PEOPLE)
            return asyncio.run(_compare(space))
    finally:
        servers.stop()


async def _compare(space: ScratchSpace) -> dict[str, float]:
    owner = await connect(space.ledger.main.url("migrate"), password=space.ledger.main.password("migrate"))
    await owner.execute(_TABLE)
    async with space.process(gate=_Sourceless) as process:
        claims = [await claim(process, citizen) for citizen in space.holders()[:CALLERS]]
        claims = [claims[n % len(claims)] for n in range(CALLERS)]
        await process.gate.use(claims[0].wants(), Sent())
        size = await owner.fetchval("SELECT max(octet_length(sealed)) FROM evidence_pending")
        async with CommitLane[UUID, None](process.session.db, write=_write(b"x" * size), key=lambda key: key) as lane:

            async def plain(_: int) -> None:
                await lane.submit(random_id())

            pairs = await _rounds(plain, _uses(process, claims))
    await owner.close()
    plains, uses = zip(*pairs, strict=True)
    ratio = statistics.median(use / plain_rate for plain_rate, use in pairs)
    print(f"plain {statistics.median(plains):,.0f} rows/s, uses {statistics.median(uses):,.0f}/s, {size} bytes")
    return {"use_per_second": statistics.median(uses), "use_of_plain_insert": ratio}


def _uses(process: SpaceProcess, claims: Sequence[Claim]) -> Act:
    numbers = count()

    async def use(caller: int) -> None:
        await process.gate.use(claims[caller].wants(hook=f"h{next(numbers)}"), Sent())

    return use


def _write(body: bytes) -> Callable[[Connection, Sequence[UUID]], Awaitable[Sequence[None]]]:
    async def write(connection: Connection, keys: Sequence[UUID]) -> Sequence[None]:
        await connection.execute(_PLAIN, keys, keys, [body] * len(keys))
        return [None] * len(keys)

    return write


async def _rounds(plain: Act, use: Act) -> list[tuple[float, float]]:
    for act in (plain, use):  # plans
        await _rate(act, SECONDS / 4)
    gc.collect()
    gc.freeze()
    pairs = [(await _rate(plain, SECONDS), await _rate(use, SECONDS)) for _ in range(ROUNDS)]
    gc.unfreeze()
    return pairs


async def _rate(act: Act, seconds: float) -> float:
    begun = time.perf_counter()

    async def caller(number: int) -> int:
        done = 0
        while time.perf_counter() < begun + seconds:
            await act(number)
            done += 1
        return done

    counts = await asyncio.gather(*map(caller, range(CALLERS)))
    return sum(counts) / (time.perf_counter() - begun)


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:<28} {figure:12.3f}")
