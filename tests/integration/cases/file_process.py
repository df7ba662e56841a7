"""One process that files: `file_process.py WORK`, the space and the time as JSON.

It reads lines of JSON and answers each by a line: filings to file one after the other, for which it says `ready` first
and waits for another line; or filings and a point at which the child that files each of them is killed.
"""

import asyncio
import os
import signal
import sys
from datetime import datetime
from typing import Any

import msgspec

from dspace_core.cases import Filing
from dspace_core.errors import Refusal
from dspace_core.points import Point, arm
from dspace_core.testing.counter import Counter
from dspace_core.testing.space import ScratchSpace, SpaceProcess


class Work(msgspec.Struct):
    space: ScratchSpace
    now: datetime


class Order(msgspec.Struct):
    filings: list[Filing]
    kill_at: Point | None = None


async def one(process: SpaceProcess, filing: Filing) -> str:
    try:
        return (await Counter(process, filing.subject).intake.file(filing)).number
    except Refusal as refusal:
        return refusal.code


async def race(work: Work, order: Order) -> list[str]:
    async with work.space.process(lambda: work.now) as process:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        return [await one(process, filing) for filing in order.filings]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Work, order: Order) -> list[int]:
    """File each in a child that dies at the point; answer by which signals they ended."""
    return [_killed(work, order.kill_at, filing) for filing in order.filings if order.kill_at is not None]


def _killed(work: Work, point: Point, filing: Filing) -> int:
    child = os.fork()
    if not child:
        arm(point, die)
        asyncio.run(_filed_once(work, filing))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


async def _filed_once(work: Work, filing: Filing) -> None:
    async with work.space.process(lambda: work.now) as process:
        await one(process, filing)


def main() -> None:
    work = msgspec.json.decode(sys.argv[1], type=Work, dec_hook=lambda form, told: form(told))
    for line in iter(sys.stdin.readline, ""):
        order = msgspec.json.decode(line, type=Order)
        answer: Any = asyncio.run(race(work, order)) if order.kill_at is None else killed(work, order)
        print(msgspec.json.encode(answer).decode(), flush=True)


if __name__ == "__main__":
    main()
