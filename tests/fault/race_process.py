"""One web-like process of the withdrawal race: a gate, a worker with the real plugin, and a place where it stops itself.

Its first line on stdin is the space; each further line is a round: claims, and the place at which to
stop. It answers each round with
one line: per claim, when the account went out, when the worker had it, and what became of the use.
"""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextvars import ContextVar
from datetime import date
from pathlib import Path

import msgspec

from dspace_core.confine.asks import Asked, Release
from dspace_core.confine.host import Worker
from dspace_core.confine.process import executed
from dspace_core.errors import Refusal
from dspace_core.gate import door
from dspace_core.gate.admitting import admit_granted
from dspace_core.grants import use_tables
from dspace_core.grants.line import PASSED
from dspace_core.points import Point, arm, disarm
from dspace_core.scenario import DECIDE, Case
from dspace_core.testing.claims import ACCOUNT, PLUGIN, Claim
from dspace_core.testing.space import CLAIM, ScratchSpace, SpaceProcess

_account: ContextVar[bool] = ContextVar("account", default=False)


class Went(msgspec.Struct, frozen=True):
    """What became of the account of one claim. Stamps are CLOCK_MONOTONIC in ns."""

    sent: int | None
    received: int | None
    code: str | None


class Stop:
    """Stops the process the first time it comes by."""

    def __init__(self) -> None:
        self.armed = False

    def __call__(self) -> None:
        if self.armed:
            self.armed = False
            os.kill(os.getpid(), signal.SIGSTOP)

    def of_account(self) -> None:
        """The same, for a use of the account only."""
        if _account.get():
            self()


class Races:
    """Runs the rounds of one process."""

    def __init__(self, process: SpaceProcess, worker: Worker, stop: Stop) -> None:
        self.process = process
        self.worker = worker
        self.stop = stop
        self.asks: dict[tuple[int, int], Claim] = {}
        self.sent: dict[Claim, int] = {}
        self.received: dict[Claim, int] = {}

    def receipt(self, call: int, ask: int, at: int) -> None:
        """Told when an answer was in the worker's hands."""
        if (call, ask) in self.asks:
            self.received[self.asks[call, ask]] = at

    async def run(self, claims: tuple[Claim, ...], place: str) -> list[Went]:
        """Let the plugin decide all claims at once, and stop at this place once."""
        self.stop.armed = True
        point = {"lease": Point.LEASE, "release": Point.RELEASE}.get(place)
        if point is not None:
            arm(point, self.stop.of_account)
        codes = await asyncio.gather(*map(self._decide, claims))
        for point in (Point.LEASE, Point.RELEASE):
            disarm(point)
        return [
            Went(self.sent.get(claim), self.received.get(claim), code)
            for claim, code in zip(claims, codes, strict=True)
        ]

    async def _decide(self, claim: Claim) -> str | None:
        async def on_ask(asked: Asked, release: Release) -> None:
            _account.set(asked.use.item == ACCOUNT.item)
            if _account.get():
                self.asks[asked.call, asked.ask] = claim
            out = await self.process.gate.use(claim.wants(asked.use, hook=asked.hook), release)
            if _account.get():
                self.sent[claim] = out.stamp

        case = Case(id=str(claim.case), item=CLAIM, subject="s", accepted=date(2026, 5, 1))
        try:
            await self.worker.call(DECIDE, case, on_ask, within=20.0)
        except Refusal as no:
            return no.code
        return None


def _without(what: str) -> None:
    """Take a safeguard out, to see that the race shows it."""
    if what == "lock":
        bare = use_tables._LOCK.replace(PASSED, "$3::bigint[] IS NOT NULL")
        use_tables._LOCK_LIVE = bare


async def _serve(space: ScratchSpace, without: str, lines: asyncio.StreamReader, say: Callable[[object], None]) -> None:
    stop = Stop()

    async def admit_and_stop(*arguments: object) -> object:
        done = await admit_granted(*arguments)  # type: ignore[arg-type]
        if evidence:
            stop()
        return done

    evidence = False
    setattr(door, "admit_granted", admit_and_stop)  # noqa: B010
    _without(without)
    async with space.process() as process:
        races: Races | None = None
        worker = Worker(PLUGIN, executed(Path(sys.executable)), lambda *told: races.receipt(*told) if races else None)
        await worker.start()
        races = Races(process, worker, stop)
        say("ready")
        while line := await lines.readline():
            claims, place = pickle.loads(bytes.fromhex(line.decode()))  # noqa: S301  (our own parent's)
            evidence = place == "evidence"
            say(await races.run(claims, place))
        await worker.close()


async def main() -> None:
    """Serve the rounds on stdin."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)

    def say(answer: object) -> None:
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        sys.stdout.flush()

    space = pickle.loads(bytes.fromhex((await lines.readline()).decode()))  # noqa: S301
    await _serve(space, sys.argv[1], lines, say)


if __name__ == "__main__":
    asyncio.run(main())
