"""Refusals of one kind within a minute: the first is recorded at once, the rest as one further entry with a count.

The counts are in memory. A mark on the disk says that there are some: a process that finds its own mark when it starts
died with counts untold, and records a gap. What could not be recorded at once is owed as a count, and a gap with the
number of those says that it comes late.
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
        """Of this minute: those whose first is recorded or being recorded, and how many came after it."""
        self._owed: dict[tuple[int, Refused], int] = {}
        self._late = 0
        self._telling = asyncio.Lock()

    async def start(self) -> bool:
        """Record a gap if the process before died with counts untold; answer whether it did."""
        if not self._mark.exists():
            return False
        await self._attest(_gap(self._clock()))
        self._clear_mark()
        return True

    async def refuse(self, refused: Refused) -> None:
        """Record a refusal, or count it. Returns when the first of its minute is durable.

        What `attest` raises is raised; the refusal and those counted meanwhile are then owed, and the next one of the
        kind is tried as a first again. One whose recording was cut off in between may be counted once more.
        """
        self._turn()
        minute, counts = self._minute, self._counts
        if refused in counts:
            counts[refused] += 1
            self._set_mark()
            return
        counts[refused] = 0
        try:
            await self._attest(refused.draft(Act.USE_REFUSED, self._clock()))
        except BaseException:
            # Where the minute is over, what was counted after this one is among what is owed.
            further = counts.pop(refused) if counts is self._counts else 0
            self._owe(minute, refused, 1 + further)
            self._late += 1 + further
            self._set_mark()
            raise

    async def tell(self, *, ending: bool = False) -> None:
        """Record the counts of the minutes that are over, and of this one when the process ends. Call it each second.

        What could not be recorded is owed, and told with the next call; a gap says first how many come late.
        """
        self._turn(over=ending)
        async with self._telling:
            if late := self._late:
                await self._attest(_gap(self._clock(), late))
                self._late -= late
            while self._owed:
                (minute, refused), count = next(iter(self._owed.items()))
                await self._attest(refused.draft(Act.REFUSALS_COALESCED, self._clock(), count))
                self._owe(minute, refused, -count)
            if not self._late and not any(self._counts.values()):
                self._clear_mark()

    def _turn(self, *, over: bool = False) -> None:
        """When the minute is over, owe what was counted in it."""
        minute = _minute(self._clock())
        if minute == self._minute and not over:
            return
        for refused, count in self._counts.items():
            self._owe(self._minute, refused, count)
        self._minute, self._counts = minute, {}

    def _owe(self, minute: int, refused: Refused, count: int) -> None:
        owed = self._owed.pop((minute, refused), 0) + count
        if owed:
            self._owed[minute, refused] = owed

    def _set_mark(self) -> None:
        if self._mark.exists():
            return
        file = os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        os.close(file)
        self._sync_folder()

    def _clear_mark(self) -> None:
        if self._mark.exists():
            self._mark.unlink()
            self._sync_folder()

    def _sync_folder(self) -> None:
        """The mark is an entry of its folder and nothing else: only this puts it on the disk, or takes it off."""
        folder = os.open(self._mark.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _gap(at: datetime, count: int | None = None) -> Draft:
    """That evidence is late or missing: so many refusals, where that is known."""
    return Draft(who=Who(actor=Actor.SYSTEM), what=What(count=count), meta=_event(Act.GAP, at))


def _event(kind: Act, at: datetime) -> Event:
    return Event(kind=kind, entry=EvidenceId(random_id()), act=random_id(), at=to_ms(at))


def _minute(at: datetime) -> int:
    return to_ms(at) // 60_000
