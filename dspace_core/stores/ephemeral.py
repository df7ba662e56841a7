"""The ephemeral store: what may be forgotten. Replay guards, one-time values, counters, announcements.

The port is a protocol; the adapter speaks to Valkey. It fails closed: no answer is a refusal. A restart of the server,
with or without its file, makes everything kept before invisible, because every key carries the id of the server's run.
Article 9: callers pass keyed digests as keys, never personal values; a key can show up in the server's slow log.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from dspace_core.stores.refusals import EphemeralUnavailable, IssuedBeforeStart, OutOfBounds
from dspace_core.stores.valkey import Command, Line, Run
from dspace_core.values import utc

SETTING = "DSPACE_REDIS_URL"
LONGEST_KEY = 200
LARGEST_VALUE = 64 * 1024
LONGEST_LIFE = timedelta(days=2)
_MILLISECOND = timedelta(milliseconds=1)
_PREFIX = "dspace"


class Ephemeral(Protocol):
    """What the rooms may ask. Keys are short texts (1 to 200 characters, keyed digests), values at most 64 KiB, lives
    from 1 ms to 2 days; outside of that OutOfBounds is raised. Any call raises EphemeralUnavailable when there is no
    answer (it may have taken effect) and EphemeralRestarted when the server restarted since the last one.
    """

    async def check(self) -> None:
        """Raise what any other call would raise now."""

    async def first_time(self, key: str, ttl: timedelta, issued_at: datetime) -> bool:
        """Whether nobody asked with this key in the last `ttl`: the guard against replay. Only one asker hears True.

        Raises IssuedBeforeStart for what was issued before the server began, by the server's clock rounded up to the
        next second: it cannot know. Whoever accepts issuers whose clock runs ahead takes that allowance off first.
        """

    async def keep_once(self, key: str, value: bytes, ttl: timedelta) -> bool:
        """Keep a value that one asker may take. False: the key is in use, nothing was kept."""

    async def take(self, key: str) -> bytes | None:
        """Hand out a kept value and forget it. None: never kept, taken already, run out, or kept before a restart."""

    async def count(self, key: str, window: timedelta) -> int:
        """Count one more and answer the number so far, in a window that begins with the first."""

    async def announce(self, channel: str, payload: bytes) -> None:
        """Tell everybody who listens now. Nobody is promised to hear it: the truth is in PostgreSQL."""

    def listen(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Hear what is announced from the moment the block is entered.

        Iterating raises EphemeralUnavailable when the connection is lost: read the truth again, then listen again.
        """


class ValkeyEphemeral:
    """The port on Valkey 7 or newer, or a server that speaks its protocol. Keys: `dspace:<run>:<kind>:<key>`."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @classmethod
    async def open(cls, url: str, *, setting: str = SETTING) -> Self:
        """Connect and look once. Raises BadUrl, EphemeralUnavailable, EphemeralEvicts; the URL is never repeated."""
        ephemeral = cls(Line(url, setting))
        try:
            await ephemeral.check()
        except BaseException:
            await ephemeral.close()
            raise
        return ephemeral

    async def close(self) -> None:
        """Answer what was asked, then disconnect."""
        await self._line.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def check(self) -> None:
        """See Ephemeral."""
        await self._line.ask(lambda _: [("PING",)])

    async def first_time(self, key: str, ttl: timedelta, issued_at: datetime) -> bool:
        """See Ephemeral."""
        issued, life = utc(issued_at), _life(ttl)
        _check_key(key)

        def say(run: Run) -> Sequence[Command]:
            if issued < run.began:
                raise IssuedBeforeStart
            return [("SET", _name(run, "seen", key), b"", "NX", "PX", life)]

        return await self._line.ask(say) is not None

    async def keep_once(self, key: str, value: bytes, ttl: timedelta) -> bool:
        """See Ephemeral."""
        life = _life(ttl)
        _check_key(key)
        _check_value(value)
        kept = await self._line.ask(lambda run: [("SET", _name(run, "once", key), value, "NX", "PX", life)])
        return kept is not None

    async def take(self, key: str) -> bytes | None:
        """See Ephemeral."""
        _check_key(key)
        value = await self._line.ask(lambda run: [("GETDEL", _name(run, "once", key))])
        return value if isinstance(value, bytes) else None

    async def count(self, key: str, window: timedelta) -> int:
        """See Ephemeral."""
        life = _life(window)
        _check_key(key)

        def say(run: Run) -> Sequence[Command]:
            name = _name(run, "count", key)
            return [("MULTI",), ("INCR", name), ("PEXPIRE", name, life, "NX"), ("EXEC",)]

        match await self._line.ask(say):
            case [int(number), int()]:
                return number
            case _:
                raise EphemeralUnavailable(reason="EXEC")

    async def announce(self, channel: str, payload: bytes) -> None:
        """See Ephemeral."""
        _check_key(channel)
        _check_value(payload)
        await self._line.ask(lambda _: [("PUBLISH", f"{_PREFIX}:{channel}", payload)])

    def listen(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """See Ephemeral."""
        _check_key(channel)
        return self._line.hear(f"{_PREFIX}:{channel}")


def _name(run: Run, kind: str, key: str) -> str:
    return f"{_PREFIX}:{run.id}:{kind}:{key}"


def _check_key(key: str) -> None:
    if not (key.isascii() and 1 <= len(key) <= LONGEST_KEY):
        raise OutOfBounds(what="key", limit=LONGEST_KEY)


def _check_value(value: bytes) -> None:
    if len(value) > LARGEST_VALUE:
        raise OutOfBounds(what="value", limit=LARGEST_VALUE)


def _life(ttl: timedelta) -> int:
    """A time to live in whole milliseconds."""
    if not _MILLISECOND <= ttl <= LONGEST_LIFE:
        raise OutOfBounds(what="life in hours", limit=LONGEST_LIFE // timedelta(hours=1))
    return ttl // _MILLISECOND
