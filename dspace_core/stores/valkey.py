"""One connection to a Valkey or Redis server that knows which run of the server it speaks to.

Commands of many callers go out together: whatever queued while the last answers came back is the next message, so
one connection serves a process, and the key of a command is formed when it is sent, from the run that will read it.
Nothing is ever sent twice: a command whose answer does not come is refused.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol, cast

import msgspec
from redis.asyncio.connection import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from dspace_core.errors import Refusal
from dspace_core.stores.refusals import BadUrl, EphemeralEvicts, EphemeralRestarted, EphemeralUnavailable

Command = Sequence[str | bytes | int]
_ANSWER_SECONDS = 1.0
_QUIET_SECONDS = 5.0
_QUEUE = 10_000
_TROUBLE = (RedisError, OSError)


class Run(msgspec.Struct, frozen=True):
    """One life of a server process: its run id, and an instant by which it had certainly begun."""

    id: str
    began: datetime


class _Call(msgspec.Struct, frozen=True, eq=False):
    """What one caller asks, made into commands once the run is known; the last reply is the answer."""

    say: Callable[[Run], Sequence[Command]]
    run: Run | None
    answer: asyncio.Future[object]

    def give(self, reply: object) -> None:
        if not self.answer.done():
            self.answer.set_result(reply)

    def refuse(self, refusal: Refusal) -> None:
        if not self.answer.done():
            self.answer.set_exception(refusal)
            self.answer.exception()  # seen: a caller cancelled in this very tick leaves no complaint in the log


class _Wire(Protocol):
    """What we use of a connection of the client library, which carries few types."""

    @property
    def is_connected(self) -> bool: ...
    async def connect(self) -> None: ...
    async def disconnect(self, nowait: bool = False) -> None: ...
    async def can_read(self) -> bool: ...
    async def send_command(self, *args: object) -> None: ...
    async def send_packed_command(self, command: Sequence[bytes]) -> None: ...
    async def read_response(self, *, timeout: float | None = None) -> object: ...  # noqa: ASYNC109
    def pack_commands(self, commands: Sequence[Command]) -> list[bytes]: ...


class Line:
    """The shared connection of a process. It connects when first asked, and again after a loss."""

    def __init__(self, url: str, setting: str) -> None:
        """Raises BadUrl naming the setting, never the address."""
        options: dict[str, Any] = {
            "protocol": 2,
            "retry": Retry(NoBackoff(), 0),
            "socket_timeout": _ANSWER_SECONDS,
            "socket_connect_timeout": _ANSWER_SECONDS,
            "driver_info": None,
        }
        try:
            self._factory = ConnectionPool.from_url(url, **options)
        except ValueError:
            raise BadUrl(setting=setting, reason="form") from None
        self._wire = self._new_wire()
        self._run: Run | None = None
        self._calls: deque[_Call] = deque()
        self._turns: asyncio.Task[None] | None = None
        self._open = True

    async def ask(self, say: Callable[[Run], Sequence[Command]]) -> object:
        """Send the commands that `say` forms for the run and answer the last reply.

        Raises EphemeralUnavailable when there is no answer, EphemeralRestarted when the server is another run by the
        time the commands would go out, EphemeralEvicts, and what `say` raises.
        """
        if not self._open or len(self._calls) >= _QUEUE:
            raise EphemeralUnavailable(reason="full" if self._open else "closed")
        call = _Call(say, self._run, asyncio.get_running_loop().create_future())
        self._calls.append(call)
        if self._turns is None:
            self._turns = asyncio.create_task(self._take_turns())
        return await call.answer

    async def close(self) -> None:
        """Answer what was asked, then hang up."""
        self._open = False
        if self._turns is not None:
            await asyncio.wait([self._turns])
        await self._wire.disconnect()

    @asynccontextmanager
    async def hear(self, channel: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """What is published on a channel from now on, over a connection of its own. Raises EphemeralUnavailable."""
        wire = self._new_wire()
        try:
            await _subscribe(wire, channel)
            messages = _spoken(wire)
            try:
                yield messages
            finally:
                await messages.aclose()
        finally:
            await wire.disconnect(nowait=True)

    def _new_wire(self) -> _Wire:
        return cast("_Wire", self._factory.make_connection())  # type: ignore[no-untyped-call]

    async def _take_turns(self) -> None:
        """Send what is queued and read the answers, turn by turn, until nothing is queued."""
        try:
            while self._calls:
                calls, self._calls = self._calls, deque()
                try:
                    await self._turn(calls)
                except BaseException as error:
                    await self._wire.disconnect(nowait=True)  # what was sent may still be answered: never read it
                    if isinstance(error, Refusal):
                        _refuse_all(calls, error)
                        continue
                    _refuse_all(calls, EphemeralUnavailable(reason=type(error).__name__))
                    if not isinstance(error, _TROUBLE):
                        raise
        finally:
            self._turns = None

    async def _turn(self, calls: deque[_Call]) -> None:
        run = await self._greeted()
        sent: list[tuple[_Call, int]] = []
        commands: list[Command] = []
        for call in calls:
            if call.run is not None and call.run.id != run.id:
                call.refuse(EphemeralRestarted())
                continue
            try:
                said = call.say(run)
            except Refusal as refusal:
                call.refuse(refusal)
                continue
            commands.extend(said)
            sent.append((call, len(said)))
        await self._wire.send_packed_command(self._wire.pack_commands(commands))
        for call, replies in sent:
            await self._read(call, replies)

    async def _read(self, call: _Call, replies: int) -> None:
        """Read every reply of one call; an error among them refuses the call and leaves the connection in step."""
        reply: object = None
        trouble: ResponseError | None = None
        for _ in range(replies):
            try:
                reply = await self._wire.read_response()
            except ResponseError as error:
                trouble = error
        if trouble is None:
            call.give(reply)
        else:
            call.refuse(EphemeralUnavailable(reason=type(trouble).__name__))

    async def _greeted(self) -> Run:
        """The run behind the connection, which is made anew if it was lost."""
        if self._run is None or not self._wire.is_connected or await self._wire.can_read():
            await self._wire.disconnect(nowait=True)
            await self._wire.connect()
            await self._wire.send_command("INFO", "server", "memory")
            self._run = run_of(cast("bytes", await self._wire.read_response()))
        return self._run


def run_of(info: bytes) -> Run:
    """Read the answer to INFO (sections server and memory). Raises EphemeralEvicts, or EphemeralUnavailable if short.

    The server counts whole seconds since the whole second in which it started, so its start is rounded up by one.
    """
    pairs = (line.partition(":") for line in info.decode(errors="replace").splitlines())
    facts = {name: text.strip() for name, mark, text in pairs if mark}
    try:
        now = int(facts["server_time_usec"]) // 1_000_000
        run = Run(facts["run_id"], datetime.fromtimestamp(now - int(facts["uptime_in_seconds"]) + 1, UTC))
        policy = facts["maxmemory_policy"]
    except (KeyError, ValueError):
        raise EphemeralUnavailable(reason="INFO") from None
    if policy != "noeviction":
        raise EphemeralEvicts(policy=policy)
    return run


async def _subscribe(wire: _Wire, channel: str) -> None:
    try:
        await wire.connect()
        await wire.send_command("SUBSCRIBE", channel)
        await wire.read_response()
    except _TROUBLE as error:
        raise EphemeralUnavailable(reason=type(error).__name__) from None


async def _spoken(wire: _Wire) -> AsyncGenerator[bytes, None]:
    """What is said on a subscribed connection. A silent server is asked once; then EphemeralUnavailable, as at a loss."""
    asked = False
    try:
        while True:
            reply = await wire.read_response(timeout=_QUIET_SECONDS)
            match reply:
                case [b"message", _, bytes(payload)]:
                    yield payload
                case None if asked:
                    raise EphemeralUnavailable(reason="silent")
                case None:
                    await wire.send_command("PING")
            asked = reply is None
    except _TROUBLE as error:
        raise EphemeralUnavailable(reason=type(error).__name__) from None


def _refuse_all(calls: deque[_Call], refusal: Refusal) -> None:
    for call in calls:
        call.refuse(type(refusal)(**refusal.values))
