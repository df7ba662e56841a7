"""`dspace demo seed`: fill the made authorities of a development home that runs, with a bar that shows how far it is."""

import asyncio
import os
import sys
import time
from argparse import Namespace
from contextlib import suppress
from datetime import UTC, datetime

from dspace_core import machine
from dspace_core.calendar import legal_day
from dspace_core.cli.words import say
from dspace_core.machine import authorities
from dspace_core.machine.addresses import Store, external
from dspace_core.machine.home import Home
from dspace_core.machine.refusals import DevelopmentOnly
from dspace_core.sources import AUTHORITIES, Loaded, Made, seed

_WIDTH = 30
_PIPED_EVERY = 10.0


def run(chosen: Namespace) -> int:
    """Fill them, and say how much there is and how fast it went; 130 when interrupted, and then nothing has changed."""
    settings = machine.read(os.environ)
    if settings.mode is not machine.Mode.DEVELOPMENT or external(settings, Store.MAIN) is not None:
        raise DevelopmentOnly
    machine.status(settings)
    now = datetime.now(UTC)
    people = settings.people if chosen.people is None else chosen.people
    bar = _Bar()
    try:
        say(f"生成 making {people:,} people, seed {chosen.seed} …")
        done = asyncio.run(_seed(Home(settings), Made(chosen.seed, people, legal_day(now)), now, chosen.again, bar))
    except KeyboardInterrupt:
        bar.end()
        say("已中断,未写入任何数据 interrupted, nothing was written")
        return 130
    bar.end()
    say(
        f"完成 done: {people:,} people, {done.rows:,} rows in {len(AUTHORITIES)} authorities, "
        f"{done.seconds:.1f} s, {done.rate:,.0f} rows/s"
    )
    return 0


async def _seed(home: Home, made: Made, now: datetime, again: bool, bar: "_Bar") -> Loaded:
    async with authorities.inside(home) as databases:
        return await seed(databases, made, now, again=again, tell=bar.tell)


class _Bar:
    """On a terminal a bar that moves; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
        self._told = time.monotonic()

    def tell(self, loaded: Loaded) -> None:
        """Show how far it is."""
        if not self._moves and time.monotonic() < self._told + _PIPED_EVERY:
            return
        self._told = time.monotonic()
        full = round(_WIDTH * loaded.share)
        line = (
            f"[{'█' * full}{'·' * (_WIDTH - full)}] {loaded.share:4.0%} {loaded.rows:>12,} rows "
            f"{loaded.rate:>9,.0f} rows/s {loaded.table}"
        )
        self._write(f"\r{line:<100}" if self._moves else f"{line}\n")

    def end(self) -> None:
        """Leave the line free."""
        if self._moves:
            self._write("\r" + " " * 110 + "\r")

    def _write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()
