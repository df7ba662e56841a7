"""The workers of one host process: one for each enabled plugin, brought up together and addressed by plugin.

A plugin that cannot be loaded keeps no other one down: it is reported at the start and refused when called.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from dspace_core.confine.asks import Answer, Asked, Release
from dspace_core.confine.host import Worker
from dspace_core.confine.process import Spawn
from dspace_core.errors import Refusal
from dspace_core.scenario import Case, Hook
from dspace_core.scenario.refusals import PluginUnknown

R = TypeVar("R", bound=msgspec.Struct)

_log = logging.getLogger("dspace.confine")


class Crew:
    """The plugins of this process behind their wires. Made within the loop that serves them."""

    def __init__(self, spawns: Mapping[str, Spawn]) -> None:
        """`spawns`: how a worker of each enabled plugin is started, by the plugin's id."""
        self._workers = {plugin: Worker(plugin, spawn) for plugin, spawn in spawns.items()}

    async def start(self) -> tuple[Refusal, ...]:
        """Bring all workers up at the same time; answer why some are not: PluginUnfit for good, WorkerUnready so far."""
        started = await asyncio.gather(*(_started(worker) for worker in self._workers.values()))
        return tuple(no for no in started if no is not None)

    async def call(self, plugin: str, hook: Hook[R], case: Case, answer: Answer, within: float) -> R:
        """Let a plugin answer a hook for a case, within so many seconds; each of its asks goes to `answer`.

        Raises PluginUnknown for one that is not of this crew, and what `Worker.call` raises.
        """
        worker = self._workers.get(plugin)
        if worker is None:
            raise PluginUnknown

        async def on_ask(asked: Asked, release: Release) -> None:
            await answer(asked.hook, asked.use, release)

        return await worker.call(hook, case, on_ask, within)

    def drop(self, case: str, why: Refusal) -> int:
        """End the open calls of this case with `why`, whichever plugin has them; answer how many there were."""
        return sum(worker.drop(case, why) for worker in self._workers.values())

    async def close(self) -> None:
        """End all workers, and wait until their processes are gone and no ask is open."""
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))


async def _started(worker: Worker) -> Refusal | None:
    try:
        await worker.start()
    except Refusal as no:
        _log.warning("the plugin %s is not up: %s", worker.plugin, no)
        return no
    return None
