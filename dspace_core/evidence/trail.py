"""The trail: a person's own entries, how far they are gap-free, and the proof of one. Reads what waits and what stands."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from dspace_core.crypto import EntryKey, YearKey
from dspace_core.errors import Text
from dspace_core.evidence import tables
from dspace_core.evidence.bundle import make_bundle
from dspace_core.evidence.entry import open_entry
from dspace_core.evidence.key_tables import Generation
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.leaf import unpack
from dspace_core.evidence.ledger_refusals import ChainBroken, EntryErased, EntryUnknown, NotNumbered
from dspace_core.evidence.levels import LevelReader
from dspace_core.evidence.merkle import leaf_hash
from dspace_core.evidence.opening import log_folder
from dspace_core.evidence.pending import Receipt, State, draft_digest, draft_of, open_pending
from dspace_core.evidence.proof import inclusion_proof
from dspace_core.evidence.record import GROUPS, Draft, Record
from dspace_core.evidence.tables import Db, Pending, Standing
from dspace_core.values import EvidenceId, Subject, from_ms

RETRY_SECONDS = 1
"""After how long a proof that was asked for too early is there: a checkpoint follows within 50 ms."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the trail. `record` is None when the key of its year was erased; `seq` is None while it waits."""

    entry: EvidenceId
    state: State
    at: datetime
    seq: int | None
    record: Record | Draft | None


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
    """Entries, newest first. `before` is where the next page begins; None: there is none."""

    lines: tuple[Line, ...]
    gap_free: GapFree | None
    before: int | None


async def read_page(db: Db, keyring: Keyring, subject: Subject, *, before: int | None = None, most: int = 100) -> Page:
    """A page of a subject's trail; the first holds what waits as well.

    Neighbours are checked to join: the later names the leaf of the earlier (`ChainBroken`).
    """
    rows = await tables.page(db, subject, before, most + 1)
    numbered = [row for row in rows if isinstance(row, Standing)]
    keys = await keyring.generations({row.generation for row in numbered}) if numbered else {}
    records = [_record(row, keys) for row in numbered]
    _check_joined(numbered, records)
    lines = [await _waiting(row, keyring) for row in rows if isinstance(row, Pending)]
    lines += [
        Line(entry=row.entry, state=_state(row), at=unpack(row.leaf).at, seq=row.seq, record=record)
        for row, record in zip(numbered[:most], records, strict=False)
    ]
    return Page(tuple(lines), await _gap_free(db, subject), numbered[most - 1].seq if len(numbered) > most else None)


async def receipt(db: Db, keyring: Keyring, subject: Subject, entry: EvidenceId) -> Receipt:
    """How far an entry has come. Refuses with `EntryUnknown`, `EntryErased`."""
    row = await _found(db, subject, entry)
    if isinstance(row, Pending):
        draft = open_pending(row, await keyring.day(row.day))
    else:
        draft = draft_of((await _opened(row, keyring))[0])
    return Receipt(entry, draft_digest(draft), _state(row))


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


async def _found(db: Db, subject: Subject, entry: EvidenceId) -> Pending | Standing:
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


async def _waiting(row: Pending, keyring: Keyring) -> Line:
    draft = open_pending(row, await keyring.day(row.day))
    return Line(entry=row.entry, state=State.RECORDED, at=from_ms(draft.meta.at), seq=None, record=draft)


async def _gap_free(db: Db, subject: Subject) -> GapFree | None:
    found = await tables.gap_free(db, subject)
    return None if found is None else GapFree(found.seq, found.origin, found.signed_size)


def _record(row: Standing, keys: Mapping[Generation, YearKey]) -> Record | None:
    year = keys.get(row.generation)
    return None if year is None else open_entry(row.entry, row.sealed, unpack(row.leaf), year.entry(row.entry))


def _check_joined(rows: Sequence[Standing], records: Sequence[Record | None]) -> None:
    """Each entry that can be read must name the leaf of the one before, where that is at hand."""
    for later, record, earlier in zip(rows, records, rows[1:], strict=False):
        if record is None:
            continue
        if later.seq != earlier.seq + 1 or record.meta.previous != leaf_hash(earlier.leaf).hex():
            raise ChainBroken(seq=later.seq)


def _state(row: Pending | Standing) -> State:
    if isinstance(row, Pending):
        return State.RECORDED
    return State.SIGNED if row.signed else State.NUMBERED
