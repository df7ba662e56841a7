"""Whether the entries of each subject join: each names the leaf of the one before it. Read where the keys still are."""

from uuid import UUID

import msgspec

from dspace_core.crypto import INTERNATIONAL, SubjectYear, YearKey
from dspace_core.errors import Refusal
from dspace_core.evidence import leaf_hash, open_entry, unpack
from dspace_core.evidence.key_tables import Generation
from dspace_core.evidence.keyring import Keyring
from dspace_core.stores import Connection
from dspace_core.values import EvidenceId, Subject

_BATCH = 500
_NIL = UUID(int=0)
_ROWS = f"""
    SELECT subject_id, seq, evidence.evidence_id, year, generation, sealed, leaf
    FROM evidence JOIN leaf USING (log, position)
    WHERE (subject_id, seq) > ($1, $2) ORDER BY subject_id, seq LIMIT {_BATCH}
"""  # noqa: S608


class _Row(msgspec.Struct, frozen=True):
    subject: Subject
    seq: int
    entry: EvidenceId
    generation: Generation
    sealed: bytes
    leaf: bytes

    @property
    def has_its_leaf(self) -> bool:
        """Where it has another's, that is said once, under the leaves."""
        return unpack(self.leaf).sealed == INTERNATIONAL.hash.digest(self.sealed)


async def broken_chains(db: Connection, keyring: Keyring, seconds: float) -> tuple[int, list[str]]:
    """How many entries could be read, and those of them that do not join what stands before them.

    A statement may take so many seconds.
    """
    read, broken = 0, []
    before: _Row | None = None
    at: tuple[UUID, int] = (_NIL, -1)
    while rows := [_row(tuple(row)) for row in await db.fetch(_ROWS, *at, timeout=seconds)]:
        keys = await keyring.generations({row.generation for row in rows})
        for row in rows:
            key = keys.get(row.generation)
            if key is not None and row.has_its_leaf:
                read += 1
                if not _joins(row, key, before):
                    broken.append(f"entry {row.entry}")
            before = row
        at = rows[-1].subject, rows[-1].seq
    return read, broken


def _joins(row: _Row, year: YearKey, before: _Row | None) -> bool:
    try:
        meta = open_entry(row.entry, row.sealed, unpack(row.leaf), year.entry(row.entry)).meta
    except Refusal:
        return False
    if row.seq == 0:
        return meta.previous is None
    if before is None or (before.subject, before.seq + 1) != (row.subject, row.seq) or not before.has_its_leaf:
        return True  # what is missing before it is said once, under the sequences or the leaves
    return meta.previous == leaf_hash(before.leaf).hex()


def _row(row: tuple[UUID, int, UUID, int, int, bytes, bytes]) -> _Row:
    subject = Subject(UUID(bytes=row[0].bytes))
    generation = Generation(SubjectYear(subject, row[3]), row[4])
    return _Row(subject, row[1], EvidenceId(UUID(bytes=row[2].bytes)), generation, row[5], row[6])
