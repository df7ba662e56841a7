"""Erasure: a key is destroyed, and with it every record sealed under it; the log stands and still verifies.

An erasure is first written to a file that no restore takes back. Replaying it before opening makes a restored keys
cluster forget again what was erased.
"""

from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

import msgspec

from dspace_core.crypto import SubjectCase, SubjectYear
from dspace_core.evidence import key_tables, tables
from dspace_core.evidence.canonical import canonical
from dspace_core.evidence.journal import Journal
from dspace_core.evidence.key_tables import Generation
from dspace_core.evidence.keyring import KEPT, Keyring, key_row
from dspace_core.evidence.ledger_refusals import KeyErased
from dspace_core.evidence.pending import Receipt, attest
from dspace_core.evidence.record import Act, Actor, Draft, Event, Next, What, Who
from dspace_core.evidence.trail import receipt
from dspace_core.stores import Pool, transaction
from dspace_core.values import CaseId, EvidenceId, Subject, from_ms, random_id, to_ms

_LAST_DAY_KEY = timedelta(days=1) + KEPT
"""A record of this moment was sealed under today's key first, which lives that long at most once all is numbered."""


class Kind(Enum):
    """What an erasure covers."""

    YEAR = "year"
    CASE = "case"


class Erasure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the file: which key was destroyed, when, and under which id that is recorded."""

    kind: Kind
    subject: Subject
    entry: EvidenceId
    act: EvidenceId
    at: int
    year: int = 0
    generation: int = 0
    case: CaseId | None = None

    def draft(self) -> Draft:
        """What is recorded of it, in the subject's own chain."""
        what = What(item="evidence.year", count=self.year, version=self.generation)
        return Draft(
            who=Who(actor=Actor.SYSTEM, subject=self.subject),
            what=what if self.kind is Kind.YEAR else What(item="case"),
            next=Next(case=self.case),
            meta=Event(kind=Act.KEY_ERASED, entry=self.entry, act=self.act, at=self.at),
        )


class Certificate(msgspec.Struct, frozen=True):
    """What the person gets: what was erased, since when it is out of use, and when the last backup of the key expires."""

    kind: Kind
    subject: Subject
    year: int | None
    case: CaseId | None
    erased_at: datetime
    complete_at: datetime
    receipt: Receipt


class Eraser:
    """Erases, and repeats erasures after a restore. Enters both clusters as the notary."""

    def __init__(self, db: Pool, keyring: Keyring, path: Path, backups: timedelta) -> None:
        """`path`: the file of erasures, beside `cas`. `backups`: how long a backup of the keys cluster is kept."""
        self._db = db
        self._keyring = keyring
        self._path = path
        self._backups = backups

    async def erase(self, scope: SubjectYear | SubjectCase) -> Certificate:
        """Destroy the key of a subject's year, as far as it is numbered until now, or of a case.

        (1) the line in the file  (2) the key  (3) the entry. A crash in between is made good by `replay`.
        Refuses with `KeyErased` where there is no key.
        """
        erasure = await self._planned(scope)
        with Journal(self._path).held() as held:
            held.append(canonical(erasure))  # 1
        return await self._carry_out(erasure)

    async def replay(self) -> int:
        """Carry out every erasure of the file again where it does not stand. Answers how many lines there are.

        Call it before anything else opens the databases. Refuses with `JournalDamaged`.
        """
        with Journal(self._path).held() as held:
            lines = held.news
        for line in lines:
            await self._carry_out(msgspec.json.decode(line, type=Erasure))
        return len(lines)

    async def _planned(self, scope: SubjectYear | SubjectCase) -> Erasure:
        entry, act, at = EvidenceId(random_id()), EvidenceId(random_id()), to_ms(self._keyring.clock())
        if isinstance(scope, SubjectCase):
            await self._keyring.held(scope)
            return Erasure(Kind.CASE, scope.subject, entry, act, at, case=scope.case)
        live = await key_tables.live_years(self._keyring.keys, (scope,))
        if not live:
            raise KeyErased(kind="year")
        (generation,) = live
        return Erasure(Kind.YEAR, scope.subject, entry, act, at, year=scope.year, generation=generation.number)

    async def _carry_out(self, erasure: Erasure) -> Certificate:
        if erasure.case is not None:
            row = key_row(SubjectCase(erasure.subject, erasure.case))
            await key_tables.erase_subject_key(self._keyring.keys, row)  # 2
        else:
            scope = SubjectYear(erasure.subject, erasure.year)
            await key_tables.erase_year(self._keyring.keys, Generation(scope, erasure.generation))  # 2
        self._keyring.forget()
        at = from_ms(erasure.at)
        return Certificate(
            kind=erasure.kind,
            subject=erasure.subject,
            year=erasure.year or None,
            case=erasure.case,
            erased_at=at,
            complete_at=at + self._backups + (_LAST_DAY_KEY if erasure.kind is Kind.YEAR else timedelta(0)),
            receipt=await self._recorded(erasure),
        )

    async def _recorded(self, erasure: Erasure) -> Receipt:
        """The entry of the erasure, recorded unless it is (3)."""
        known = await tables.one(self._db, erasure.subject, erasure.entry)
        if known is None:
            async with transaction(self._db) as db:
                return await attest(db, erasure.draft(), self._keyring)
        return await receipt(self._db, self._keyring, erasure.subject, erasure.entry)
