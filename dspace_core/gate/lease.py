"""The lease: the right of one process to release, for one second at a time, and what it must give up when told.

What is on its way has a ticket from before its admission until the release is out. A stop closes the tickets of its
basis; a lost lease closes all. A new lease has a new name, so nothing that began under the old one goes on.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from dspace_core.errors import Refusal
from dspace_core.gate import tables
from dspace_core.gate.refusals import EvidenceStale, LeaseLost, Stopped
from dspace_core.gate.tables import LEASE, Renewal, Stop
from dspace_core.stores import Ephemeral, Pool
from dspace_core.stores.clocks import LIMIT
from dspace_core.stores.refusals import ClocksApart
from dspace_core.values import Subject, random_id

CHANNEL = "stops"
"""Where a stop is announced. Nothing is said there but that there is something to read."""
RENEW_SECONDS = 0.3
STALE = timedelta(seconds=60)
"""For how long evidence may wait for its number before sensitive fields are shut (design, article 13)."""
_SECONDS = LEASE.total_seconds()
_log = logging.getLogger("dspace.gate")


def _boottime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Ticket:
    """The permission of one use under way. `check` is asked immediately before each byte goes out."""

    __slots__ = ("_closed", "_hold", "_sending", "key")

    def __init__(self, hold: "_Hold", key: tuple[Subject, UUID]) -> None:
        self.key = key
        self._hold = hold
        self._closed = False
        self._sending: asyncio.Future[None] | None = None

    def check(self) -> None:
        """Raises Stopped when its basis was stopped, LeaseLost when the process may not release."""
        if self._closed:
            raise Stopped
        self._hold.check()

    def sending(self) -> None:
        """Say that a release begins: from here on a stop waits until `leave`."""
        self.check()
        self._sending = asyncio.get_running_loop().create_future()

    def close(self) -> "asyncio.Future[None] | None":
        """Permit nothing more; answer what to wait for, if bytes may be going out."""
        self._closed = True
        return self._sending

    def leave(self) -> None:
        """The use is over, whatever became of it."""
        if self._sending is not None and not self._sending.done():
            self._sending.set_result(None)
        self._hold.tickets.get(self.key, set()).discard(self)
        if not self._hold.tickets.get(self.key):
            self._hold.tickets.pop(self.key, None)


class _Hold:
    """One lease from its taking to its loss, and everything under way in it."""

    def __init__(self, process: UUID) -> None:
        self.process = process
        self.tickets: dict[tuple[Subject, UUID], set[Ticket]] = {}
        self.until = 0.0
        self.lost = False
        self.unfit: Refusal | None = None
        self.stale = False

    def check(self) -> None:
        if self.lost or _boottime() >= self.until:
            raise LeaseLost

    def told(self, renewal: Renewal, sent: float, before: datetime, after: datetime) -> None:
        """Take in what a renewal said: the second counts from before it was sent."""
        self.until = sent + _SECONDS
        self.unfit = _apart(renewal.now, before, after)
        self.stale = renewal.oldest is not None and renewal.now - renewal.oldest > STALE


class Hearer(Protocol):
    """Whoever holds something that a stop makes old."""

    def stopped(self, subject: Subject, basis: UUID) -> None:
        """A basis was stopped. Told before that is acknowledged."""

    def lost(self) -> None:
        """Stops may have been missed."""


class Lease:
    """The lease of this process. Use it as an async context manager; leaving it gives the lease back."""

    def __init__(
        self, db: Pool, ephemeral: Ephemeral | None = None, *, wall: Callable[[], datetime] | None = None
    ) -> None:
        """`db`: a pool of its own, two sessions wide: a renewal must not wait behind uses. `ephemeral` makes stops
        faster; without it they are read with each renewal. `wall` is this machine's raw clock."""
        self._db = db
        self._ephemeral = ephemeral
        self._wall = wall or (lambda: datetime.now(UTC))
        self._hold: _Hold | None = None
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._heeding: dict[int, asyncio.Task[None]] = {}
        self._hearers: list[Hearer] = []

    @property
    def process(self) -> UUID:
        """The name of the lease that is held. Raises LeaseLost."""
        return self._held().process

    async def __aenter__(self) -> Self:
        await self._take()
        self._tasks = [asyncio.create_task(self._keep())]
        if self._ephemeral is not None:
            self._tasks.append(asyncio.create_task(self._listen(self._ephemeral)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Permit nothing more, wait for what is going out, and give the lease back."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.lost = True
            # No longer than the lease would have lasted: after that nothing passes its check any more.
            under_way = [ticket for tickets in hold.tickets.values() for ticket in tickets]
            await _ended(_closed(under_way), within=_SECONDS)
            await asyncio.gather(*self._heeding.values(), return_exceptions=True)
            await tables.give_back(self._db, hold.process)

    def enter(self, subject: Subject, basis: UUID, *, sensitive: bool) -> Ticket:
        """A ticket for one use; `leave` it in any case.

        Raises LeaseLost; ClocksApart when this machine and the database differ by more than 2 s; EvidenceStale for
        sensitive fields when evidence has waited for its number for more than 60 s.
        """
        hold = self._held()
        if hold.unfit is not None:  # an exception of the caller's own: one that many raise keeps what each of them held
            told = hold.unfit.values
            raise ClocksApart(apart_ms=told["apart_ms"], limit_ms=told["limit_ms"])
        if sensitive and hold.stale:
            raise EvidenceStale(seconds=STALE // timedelta(seconds=1))
        ticket = Ticket(hold, (subject, basis))
        hold.tickets.setdefault(ticket.key, set()).add(ticket)
        return ticket

    def tell(self, hearer: Hearer) -> None:
        """Let somebody hear of every stop."""
        self._hearers.append(hearer)

    def look(self) -> None:
        """Read at once what was stopped."""
        self._wake.set()

    def _held(self) -> _Hold:
        if self._hold is None:
            raise LeaseLost
        self._hold.check()
        return self._hold

    async def _take(self) -> None:
        hold = _Hold(random_id())
        await tables.sweep(self._db)
        await tables.take(self._db, hold.process)
        await self._renew(hold)
        self._hold = hold

    async def _renew(self, hold: _Hold) -> None:
        """Prolong it, and heed what was stopped. Raises LeaseLost."""
        sent, before = _boottime(), self._wall()
        renewal = await tables.renew(self._db, hold.process)
        if not renewal.renewed:
            raise LeaseLost
        hold.told(renewal, sent, before, self._wall())
        self._stop(hold, [stop for stop in renewal.stops if stop.number not in self._heeding])

    def _stop(self, hold: _Hold, stops: Sequence[Stop]) -> None:
        """Close what is under way under stopped bases. Where no byte may be going out it is said at once, of all
        together: a statement for each would keep the renewals waiting, until the lease is lost."""
        quiet: list[int] = []
        for stop in stops:
            for hearer in self._hearers:
                hearer.stopped(stop.subject, stop.basis)
            if going := _closed(hold.tickets.get((stop.subject, stop.basis), ())):
                self._heed(hold, (stop.number,), going)
            else:
                quiet.append(stop.number)
        if quiet:
            self._heed(hold, quiet, ())

    def _heed(self, hold: _Hold, numbers: Sequence[int], going: Sequence[asyncio.Future[None]]) -> None:
        task = asyncio.create_task(self._acknowledge(hold, numbers, going))
        self._heeding.update(dict.fromkeys(numbers, task))

    async def _acknowledge(self, hold: _Hold, numbers: Sequence[int], going: Sequence[asyncio.Future[None]]) -> None:
        """Wait until no byte is going out any more, and say so."""
        try:
            await _ended(going)
            await tables.acknowledge(self._db, hold.process, numbers)
        except Exception as error:  # noqa: BLE001  (the next renewal reads the stops again)
            _log.warning("a stop could not be acknowledged (%s)", type(error).__name__)
        finally:
            for number in numbers:
                del self._heeding[number]

    async def _keep(self) -> None:
        """Renew for ever; after a loss, begin anew under another name."""
        while True:
            with contextlib.suppress(TimeoutError):
                # Not `wait_for`: before Python 3.12 it misses a cancellation in the turn in which the event comes.
                async with asyncio.timeout(RENEW_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                if self._hold is None:
                    await self._take()
                else:
                    await self._renew(self._hold)
            except LeaseLost:
                _log.warning("the lease was lost; a new one is taken")
                self._lose()
                self._wake.set()
            except Exception as error:  # noqa: BLE001  (without renewal the lease runs out by itself)
                _log.warning("the lease could not be renewed (%s)", type(error).__name__)

    def _lose(self) -> None:
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.lost = True
        for hearer in self._hearers:
            hearer.lost()

    async def _listen(self, ephemeral: Ephemeral) -> None:
        while True:
            try:
                async with ephemeral.listen(CHANNEL) as heard:
                    self.look()  # whatever was announced before is read now
                    async for _ in heard:
                        self.look()
            except Refusal:  # the server is away or began anew; each renewal reads the stops meanwhile
                await asyncio.sleep(RENEW_SECONDS)


def _closed(tickets: Iterable[Ticket]) -> list[asyncio.Future[None]]:
    """Close tickets; answer those of which bytes may be going out."""
    return [sending for ticket in tickets if (sending := ticket.close()) is not None]


async def _ended(going: Sequence[asyncio.Future[None]], within: float | None = None) -> None:
    """Wait for releases, so many seconds at most."""
    if going:
        await asyncio.wait(going, timeout=within)


def _apart(theirs: datetime, before: datetime, after: datetime) -> Refusal | None:
    """Whether the database's clock lies more than the limit outside of the moments around its answer."""
    apart = max(before - theirs, theirs - after, timedelta(0))
    if apart <= LIMIT:
        return None
    millisecond = timedelta(milliseconds=1)
    return ClocksApart(apart_ms=apart // millisecond, limit_ms=LIMIT // millisecond)
