"""One worker process from its start to its end: calls out, asks in, and what happens when it breaks the rules.

Nothing it sends is believed. A message that breaks the rules ends the call that its frame names; one that names no
open call, or an end of the wire, ends the session, and every open call is refused. No call is ever answered by
anything but a result that came under its own number while it was open.
"""

import asyncio
import builtins
from collections.abc import Callable
from typing import TypeVar

import msgspec

from dspace_core.confine import wire
from dspace_core.confine.asks import Asked, OnAsk, OneRelease, OnReceipt
from dspace_core.confine.channel import Channel
from dspace_core.confine.process import Process
from dspace_core.confine.refusals import (
    AnswerTooLarge,
    AskUnanswered,
    CaseTooLarge,
    DeadlinePassed,
    FrameRefused,
    PluginRaised,
    PluginUnfit,
    ReleaseAborted,
    ResultRefused,
    ResultTooLarge,
    WorkerLost,
)
from dspace_core.confine.unfit import told
from dspace_core.errors import Refusal
from dspace_core.scenario import Case, Hook, HookUnanswered

R = TypeVar("R", bound=msgspec.Struct)

RELEASE_WITHIN = 0.2
"""Seconds after which a release that is not out is aborted (design, section 12.5)."""
DROP_WITHIN = 1.0
"""Seconds a worker has to confirm that a call is dropped. A worker that cannot is stuck, and is killed."""
_EXCEPTIONS = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)
)


class _Live:
    """An open call."""

    __slots__ = ("asked", "case", "future", "hook", "number", "on_ask", "refused")

    def __init__(self, number: int, hook: str, case: Case, on_ask: OnAsk, future: asyncio.Future[msgspec.Raw]) -> None:
        self.number = number
        self.hook = hook
        self.case = case
        self.on_ask = on_ask
        self.future = future
        self.asked = 0
        self.refused: dict[int, Refusal] = {}


class Session:
    """A worker that is up. `lost` is done when it no longer is."""

    def __init__(
        self,
        plugin: str,
        process: Process,
        on_receipt: OnReceipt | None,
        answering: set[asyncio.Task[None]],
        turns: asyncio.Semaphore,
    ) -> None:
        """`answering`: the asks under way, of this session and of those before it; `turns`: how many may be at once."""
        self.plugin = plugin
        self.served = 0
        self._process = process
        self._on_receipt = on_receipt
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        self._hooks: asyncio.Future[frozenset[str]] = self._loop.create_future()
        self._numbers = wire.NO_CALL
        self._live: dict[int, _Live] = {}
        self._dropped: dict[int, asyncio.TimerHandle] = {}
        self._answering = answering
        self._turns = turns
        self._channel = Channel(process.sock, wire.TO_HOST_LIMIT, self._take, self.end)
        self._watch = self._loop.create_task(self._watched())

    @property
    def open_calls(self) -> int:
        """How many calls wait for a result."""
        return len(self._live)

    async def open(self, within: float) -> None:
        """Have the plugin loaded. Raises PluginUnfit with the reason; WorkerLost if it does not come up in time."""
        self._channel.post(wire.frame(wire.NO_CALL, wire.Load(self.plugin, self._on_receipt is not None)))
        try:
            await asyncio.wait_for(asyncio.shield(self._hooks), within)
        except TimeoutError:
            self.end()
            raise WorkerLost(plugin=self.plugin) from None

    async def call(self, hook: Hook[R], case: Case, on_ask: OnAsk, within: float) -> R:
        """Let the plugin answer a hook. See `confine.host.Worker.call`."""
        if hook.name not in self._hooks.result():
            raise HookUnanswered(hook=hook.name)
        if self.lost.done():
            raise WorkerLost(plugin=self.plugin)
        number = self._numbers % wire.MAX_CALL + 1
        framed = wire.frame(number, wire.Call(hook.name, case))
        if not wire.fits(framed, wire.TO_WORKER_LIMIT):
            raise CaseTooLarge(limit=wire.TO_WORKER_LIMIT)
        self._numbers = number
        live = self._live[number] = _Live(number, hook.name, case, on_ask, self._loop.create_future())
        self._channel.post(framed)
        timer = self._loop.call_later(within, self._expire, live)
        try:
            result = await live.future
        except asyncio.CancelledError:
            self._drop(live, None)
            raise
        finally:
            timer.cancel()
        self.served += 1
        return self._read(hook, result)

    def drop(self, case: str, why: Refusal) -> int:
        """End the open calls of a case with a refusal; whatever the plugin still answers is thrown away."""
        ended = [live for live in self._live.values() if live.case.id == case]
        for live in ended:
            self._drop(live, why)
        return len(ended)

    def end(self) -> None:
        """Kill the worker and refuse what is open."""
        if self.lost.done():
            return
        self.lost.set_result(None)
        self._channel.close()
        self._process.kill()
        for timer in self._dropped.values():
            timer.cancel()
        self._dropped.clear()
        if not self._hooks.done():
            self._refuse(self._hooks, WorkerLost(plugin=self.plugin))
        for live in list(self._live.values()):
            self._close(live)
            self._refuse(live.future, WorkerLost(plugin=self.plugin))

    async def ended(self) -> None:
        """Wait until the process is gone. Whoever is cancelled here leaves the wait to others."""
        await asyncio.shield(self._watch)

    async def _watched(self) -> None:
        await self._process.wait()
        self.end()

    # What the worker says

    def _take(self, cuts: list[wire.Cut]) -> None:
        for cut in cuts:
            if self.lost.done():
                return
            live = self._live.get(cut.call)
            flaw = "oversize"
            if cut.body is not None:
                try:
                    message = wire.from_worker.message(cut.body)
                except wire.Unreadable:
                    flaw = "unreadable"
                else:
                    if self._heed(cut.call, live, message):
                        continue
                    flaw = "unexpected"
            if live is not None:
                self._break(live, flaw)
            elif cut.call not in self._dropped:
                self.end()

    def _heed(self, number: int, live: _Live | None, message: wire.ToHost) -> bool:
        """Act on a message; answer False if it may not come now, which is for the caller to judge."""
        match message:
            case wire.Receipt(ask, at) if self._on_receipt is not None:
                self._on_receipt(number, ask, at)
            case wire.Dropped() if number in self._dropped:
                self._dropped.pop(number).cancel()
            case wire.Ask() if live is not None:
                self._asked(live, message)
            case wire.Done(result) if live is not None:
                self._close(live)
                live.future.set_result(result)
            case wire.Failed() if live is not None:
                self._failed(live, message)
            case wire.Ready(hooks) if number == wire.NO_CALL and not self._hooks.done():
                self._hooks.set_result(hooks)
            case wire.Unfit(flaw, detail) if number == wire.NO_CALL and not self._hooks.done():
                self._refuse(self._hooks, PluginUnfit(plugin=self.plugin, problem=told(flaw, detail)))
                self.end()
            case _:
                return False
        return True

    def _asked(self, live: _Live, ask: wire.Ask) -> None:
        """(1) its own case  (2) the next number  (3) not too many; then the host answers."""
        if ask.case != live.case.id:  # 1
            self._break(live, "other_case")
        elif ask.ask != live.asked + 1:  # 2
            self._break(live, "ask_number")
        elif ask.ask > wire.MAX_ASKS:  # 3
            self._break(live, "asks_exceeded")
        else:
            live.asked = ask.ask
            task = self._loop.create_task(self._answer(live, ask))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, live: _Live, ask: wire.Ask) -> None:
        """Answer an ask when it is its turn; one that waited for it until its call was over goes no further."""
        waits = self._turns.locked()
        async with self._turns:
            if not waits or self._is_open(live):
                await self._answer_now(live, ask)

    async def _answer_now(self, live: _Live, ask: wire.Ask) -> None:
        release = OneRelease(lambda value, check: self._release(live, ask.ask, value, check))
        asked = Asked(call=live.number, ask=ask.ask, hook=live.hook, case=live.case, use=ask.use)
        no: Refusal = AskUnanswered()
        try:
            await live.on_ask(asked, release)
        except Refusal as refused:
            no = refused
        except Exception as fault:  # noqa: BLE001  (a fault of the host's ends the call that met it, not the worker)
            self._drop(live, fault)
        if self._is_open(live) and not release.sent:
            live.refused[ask.ask] = no
            self._channel.post(wire.frame(live.number, wire.Refused(ask.ask, no.code)))

    def _failed(self, live: _Live, failed: wire.Failed) -> None:
        no: Refusal
        match failed.why:
            case wire.Failure.ASK_REFUSED if failed.ask in live.refused:
                no = live.refused[failed.ask]
            case wire.Failure.ASK_REFUSED:
                self._break(live, "refusal_unknown")
                return
            case wire.Failure.WRONG_RESULT:
                no = ResultRefused(plugin=self.plugin, hook=live.hook)
            case wire.Failure.RESULT_TOO_LARGE:
                no = ResultTooLarge(plugin=self.plugin, hook=live.hook, limit=wire.TO_HOST_LIMIT)
            case wire.Failure.RAISED:
                kind = failed.kind if failed.kind in _EXCEPTIONS else "Exception"
                no = PluginRaised(plugin=self.plugin, hook=live.hook, kind=kind, line=failed.line)
        self._close(live)
        self._refuse(live.future, no)

    def _read(self, hook: Hook[R], result: msgspec.Raw) -> R:
        try:
            checked: R = msgspec.msgpack.decode(result, type=hook.gives)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Refusal):
            raise ResultRefused(plugin=self.plugin, hook=hook.name) from None
        return checked

    # Releases

    async def _release(self, live: _Live, ask: int, value: object, before_send: Callable[[], None]) -> int:
        """Send an answer under the call's own check and the caller's."""
        framed = wire.frame(live.number, wire.Given(ask, msgspec.Raw(msgspec.msgpack.encode(value))))
        if not wire.fits(framed, wire.TO_WORKER_LIMIT):
            raise AnswerTooLarge(limit=wire.TO_WORKER_LIMIT)

        def check() -> None:
            if not self._is_open(live):
                raise ReleaseAborted
            before_send()

        return await self._channel.release(framed, check, RELEASE_WITHIN)

    # Ends of calls

    def _is_open(self, live: _Live) -> bool:
        return self._live.get(live.number) is live

    def _close(self, live: _Live) -> None:
        del self._live[live.number]

    def _expire(self, live: _Live) -> None:
        self._drop(live, DeadlinePassed(plugin=self.plugin, hook=live.hook))

    def _break(self, live: _Live, flaw: str) -> None:
        self._drop(live, FrameRefused(plugin=self.plugin, flaw=flaw))

    def _drop(self, live: _Live, why: Exception | None) -> None:
        """End a call from this side. Until the worker confirms, its number stands for a call that is over."""
        if not self._is_open(live):
            return
        self._close(live)
        self._dropped[live.number] = self._loop.call_later(DROP_WITHIN, self.end)
        self._channel.post(wire.frame(live.number, wire.Drop()))
        if why is not None:
            self._refuse(live.future, why)

    def _refuse(self, future: "asyncio.Future[msgspec.Raw] | asyncio.Future[frozenset[str]]", why: Exception) -> None:
        if not future.done():
            future.set_exception(why)
            future.exception()  # seen, even if nobody waits any more
