"""The seam between wire and gate: what a plugin asked, and the one way to hand it an answer."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from dspace_core.scenario import Case, Use


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One ask of a plugin, checked against the call it came in. Which plugin asks is known by the wire it came over."""

    call: int
    ask: int
    hook: str
    case: Case
    use: Use


class Release(Protocol):
    """Hands the answer to the plugin, once."""

    async def __call__(self, value: object, before_send: Callable[[], None]) -> int:
        """Send the released fields; answer CLOCK_MONOTONIC in ns, read just after the kernel took the last byte.

        `before_send` is called immediately before every system call that hands bytes over, with nothing awaited in
        between: it raises if the release is no longer permitted, and that exception comes out here. Raises
        ReleaseAborted when the bytes were not taken within 200 ms or the call has ended; AnswerTooLarge.
        Whatever is raised, the plugin got nothing it could read.
        """


OnAsk = Callable[[Asked, Release], Awaitable[None]]
"""Answers an ask: by one release, or by raising a Refusal, whose code the plugin is told. Is never cancelled midway."""
Answer = Callable[[str, Use, Release], Awaitable[None]]
"""Answers an ask of one case: told the hook and the use, it behaves as OnAsk. Who made the call knows its case."""
OnReceipt = Callable[[int, int, int], None]
"""Told the call, the ask and the worker's CLOCK_MONOTONIC (ns) when an answer arrived there. Races are judged by it."""


class OneRelease:
    """A release that is good for one attempt, and knows whether it went out."""

    def __init__(self, send: Callable[[object, Callable[[], None]], Awaitable[int]]) -> None:
        self.sent = False
        self._send = send
        self._tried = False

    async def __call__(self, value: object, before_send: Callable[[], None]) -> int:
        """See Release. Raises RuntimeError when called again: what has happened to the first is not undone."""
        if self._tried:
            raise RuntimeError("an ask is answered once")
        self._tried = True
        stamp = await self._send(value, before_send)
        self.sent = True
        return stamp
