"""Erasure: a key is destroyed, and with it every record sealed under it; the log stands and still verifies.

An erasure is first written to a file that no restore takes back. Replaying it before opening makes a restored keys
cluster forget again what was erased.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from dspace_core.calendar import legal_day
from dspace_core.crypto import SubjectCase, SubjectIdentity, SubjectYear
from dspace_core.errors import Refusal
from dspace_core.evidence import key_tables, tables
from dspace_core.evidence.canonical import canonical
from dspace_core.evidence.certificate import Certificate, Cleared, Erasure, Kind
from dspace_core.evidence.clearing import DAYS, clear
from dspace_core.evidence.journal import Journal
from dspace_core.evidence.key_tables import Generation
from dspace_core.evidence.keyring import Keyring, key_row
from dspace_core.evidence.ledger_refusals import EntryUnknown, ErasureWaits, KeyErased, ReplayIncomplete
from dspace_core.evidence.pending import Receipt, attest, draft_digest, state_of
from dspace_core.stores import Pool, transaction
from dspace_core.values import EvidenceId, from_ms, random_id, to_ms

_POLL_SECONDS = 0.02
_LINES = msgspec.json.Decoder(Erasure | Cleared)


class Eraser:
    """Erases, and repeats erasures after a restore. Enters both clusters as the notary."""

    def __init__(
        self, db: Pool, keyring: Keyring, path: Path, backups: timedelta, *, patience: timedelta = timedelta(seconds=5)
    ) -> None:
        """`path`: the file of erasures, beside `cas`. `backups`: how long a backup of the keys cluster is kept.

        `patience`: for how long an erasure waits until what is recorded of the subject is numbered.
        """
        self._db = db
        self._keyring = keyring
        self._path = path
        self._backups = backups
        self._patience = patience

    async def erase(self, scope: SubjectYear | SubjectCase | SubjectIdentity) -> Certificate:
        """Destroy the key of a subject's year, as far as it is recorded until now, of a case, or of an identity.

        (1) what is recorded of the subject by now is numbered  (2) the line in the file  (3) the key  (4) the entry
        (5) the files of the keys cluster, see `certify`. What fails after (2) is made good by `replay`.
        Refuses with `KeyErased` where there is no key, with `ErasureWaits` when the notary does not come.
        """
        erasure = await self._planned(scope)
        if erasure.kind is Kind.YEAR:
            await self._numbered(erasure)  # 1
        with Journal(self._path).held() as held:
            held.append(canonical(erasure))  # 2
        await self._destroy(erasure)  # 3
        await self._record(erasure)  # 4
        return await self._certified(erasure, None)  # 5

    async def certify(self, entry: EvidenceId) -> Certificate:
        """The certificate of an erasure by the id of its entry; clears the files of the keys cluster if that is due.

        Once they are known to be clear, that is written into the file of erasures and the dates stay. Refuses with
        `EntryUnknown`, `JournalDamaged`.
        """
        lines = self._lines()
        found = [line for line in lines if isinstance(line, Erasure) and line.entry == entry]
        if not found:
            raise EntryUnknown
        cleared = [from_ms(line.at) for line in lines if isinstance(line, Cleared) and line.entry == entry]
        return await self._certified(found[0], cleared[0] if cleared else None)

    async def replay(self) -> int:
        """Carry out every erasure of the file again where it does not stand. Answers how many there are.

        (1) all keys are destroyed  (2) what is missing of their entries is recorded; one that stands is never opened
        (3) the tables concerned are cleared. A line that fails stops no other: at the end it is `ReplayIncomplete`.
        Call it before anything else opens the databases. Refuses with `JournalDamaged`, and with `KeysKept` after (2).
        """
        erasures = [line for line in self._lines() if isinstance(line, Erasure)]
        failed: set[EvidenceId] = set()
        tables_touched: set[str] = set()
        for erasure in erasures:  # 1
            name = await _tried(self._destroy(erasure), erasure, failed)
            if name is not None:
                tables_touched.add(name)
        for erasure in erasures:  # 2
            await _tried(self._record(erasure), erasure, failed)
        if failed:
            raise ReplayIncomplete(failed=len(failed), of=len(erasures))
        if tables_touched:
            await clear(self._keyring.keys, tables_touched)  # 3
        return len(erasures)

    def _lines(self) -> Sequence[Erasure | Cleared]:
        with Journal(self._path).held() as held:
            return [_LINES.decode(line) for line in held.news]

    async def _planned(self, scope: SubjectYear | SubjectCase | SubjectIdentity) -> Erasure:
        entry, act, at = EvidenceId(random_id()), EvidenceId(random_id()), to_ms(self._keyring.clock())
        if isinstance(scope, SubjectYear):
            live = await key_tables.live_years(self._keyring.keys, (scope,))
            if not live:
                raise KeyErased(kind="year")
            (generation,) = live
            return Erasure(Kind.YEAR, scope.subject, entry, act, at, year=scope.year, generation=generation.number)
        row = key_row(scope)
        if await key_tables.subject_key(self._keyring.keys, row) is None:
            raise KeyErased(kind=row.kind)
        if isinstance(scope, SubjectCase):
            return Erasure(Kind.CASE, scope.subject, entry, act, at, case=scope.case)
        return Erasure(Kind.IDENTITY, scope.subject, entry, act, at)

    async def _numbered(self, erasure: Erasure) -> None:
        """Wait until nothing that was recorded of the subject before this moment waits for its number."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._patience.total_seconds()
        moment = await tables.moment(self._db)
        while waiting := await tables.waiting_since(self._db, erasure.subject, moment):
            if clock() >= deadline:
                raise ErasureWaits(waiting=waiting)
            await asyncio.sleep(_POLL_SECONDS)

    async def _destroy(self, erasure: Erasure) -> str:
        """Destroy the key; answers which table still holds its bytes. Nobody numbers under it when this returns."""
        scope, keys = erasure.scope, self._keyring.keys
        try:
            if not isinstance(scope, SubjectYear):
                return await key_tables.erase_subject_key(keys, key_row(scope))
            async with transaction(self._db) as db:
                await tables.hold_numbering(db)
                return await key_tables.erase_year(keys, Generation(scope, erasure.generation))
        finally:
            self._keyring.forget()

    async def _record(self, erasure: Erasure) -> None:
        """Record the erasure unless it is; the entry is not opened, for its own year may be erased by now."""
        if await tables.one(self._db, erasure.subject, erasure.entry) is None:
            async with transaction(self._db) as db:
                await attest(db, erasure.draft(), self._keyring)

    async def _certified(self, erasure: Erasure, cleared_at: datetime | None) -> Certificate:
        cleared_at = cleared_at or await self._cleared(erasure)
        row = await tables.one(self._db, erasure.subject, erasure.entry)
        if row is None:
            raise EntryUnknown
        covers = None
        if erasure.kind is Kind.YEAR:
            generation = Generation(SubjectYear(erasure.subject, erasure.year), erasure.generation)
            covers = await tables.last_under(self._db, generation)
        return Certificate(
            kind=erasure.kind,
            subject=erasure.subject,
            year=erasure.year or None,
            case=erasure.case,
            covers=covers,
            erased_at=from_ms(erasure.at),
            cleared_at=cleared_at,
            complete_at=None if cleared_at is None else cleared_at + self._backups,
            earliest=erasure.earliest + self._backups,
            receipt=Receipt(erasure.entry, draft_digest(erasure.draft()), state_of(row)),
        )

    async def _cleared(self, erasure: Erasure) -> datetime | None:
        """Clear the files; None where they cannot be clear yet, or something holds them.

        The key's own table is cleared at once; for good only when no other process remembers the key, and for a year
        when the day keys are gone under which its records waited.
        """
        keys = self._keyring.keys
        oldest = await key_tables.oldest_day(keys)
        days_gone = oldest is None or oldest > legal_day(from_ms(erasure.at)) or erasure.kind is not Kind.YEAR
        try:
            await clear(keys, {await self._destroy(erasure), DAYS})
        except Refusal:  # a file that holds it, a lock, a lost session: the key is out of use all the same
            return None
        now = self._keyring.clock()
        if not days_gone or now < erasure.earliest:
            return None
        with Journal(self._path).held() as held:
            held.append(canonical(Cleared(erasure.entry, to_ms(now))))
        return from_ms(to_ms(now))


async def _tried(step: Awaitable[str | None], erasure: Erasure, failed: set[EvidenceId]) -> str | None:
    """What a step of one erasure answers; a failure is noted and stops no other erasure."""
    try:
        return await step
    except Exception:  # noqa: BLE001  (whatever stops one, the others are carried out, and it is told at the end)
        failed.add(erasure.entry)
        return None
