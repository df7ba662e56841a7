"""A resident process without a web server: `python -m dspace_core.machine.resident notary|clock`.

Each enters the databases with its own role and keeps watch over what its work rests on. What it finds wrong it says
loudly and once per change: a database out of reach, or clocks further apart than article 13 allows.
"""

import asyncio
import logging
import os
import signal
import sys

import msgspec

from dspace_core.errors import Refusal
from dspace_core.machine import addresses
from dspace_core.machine.home import Home
from dspace_core.machine.line import Line
from dspace_core.machine.settings import Settings, read
from dspace_core.stores import Pool, check_clocks, open_pool

_log = logging.getLogger("dspace.machine")
_EVERY = 2.0


class Duty(msgspec.Struct, frozen=True):
    """Which role a resident enters with, and which clusters it needs."""

    role: addresses.Role
    stores: tuple[addresses.Store, ...]


DUTIES = {
    "notary": Duty(addresses.Role.NOTARY, (addresses.Store.MAIN, addresses.Store.KEYS)),
    "clock": Duty(addresses.Role.APP, (addresses.Store.MAIN,)),
}


def main(argv: list[str]) -> int:
    """Stand until asked to end."""
    name, line = argv[0], Line.of(argv)
    logging.basicConfig(format=f"dspace {name}: %(message)s", level=logging.INFO)
    settings = read(os.environ)
    line.wait_for_go()
    asyncio.run(_stand(DUTIES[name], addresses_of(DUTIES[name], settings), line))
    return 0


def addresses_of(duty: Duty, settings: Settings) -> list[addresses.Address]:
    """The addresses a duty needs."""
    home = Home(settings)
    return [addresses.database(settings, home, store, duty.role) for store in duty.stores]


async def _stand(duty: Duty, places: list[addresses.Address], line: Line) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    pools = [await open_pool(place.url, password=place.password, size=2) for place in places]
    line.say_ready()
    try:
        await _watch(pools, asked)
    finally:
        for pool in pools:
            await pool.close()


async def _watch(pools: list[Pool], asked: asyncio.Event) -> None:
    wrong: str | None = None
    while not asked.is_set():
        found = await _look(pools)
        if found != wrong:
            _log.error("%s", found) if found else _log.info("well again")
        wrong = found
        try:
            await asyncio.wait_for(asked.wait(), _EVERY)
        except TimeoutError:
            continue


async def _look(pools: list[Pool]) -> str | None:
    try:
        for pool in pools:
            await check_clocks(pool)
    except Refusal as refusal:
        return str(refusal)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
