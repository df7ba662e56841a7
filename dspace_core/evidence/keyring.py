"""The keys that records are sealed under: kept wrapped in a cluster of their own, opened here, forgotten soon.

The cluster decides each time whether a key still lives; a process remembers only what unwrapping gave, so an erasure by
another process takes effect with the next question.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta

import msgspec

from dspace_core.calendar import legal_day
from dspace_core.crypto import (
    Day,
    KeyProvider,
    Scope,
    Secret,
    SubjectAnswer,
    SubjectCase,
    SubjectIdentity,
    SubjectYear,
    YearKey,
    mint,
    recover,
)
from dspace_core.evidence import key_tables
from dspace_core.evidence.key_tables import Generation, SubjectKeyRow
from dspace_core.evidence.ledger_refusals import DayKeyGone, KeyErased
from dspace_core.evidence.opened_keys import OpenedKeys
from dspace_core.stores import Pool

Clock = Callable[[], datetime]
"""Business time: an aware instant. Passed in, so that tests and deadlines own it."""
KEPT = timedelta(hours=48)
"""How long a day key outlives its last waiting record, and an answer key its answer (design 12.7, 12.15)."""
REMEMBERED = timedelta(minutes=5)
"""For how long a process remembers what it opened, also one that does nothing meanwhile."""
_UNASKED = b""
"""In place of the wrapped bytes: the key of today is used without asking the cluster each time."""


class HeldYear(msgspec.Struct, frozen=True):
    """The key in use of a subject's year, and its generation."""

    generation: Generation
    key: YearKey


class Keyring:
    """Finds, makes and opens keys. One for each process."""

    def __init__(self, keys: Pool, provider: KeyProvider, clock: Clock) -> None:
        self.keys = keys
        self.clock = clock
        self._provider = provider
        self._opened = OpenedKeys(REMEMBERED.total_seconds())

    async def today(self) -> tuple[date, Secret]:
        """The legal day of this moment and its key, made if it is the first question of the day."""
        day = legal_day(self.clock())
        key = self._opened.get(Day(day), _UNASKED)
        if key is None:
            if await key_tables.day_key(self.keys, day) is None:
                await key_tables.add_day_key(self.keys, day, mint(self._provider, Day(day)).wrapped)
            key = await self.day(day)
            self._opened.keep(Day(day), _UNASKED, key)
        return day, key

    async def day(self, day: date) -> Secret:
        """The key of a day. Refuses with `DayKeyGone`."""
        wrapped = await key_tables.day_key(self.keys, day)
        if wrapped is None:
            raise DayKeyGone(day=day)
        return self._open(Day(day), wrapped)

    async def settle_days(self, waiting: Iterable[date]) -> tuple[date, ...]:
        """Destroy the keys of past days that have had no waiting record for 48 h; `waiting` are the days that have.

        Answers which. The 48 h begin when this is first asked after the last record was numbered.
        """
        now = self.clock()
        days = await key_tables.settle_days(self.keys, waiting, today=legal_day(now), now=now, idle_by=now - KEPT)
        self._opened.forget()
        return days

    async def years(self, wanted: Collection[SubjectYear]) -> dict[SubjectYear, HeldYear]:
        """The keys in use, made where there is none. They are durable when this returns."""
        found = await key_tables.live_years(self.keys, wanted)
        while missing := set(wanted) - {generation.scope for generation in found}:
            fresh = [(scope, mint(self._provider, scope).wrapped) for scope in missing]
            await key_tables.add_years(self.keys, fresh)
            found |= await key_tables.live_years(self.keys, missing)
        return {
            generation.scope: HeldYear(generation, self._year(generation, wrapped))
            for generation, wrapped in found.items()
        }

    async def generations(self, wanted: Collection[Generation]) -> dict[Generation, YearKey]:
        """The keys of entries that stand; one that was erased is not among them."""
        found = await key_tables.years_at(self.keys, wanted)
        return {generation: self._year(generation, wrapped) for generation, wrapped in found.items()}

    async def of_subject(self, scope: SubjectCase | SubjectIdentity) -> Secret:
        """The key of a case or an identity, made if there never was one. Refuses with `KeyErased`."""
        row = key_row(scope)
        if await key_tables.subject_key(self.keys, row) is None:
            await key_tables.add_subject_key(self.keys, row, mint(self._provider, scope).wrapped)
        return await self.held(scope)

    async def held(self, scope: SubjectCase | SubjectIdentity) -> Secret:
        """The key of a case or an identity that has one. Refuses with `KeyErased`."""
        row = key_row(scope)
        wrapped = await key_tables.subject_key(self.keys, row)
        if wrapped is None:
            raise KeyErased(kind=row.kind)
        return self._open(scope, wrapped)

    async def answer(self, scope: SubjectAnswer) -> Secret:
        """The key of a stored answer, made if there is none."""
        if await key_tables.answer_key(self.keys, scope) is None:
            fresh = mint(self._provider, scope)
            await key_tables.add_answer_key(self.keys, scope, fresh.wrapped, self.clock())
        return await self.held_answer(scope)

    async def held_answer(self, scope: SubjectAnswer) -> Secret:
        """The key of a stored answer that still has one. Refuses with `KeyErased`."""
        wrapped = await key_tables.answer_key(self.keys, scope)
        if wrapped is None:
            raise KeyErased(kind="answer")
        return self._open(scope, wrapped)

    async def settle_answers(self) -> None:
        """Destroy the keys of answers that are 48 h old."""
        await key_tables.drop_answer_keys(self.keys, self.clock() - KEPT)
        self._opened.forget()

    def forget(self) -> None:
        """Forget every opened key."""
        self._opened.forget()

    def _year(self, generation: Generation, wrapped: bytes) -> YearKey:
        return YearKey(self._open(generation.scope, wrapped))

    def _open(self, scope: Scope, wrapped: bytes) -> Secret:
        known = self._opened.get(scope, wrapped)
        if known is None:
            known = recover(self._provider, scope, wrapped)
            self._opened.keep(scope, wrapped, known)
        return known


def key_row(scope: SubjectCase | SubjectIdentity) -> SubjectKeyRow:
    """Where the key of a case or an identity stands."""
    if isinstance(scope, SubjectCase):
        return SubjectKeyRow(scope.subject, "case", scope.case)
    return SubjectKeyRow(scope.subject, "identity", scope.subject)
