"""A resident process without a web server: `python -m dspace_core.machine.resident notary|clock`.

Each enters the databases with its own role, does its work, and keeps watch over what the work rests on: a database out of
reach, or clocks further apart than article 13 allows, are said loudly and once per change. A lost database is waited for
and the work begun anew; a refusal is told with what to do, and ends the process.
"""

import asyncio
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime

import msgspec

from dspace_core.errors import Refusal
from dspace_core.evidence.keyring import Keyring
from dspace_core.machine import addresses, keys
from dspace_core.machine.home import Home
from dspace_core.machine.line import Line
from dspace_core.machine.notary import keep_log
from dspace_core.machine.post import Post, ended_within, tell, together
from dspace_core.machine.settings import Settings, read
from dspace_core.stores import check_clocks, open_pool
from dspace_core.stores.failures import is_outage

_log = logging.getLogger("dspace.machine")
_WATCH_SECONDS = 2.0
_AGAIN_SECONDS = 0.5
_SETTLE_SECONDS = 60.0


async def keep_time(post: Post) -> None:
    """The work of the resident `clock`, until asked to end: each minute the keys of old answers are destroyed."""
    keyring = Keyring(post.keys, keys.provider(post.settings, post.home), lambda: datetime.now(UTC))
    post.ready()
    while not await ended_within(post.asked, _SETTLE_SECONDS):
        await keyring.settle_answers()


class Duty(msgspec.Struct, frozen=True):
    """Which role a resident enters with, and its work."""

    role: addresses.Role
    work: Callable[[Post], Coroutine[object, object, None]]


DUTIES = {"notary": Duty(addresses.Role.NOTARY, keep_log), "clock": Duty(addresses.Role.APP, keep_time)}


def main(argv: list[str]) -> int:
    """Work until asked to end."""
    name, line = argv[0], Line.of(argv)
    logging.basicConfig(format=f"dspace {name}: %(message)s", level=logging.INFO)
    try:
        settings = read(os.environ)
        line.wait_for_go()
        asyncio.run(_stand(DUTIES[name], settings, line.say_ready))
    except Refusal as refusal:
        tell(refusal)
        return 1
    except Exception as accident:  # noqa: BLE001  (its own words may quote a value: article 9)
        _log.error("%s", _told(accident))
        return 1
    return 0


async def _stand(duty: Duty, settings: Settings, say_ready: Callable[[], None]) -> None:
    """Live, and live again after an outage; who was never ready leaves that to whoever started us."""
    asked, ready = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)

    def now_ready() -> None:
        if ready.is_set():
            _log.info("well again")
        else:
            ready.set()
            say_ready()

    while not asked.is_set():
        try:
            await _live(duty, settings, asked, now_ready)
        except Exception as failure:
            if not (ready.is_set() and is_outage(failure)):
                raise
            _log.error("%s", failure if isinstance(failure, Refusal) else _told(failure))
            await ended_within(asked, _AGAIN_SECONDS)


async def _live(duty: Duty, settings: Settings, asked: asyncio.Event, ready: Callable[[], None]) -> None:
    home = Home(settings)
    main, keys_of = (addresses.database(settings, home, store, duty.role) for store in addresses.Store)
    async with (
        await open_pool(main.url, password=main.password, size=4) as main_pool,
        await open_pool(keys_of.url, password=keys_of.password, size=4) as keys_pool,
    ):
        post = Post(settings, home, main_pool, keys_pool, asked, ready)
        await together(duty.work(post), _watch(post))


async def _watch(post: Post) -> None:
    """Say what is wrong with the clocks. A lost database is the work's to meet."""
    wrong: str | None = None
    while not await ended_within(post.asked, _WATCH_SECONDS):
        found = await _look(post)
        if found != wrong:
            _log.error("%s", found) if found else _log.info("well again")
        wrong = found


async def _look(post: Post) -> str | None:
    try:
        for pool in (post.main, post.keys):
            await check_clocks(pool)
    except Refusal as refusal:
        return str(refusal)
    return None


def _told(accident: Exception) -> str:
    """What nobody foresaw: its kind and its lines, never its own words."""
    frames = traceback.extract_tb(accident.__traceback__)
    return f"{type(accident).__name__} at {' < '.join(f'{one.filename}:{one.lineno}' for one in reversed(frames))}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
