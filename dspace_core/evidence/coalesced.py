"""Refusals of one kind within a minute: the first is recorded at once, the rest as one further entry with a count.

The counts are in memory. A mark on the disk says that there are some: a process that finds its own mark when it starts
died with counts untold, and records a gap.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import msgspec

from dspace_core.evidence.keyring import Clock
from dspace_core.evidence.record import Act, Actor, Code, Draft, Event, Next, What, Who, Why
from dspace_core.values import CaseId, EvidenceId, Subject, random_id, to_ms

Attest = Callable[[Draft], Awaitable[object]]
"""Records a draft in a transaction of its own, and returns when it is durable."""


class Refused(msgspec.Struct, frozen=True):
    """A kind of refusal: everything that is the same about those that are counted together."""

    subject: Subject
    plugin: Code
    case: CaseId
    reason: Code

    def draft(self, kind: Act, at: datetime, count: int | None = None) -> Draft:
        """What is recorded of one, or of `count` of them."""
        return Draft(
            who=Who(actor=Actor.PLUGIN, subject=self.subject, plugin=self.plugin),
            what=What(count=count),
            why=Why(refusal=self.reason),
            next=Next(case=self.case),
            meta=_event(kind, at),
        )


class Coalesced:
    """The refusals of one process. `mark` is a file of this process's name that outlives it."""

    def __init__(self, attest: Attest, mark: Path, clock: Clock) -> None:
        self._attest = attest
        self._mark = mark
        self._clock = clock
        self._minute = _minute(clock())
        self._counts: dict[Refused, int] = {}
        self._owed: list[tuple[Refused, int]] = []
        self._telling = asyncio.Lock()

    async def start(self) -> bool:
        """Record a gap if the process before died with counts untold; answer whether it did."""
        if not self._mark.exists():
            return False
        await self._attest(Draft(who=Who(actor=Actor.SYSTEM), meta=_event(Act.GAP, self._clock())))
        self._mark.unlink()
        return True

    async def refuse(self, refused: Refused) -> None:
        """Record a refusal, or count it. Returns when the first of its minute is durable."""
        await self.tell()
        if refused in self._counts:
            self._set_mark()
            self._counts[refused] += 1
            return
        self._counts[refused] = 0
        try:
            await self._attest(refused.draft(Act.USE_REFUSED, self._clock()))
        except BaseException:
            self._counts.pop(refused, None)
            raise

    async def tell(self, *, ending: bool = False) -> None:
        """Record the counts of the minutes that are over, and of this one when the process ends. Call it each second.

        What could not be recorded is owed, and told with the next call.
        """
        minute = _minute(self._clock())
        if minute != self._minute or ending:
            self._owed += [(refused, count) for refused, count in self._counts.items() if count]
            self._minute, self._counts = minute, {}
        async with self._telling:
            told = bool(self._owed)
            while self._owed:
                refused, count = self._owed[0]
                await self._attest(refused.draft(Act.REFUSALS_COALESCED, self._clock(), count))
                del self._owed[0]
            if told and not any(self._counts.values()):
                self._mark.unlink(missing_ok=True)

    def _set_mark(self) -> None:
        if self._mark.exists():
            return
        file = os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _event(kind: Act, at: datetime) -> Event:
    return Event(kind=kind, entry=EvidenceId(random_id()), act=random_id(), at=to_ms(at))


def _minute(at: datetime) -> int:
    return to_ms(at) // 60_000
