"""The trail: a person's own entries, how far they are gap-free, and the proof of one. Reads what waits and what stands."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path

import msgspec

from dspace_core.crypto import EntryKey, YearKey
from dspace_core.crypto.refusals import (
    RecordMalformed,
    RootUnknown,
    SuiteMixed,
    SuiteUnavailable,
    SuiteUnknown,
    UnsealFailed,
)
from dspace_core.errors import Text
from dspace_core.evidence import tables
from dspace_core.evidence.bundle import make_bundle
from dspace_core.evidence.entry import open_entry
from dspace_core.evidence.key_tables import Generation
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.leaf import unpack
from dspace_core.evidence.ledger_refusals import (
    ChainBroken,
    DayKeyGone,
    EntryErased,
    EntryUnknown,
    NotNumbered,
    PendingUnreadable,
)
from dspace_core.evidence.levels import LevelReader
from dspace_core.evidence.merkle import leaf_hash
from dspace_core.evidence.opening import log_folder
from dspace_core.evidence.pending import Receipt, State, draft_digest, draft_of, open_pending, state_of
from dspace_core.evidence.proof import inclusion_proof
from dspace_core.evidence.record import GROUPS, Draft, Record
from dspace_core.evidence.refusals import EntryMalformed, EntryMismatch, LeafMalformed
from dspace_core.evidence.tables import Db, Pending, Standing, Waited, Waiting
from dspace_core.values import EvidenceId, Subject, from_ms

RETRY_SECONDS = 1
"""After how long a proof that was asked for too early is there: a checkpoint follows within 50 ms."""
_DOES_NOT_OPEN = (
    DayKeyGone,
    EntryMalformed,
    EntryMismatch,
    LeafMalformed,
    PendingUnreadable,
    RecordMalformed,
    RootUnknown,
    SuiteMixed,
    SuiteUnavailable,
    SuiteUnknown,
    UnsealFailed,
)


class Closed(Enum):
    """Why an entry shows no record."""

    ERASED = "erased"
    """The key of its year was destroyed."""
    UNREADABLE = "unreadable"
    """It should open and does not: its bytes or its key are not those that were written. `receipt` says more."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the trail. `seq` is None while it waits; `record` is None exactly where `closed` says why.

    `at` is the instant of the act; of a waiting record that does not open, when it was put there; None where not even
    the leaf can be read.
    """

    entry: EvidenceId
    state: State
    at: datetime | None
    seq: int | None
    record: Record | Draft | None
    closed: Closed | None = None


class GapFree(msgspec.Struct, frozen=True):
    """Every entry of the subject from 0 to `to` is in the log that the checkpoint covers."""

    to: int
    origin: str
    size: int

    @property
    def says(self) -> Text:
        """The claim in words: never "complete", since nothing proves that there is no later entry."""
        return Text(
            f"至第 {self.to} 条无缺漏(检查点 {self.origin}, {self.size})",
            f"gap-free to entry {self.to} at checkpoint {self.origin}, {self.size}",
        )


class Page(msgspec.Struct, frozen=True):
    """Entries, newest first: those that wait, then those numbered. `before` is where the next page begins; None: there
    is none. An entry that was numbered between two pages may stand on both, and is never on neither."""

    lines: tuple[Line, ...]
    gap_free: GapFree | None
    before: int | Waited | None


async def read_page(
    db: Db, keyring: Keyring, subject: Subject, *, before: int | Waited | None = None, most: int = 100
) -> Page:
    """At most `most` entries of a subject's trail, from the newest or from where the page before ended.

    An entry that does not open is marked and hides no other. Neighbours are checked to join: the later names the leaf
    of the earlier (`ChainBroken`).
    """
    rows = await tables.page(db, subject, before, most + 1)
    numbered = [row for row in rows if isinstance(row, Standing)]
    keys = await _years(keyring, {row.generation for row in numbered})
    lines = [await _waiting(row, keyring) for row in rows if isinstance(row, Waiting)]
    lines += [_standing(row, keys) for row in numbered]
    _check_joined(numbered, lines[len(lines) - len(numbered) :])
    ended = rows[most - 1].place if len(rows) > most else None
    return Page(tuple(lines[:most]), await _gap_free(db, subject), ended)


async def receipt(db: Db, keyring: Keyring, subject: Subject, entry: EvidenceId) -> Receipt:
    """How far an entry has come. Refuses with `EntryUnknown`, `EntryErased`."""
    row = await _found(db, subject, entry)
    if isinstance(row, Pending):
        draft = open_pending(row, await keyring.day(row.day))
    else:
        draft = draft_of((await _opened(row, keyring))[0])
    return Receipt(entry, draft_digest(draft), state_of(row))


async def prove(
    db: Db, keyring: Keyring, folder: Path, subject: Subject, entry: EvidenceId, *, show: Collection[str] = GROUPS
) -> bytes:
    """The bundle of one entry under the newest checkpoint of its log, with the groups named in `show`.

    `folder` is the notary's. Refuses with `NotNumbered` before a signed checkpoint covers the entry, `EntryUnknown`,
    `EntryErased`.
    """
    row = await _found(db, subject, entry)
    if isinstance(row, Pending) or not row.signed or row.note is None:
        raise NotNumbered(retry_after=RETRY_SECONDS)
    record, key = await _opened(row, keyring)
    with LevelReader(log_folder(folder, row.log)) as reader:
        proof = inclusion_proof(reader, row.position, row.signed_size)
    return make_bundle(record, key, row.leaf, index=row.position, proof=proof, note=row.note, show=show)


async def _found(db: Db, subject: Subject, entry: EvidenceId) -> Waiting | Standing:
    row = await tables.one(db, subject, entry)
    if row is None:
        raise EntryUnknown
    return row


async def _opened(row: Standing, keyring: Keyring) -> tuple[Record, EntryKey]:
    year = (await keyring.generations({row.generation})).get(row.generation)
    if year is None:
        raise EntryErased
    key = year.entry(row.entry)
    return open_entry(row.entry, row.sealed, unpack(row.leaf), key), key


async def _waiting(row: Waiting, keyring: Keyring) -> Line:
    try:
        draft = open_pending(row, await keyring.day(row.day))
    except _DOES_NOT_OPEN:
        closed = Closed.UNREADABLE
        return Line(entry=row.entry, state=State.RECORDED, at=row.since, seq=None, record=None, closed=closed)
    return Line(entry=row.entry, state=State.RECORDED, at=from_ms(draft.meta.at), seq=None, record=draft)


async def _gap_free(db: Db, subject: Subject) -> GapFree | None:
    found = await tables.gap_free(db, subject)
    return None if found is None else GapFree(found.seq, found.origin, found.signed_size)


async def _years(keyring: Keyring, wanted: Collection[Generation]) -> dict[Generation, YearKey | Closed]:
    """The key of each, or why there is none; asked one by one only where together they do not open."""
    try:
        found = await keyring.generations(wanted) if wanted else {}
    except _DOES_NOT_OPEN:
        if len(wanted) == 1:
            return dict.fromkeys(wanted, Closed.UNREADABLE)
        return {each: year for one in wanted for each, year in (await _years(keyring, {one})).items()}
    return {each: found.get(each, Closed.ERASED) for each in wanted}


def _standing(row: Standing, keys: Mapping[Generation, YearKey | Closed]) -> Line:
    year = keys[row.generation]
    at: datetime | None = None
    record: Record | None = None
    closed = year if isinstance(year, Closed) else None
    try:
        leaf = unpack(row.leaf)
        at = leaf.at
        if not isinstance(year, Closed):
            record = open_entry(row.entry, row.sealed, leaf, year.entry(row.entry))
    except _DOES_NOT_OPEN:
        closed = Closed.UNREADABLE
    return Line(entry=row.entry, state=state_of(row), at=at, seq=row.seq, record=record, closed=closed)


def _check_joined(rows: Sequence[Standing], lines: Sequence[Line]) -> None:
    """Each entry that can be read must name the leaf of the one before, where that is at hand."""
    for later, line, earlier in zip(rows, lines, rows[1:], strict=False):
        record = line.record
        if not isinstance(record, Record):
            continue
        if later.seq != earlier.seq + 1 or record.meta.previous != leaf_hash(earlier.leaf).hex():
            raise ChainBroken(seq=later.seq)
