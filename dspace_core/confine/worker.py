"""The plugin's process: `python -I -m dspace_core.confine.worker FD`, where FD is its end of the wire.

It has no credential, no environment and no other descriptor. It imports the SDK, the plugin when it is told which,
and nothing of the host. Many calls share one event loop.
"""

import asyncio
import builtins
import ctypes
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from types import TracebackType

import msgspec

from dspace_core.confine import wire
from dspace_core.confine.channel import Channel
from dspace_core.confine.loading import Loaded, Unloadable, load
from dspace_core.scenario import HOOKS, CallOver, Data, DataRefused, Use

_PR_SET_PDEATHSIG = 1
_encode = msgspec.msgpack.Encoder().encode


class _Open:
    """A call that is being answered."""

    __slots__ = ("asked", "asks", "case", "refused", "task")

    def __init__(self, case: str) -> None:
        self.case = case
        self.asked = 0
        self.asks: dict[int, asyncio.Future[msgspec.Raw | str]] = {}
        self.refused: dict[int, DataRefused] = {}
        self.task: asyncio.Task[None] | None = None


class Desk:
    """Takes the host's messages and answers them."""

    def __init__(self, sock: socket.socket) -> None:
        self.over = asyncio.Event()
        self._channel = Channel(sock, wire.TO_WORKER_LIMIT, self._take, self.over.set)
        self._loop = asyncio.get_running_loop()
        self._open: dict[int, _Open] = {}
        self._loaded = Loaded({}, "")
        self._receipts = False

    def _take(self, cuts: list[wire.Cut]) -> None:
        for cut in cuts:
            try:
                message = wire.from_host.message(cut.body or b"")
            except wire.Unreadable:  # the host and we are of different releases: nothing here can be right
                self.over.set()
                return
            match message:
                case wire.Given(ask, value):
                    if self._receipts:
                        self._send(cut.call, wire.Receipt(ask, time.monotonic_ns()))
                    self._settle(cut.call, ask, value)
                case wire.Call():
                    self._begin(cut.call, message)
                case wire.Refused(ask, code):
                    self._settle(cut.call, ask, code)
                case wire.Drop():
                    self._drop(cut.call)
                case wire.Load():
                    self._load(message)

    def _load(self, message: wire.Load) -> None:
        self._receipts = message.receipts
        try:
            self._loaded = load(message.plugin)
        except Unloadable as no:
            self._send(wire.NO_CALL, wire.Unfit(no.flaw, no.detail))
            return
        gc.collect()
        gc.freeze()  # what is loaded stays: full collections need not walk it again
        self._send(wire.NO_CALL, wire.Ready(frozenset(self._loaded.answers)))

    def _begin(self, call: int, message: wire.Call) -> None:
        opened = self._open[call] = _Open(message.case.id)
        opened.task = self._loop.create_task(self._answer(call, opened, message))

    async def _answer(self, call: int, opened: _Open, message: wire.Call) -> None:
        """Run a hook to its end and report it, unless the host has dropped the call meanwhile."""
        report: bytes
        try:
            result = await self._loaded.answers[message.hook](message.case, Data(lambda use: self._ask(call, use)))
            report = self._done(call, message.hook, result)
        except BaseException as failure:  # noqa: BLE001  (a plugin may raise anything, and SystemExit ends only its call)
            report = wire.frame(call, self._failed(opened, failure))
        for answer in opened.asks.values():
            answer.cancel()
        if self._open.pop(call, None) is not None:
            self._channel.post(report)

    def _done(self, call: int, hook: str, result: object) -> bytes:
        if not isinstance(result, HOOKS[hook].gives):
            return wire.frame(call, wire.Failed(wire.Failure.WRONG_RESULT))
        try:
            report = wire.frame(call, wire.Done(msgspec.Raw(_encode(result))))
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
            return wire.frame(call, wire.Failed(wire.Failure.WRONG_RESULT))
        if not wire.fits(report, wire.TO_HOST_LIMIT):
            return wire.frame(call, wire.Failed(wire.Failure.RESULT_TOO_LARGE))
        return report

    def _failed(self, opened: _Open, failure: BaseException) -> wire.Failed:
        """Say what went wrong without a word of the exception, which may hold what the plugin was given."""
        for leaf in _leaves(failure):
            for ask, refused in opened.refused.items():
                if leaf is refused:
                    return wire.Failed(wire.Failure.ASK_REFUSED, ask=ask)
        line = _line_in(self._loaded.package, failure.__traceback__)
        return wire.Failed(wire.Failure.RAISED, kind=_builtin_name(failure), line=line)

    async def _ask(self, call: int, use: Use) -> msgspec.Raw:
        opened = self._open.get(call)
        if opened is None:
            raise CallOver
        opened.asked += 1
        ask = opened.asked
        answer: asyncio.Future[msgspec.Raw | str] = self._loop.create_future()
        opened.asks[ask] = answer
        self._send(call, wire.Ask(ask, opened.case, use))
        try:
            given = await answer
        finally:
            del opened.asks[ask]
        if isinstance(given, str):
            refused = opened.refused[ask] = DataRefused(item=use.item, reason=given)
            raise refused
        return given

    def _settle(self, call: int, ask: int, answer: msgspec.Raw | str) -> None:
        """Hand an answer to whoever waits for it. Nobody may: the call was dropped, or the plugin gave up waiting."""
        opened = self._open.get(call)
        waiting = opened.asks.get(ask) if opened is not None else None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def _drop(self, call: int) -> None:
        opened = self._open.pop(call, None)
        if opened is not None and opened.task is not None:
            opened.task.cancel()
        self._send(call, wire.Dropped())

    def _send(self, call: int, message: wire.Message) -> None:
        self._channel.post(wire.frame(call, message))


def _leaves(failure: BaseException) -> Iterator[BaseException]:
    """The exception itself, or those in its group: a plugin may ask for several items in a task group."""
    if isinstance(failure, BaseExceptionGroup):
        for member in failure.exceptions:
            yield from _leaves(member)
    else:
        yield failure


def _builtin_name(failure: BaseException) -> str:
    """The nearest built-in class: a plugin could write anything into the name of its own."""
    return next(str(kind.__name__) for kind in type(failure).__mro__ if vars(builtins).get(kind.__name__) is kind)


def _line_in(package: str, trace: TracebackType | None) -> int:
    """The innermost line within the plugin's package; 0 if there is none."""
    line = 0
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0] == package:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _put_on_leash() -> None:
    """End when the host ends, whatever the plugin is doing. Until this line, the end of the wire says so."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


async def _serve(descriptor: int) -> None:
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(False)
    await Desk(sock).over.wait()
    os._exit(0)  # at once: a plugin's threads, tasks and exit handlers have no say in it


def main(argv: list[str]) -> None:
    """Serve the wire on this descriptor until the host is gone."""
    _put_on_leash()
    os.environ.clear()  # the interpreter itself puts its locale there
    asyncio.run(_serve(int(argv[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
