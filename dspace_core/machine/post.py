"""What a resident works with: its way into both clusters, how it hears that it should end, how it speaks."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

import msgspec

from dspace_core.errors import Refusal
from dspace_core.machine.home import Home
from dspace_core.machine.settings import Settings
from dspace_core.stores import Pool

_log = logging.getLogger("dspace.machine")


class Post(msgspec.Struct, frozen=True):
    """One life of a resident, from opening its databases to leaving them."""

    settings: Settings
    home: Home
    main: Pool
    keys: Pool
    asked: asyncio.Event
    ready: Callable[[], None]
    """To be called once the work goes on by itself."""


async def ended_within(asked: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until asked to end: then True."""
    try:
        await asyncio.wait_for(asked.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def together(*works: Coroutine[object, object, None]) -> None:
    """Do all of it until each has ended. What fails first ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


def tell(refusal: Refusal) -> None:
    """Say a refusal loudly, in both languages, with what to do; its code leads into docs/errors.md."""
    _log.error("[%s]", refusal.code)
    for text in (refusal.title, refusal.advice):
        _log.error("%s", text.zh)
        _log.error("%s", text.en)
