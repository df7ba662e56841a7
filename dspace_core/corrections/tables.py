"""The SQL of corrections."""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.corrections.model import Correction, State
from dspace_core.stores import Connection, Pool, Record
from dspace_core.values import EvidenceId, Subject, from_ms, to_ms

_COLUMNS = """subject_id, correction_id, category, field, authority_id, state, asked_at, answered_at, evidence_id,
    content"""
_ADD = f"""
    INSERT INTO correction ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, 'asked', $6, NULL, $7, $8)
    ON CONFLICT (subject_id, correction_id) DO NOTHING RETURNING correction_id
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM correction WHERE subject_id = $1 AND correction_id = $2"  # noqa: S608
_TAKE = f"{_FIND} FOR NO KEY UPDATE"
_OF = f"SELECT {_COLUMNS} FROM correction WHERE subject_id = $1 ORDER BY asked_at DESC, correction_id"  # noqa: S608
# The conditions are those of the partial index, word for word.
_ASKED = f"""
    SELECT {_COLUMNS} FROM correction
    WHERE authority_id = $1 AND state = 'asked' AND (asked_at, evidence_id) > ($2, $3)
    ORDER BY asked_at, evidence_id LIMIT $4
"""  # noqa: S608
_ASKED_ONE = f"""
    SELECT {_COLUMNS} FROM correction
    WHERE authority_id = $1 AND state = 'asked' AND asked_at = $2 AND evidence_id = $3
"""  # noqa: S608
_ANSWER = """
    UPDATE correction SET state = $3, answered_at = $4, evidence_id = $5, content = $6
    WHERE subject_id = $1 AND correction_id = $2
"""


class Row(msgspec.Struct, frozen=True):
    """A correction without its words, and its words sealed."""

    correction: Correction
    sealed: bytes


async def add(db: Connection, row: Row) -> bool:
    """Enter a correction; False if one of its id stands."""
    one = row.correction
    added = await db.fetchval(
        _ADD, one.subject, one.id, one.category, one.field, one.authority, to_ms(one.asked_at), one.evidence, row.sealed
    )
    return added is not None


async def find(db: Pool | Connection, subject: Subject, correction: UUID) -> Row | None:
    """One correction of one subject."""
    row = await db.fetchrow(_FIND, subject, correction)
    return None if row is None else _row(row)


async def take(db: Connection, subject: Subject, correction: UUID) -> Row | None:
    """The same, locked until the transaction ends."""
    row = await db.fetchrow(_TAKE, subject, correction)
    return None if row is None else _row(row)


async def of_subject(db: Pool | Connection, subject: Subject) -> list[Row]:
    """Every correction of one subject, the newest first."""
    return [_row(row) for row in await db.fetch(_OF, subject)]


async def asked(db: Pool | Connection, authority: str, after: tuple[int, UUID], most: int) -> list[Row]:
    """Corrections that wait for an authority's answer, the oldest first, from behind a place."""
    return [_row(row) for row in await db.fetch(_ASKED, authority, *after, most)]


async def asked_one(db: Pool | Connection, authority: str, place: tuple[int, UUID]) -> Row | None:
    """The one at a place, if it waits."""
    row = await db.fetchrow(_ASKED_ONE, authority, *place)
    return None if row is None else _row(row)


async def answer(db: Connection, row: Row, at: datetime) -> None:
    """Write the answer to a correction that was taken in this transaction."""
    one = row.correction
    await db.execute(_ANSWER, one.subject, one.id, one.state.value, to_ms(at), one.evidence, row.sealed)


def _row(row: Record) -> Row:
    answered = row["answered_at"]
    return Row(
        Correction(
            subject=Subject(row["subject_id"]),
            id=row["correction_id"],
            category=row["category"],
            field=row["field"],
            authority=row["authority_id"],
            state=State(row["state"]),
            asked_at=from_ms(row["asked_at"]),
            answered_at=None if answered is None else from_ms(answered),
            evidence=EvidenceId(row["evidence_id"]),
            content=None,
        ),
        row["content"],
    )
