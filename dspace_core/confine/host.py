"""The host's handle on one plugin: a worker that is kept up, and calls to it.

One host process has one of these per plugin. The plugin is known by this handle, never by anything the worker says.
"""

import asyncio
import contextlib
import logging
from typing import TypeVar

import msgspec

from dspace_core.confine.asks import OnAsk, OnReceipt
from dspace_core.confine.process import Spawn
from dspace_core.confine.refusals import PluginUnfit, WorkerBusy, WorkerLost, WorkerUnready
from dspace_core.confine.session import Session
from dspace_core.errors import Refusal
from dspace_core.scenario import Case, Hook

R = TypeVar("R", bound=msgspec.Struct)

START_WITHIN = 10.0
"""Seconds from exec to a loaded plugin; about 0.1 on an idle machine."""
MAX_CALLS = 256
"""Calls that one worker may have open: beyond it, waiting only makes everyone late."""
MAX_ANSWERING = 128
"""Asks of one plugin that are answered at once. The others wait, so that one plugin's do not queue before everybody's."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds before a restart: the first, and the longest after doubling. A worker that served a call starts over."""

_log = logging.getLogger("dspace.confine")


class Worker:
    """A plugin behind the wire. Start it, call it, close it; between, it is restarted whenever it falls."""

    def __init__(self, plugin: str, spawn: Spawn, on_receipt: OnReceipt | None = None) -> None:
        self.plugin = plugin
        self._spawn = spawn
        self._on_receipt = on_receipt
        self._up: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        self._keeper: asyncio.Task[None] | None = None
        self._latest: Session | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(MAX_ANSWERING)

    async def start(self) -> None:
        """Bring the worker up. Raises PluginUnfit if its plugin cannot be loaded; WorkerUnready."""
        self._keeper = asyncio.get_running_loop().create_task(self._keep())
        await self._session(START_WITHIN)

    async def call(self, hook: Hook[R], case: Case, on_ask: OnAsk, within: float) -> R:
        """Let the plugin answer a hook for a case, within so many seconds; answer its result, decoded and checked.

        Each ask goes to `on_ask`. If the plugin lets a refused ask end the call, that very refusal is raised. Raises
        HookUnanswered, DeadlinePassed, PluginRaised, ResultRefused, ResultTooLarge, FrameRefused, WorkerLost,
        WorkerUnready, WorkerBusy, PluginUnfit; the refusal given to `drop`; and whatever fault `on_ask` raised.
        Cancelling it drops the call.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        up = self._current()
        session = up.result() if up.done() else await self._session(within)
        if session.open_calls >= MAX_CALLS:
            raise WorkerBusy(plugin=self.plugin, limit=MAX_CALLS)
        return await session.call(hook, case, on_ask, within - (loop.time() - begun))

    def drop(self, case: str, why: Refusal) -> int:
        """End the open calls of this case, by its id in the plugin's eyes: they raise `why`. Answer how many there were.

        From here on nothing is released to them, and a result that still comes is thrown away.
        """
        up = self._current()
        return up.result().drop(case, why) if up.done() and up.exception() is None else 0

    async def close(self) -> None:
        """End the worker, refuse what is open and what comes, and wait until the process is gone and no ask is open."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._latest is not None:  # it may have been ending already when the keeper was told to stop
            await self._latest.ended()
        self._give_up(WorkerUnready(plugin=self.plugin))
        if self._answering:
            await asyncio.wait(self._answering)

    def _current(self) -> asyncio.Future[Session]:
        """The session that is up, or the one to come."""
        if self._up.done() and self._up.exception() is None and self._up.result().lost.done():
            self._up = asyncio.get_running_loop().create_future()
        return self._up

    def _give_up(self, why: Refusal) -> None:
        """From now on every call gets this refusal."""
        up = self._current()
        if not up.done():
            up.set_exception(why)
            up.exception()  # seen, even if nobody waits

    async def _session(self, within: float) -> Session:
        try:
            return await asyncio.wait_for(asyncio.shield(self._current()), within)
        except TimeoutError:
            raise WorkerUnready(plugin=self.plugin) from None

    async def _keep(self) -> None:
        """Keep one session up. An unfit plugin is not tried again: its code has to change first."""
        pause = FIRST_PAUSE
        while True:
            try:
                served = await self._once()
            except PluginUnfit as no:
                self._give_up(no)
                return
            pause = FIRST_PAUSE if served else min(2 * pause, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _once(self) -> bool:
        """Start a session and see it to its end; answer whether it served a call. Raises PluginUnfit."""
        try:
            process = await self._spawn()
        except OSError:
            _log.warning("the worker of the plugin %s cannot be started", self.plugin)
            return False
        session = self._latest = Session(self.plugin, process, self._on_receipt, self._answering, self._turns)
        try:
            await session.open(START_WITHIN)
            self._current().set_result(session)
            await asyncio.shield(session.lost)
            _log.warning("the worker of the plugin %s ended and is started again", self.plugin)
        except WorkerLost:
            _log.warning("the worker of the plugin %s did not come up", self.plugin)
        finally:
            session.end()
            await session.ended()
        return session.served > 0
