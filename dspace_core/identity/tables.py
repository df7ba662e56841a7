"""The SQL of identities."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from dspace_core.crypto import KeyId
from dspace_core.stores import Connection, Pool
from dspace_core.values import Subject


class Identity(msgspec.Struct, frozen=True):
    """One row: the keyed digest of a document under one root, whose it is, and the document sealed."""

    lookup: bytes
    root: KeyId
    subject: Subject
    sealed: bytes


_COLUMNS = "lookup, root_id, subject_id, sealed"
_FIND = f"SELECT {_COLUMNS} FROM identity WHERE lookup = ANY($1::bytea[])"  # noqa: S608
_OF = f"SELECT {_COLUMNS} FROM identity WHERE subject_id = $1"  # noqa: S608
_ADD = """
    INSERT INTO identity (lookup, root_id, subject_id, sealed)
    SELECT * FROM unnest($1::bytea[], $2::text[], $3::uuid[], $4::bytea[]) ON CONFLICT (lookup) DO NOTHING
"""
_LOCK = "SELECT pg_advisory_xact_lock($1)"


async def find(db: Pool | Connection, lookups: Sequence[bytes]) -> list[Identity]:
    """The rows of one document, one for each root under which it was entered."""
    return [
        Identity(row["lookup"], row["root_id"], Subject(UUID(bytes=row["subject_id"].bytes)), row["sealed"])
        for row in await db.fetch(_FIND, list(lookups))
    ]


async def of_subject(db: Pool | Connection, subject: Subject) -> list[Identity]:
    """The rows of one subject."""
    return [Identity(row["lookup"], row["root_id"], subject, row["sealed"]) for row in await db.fetch(_OF, subject)]


async def add(db: Connection, rows: Sequence[Identity]) -> None:
    """Enter a document; a row that stands is left as it is."""
    await db.execute(
        _ADD,
        [row.lookup for row in rows],
        [row.root for row in rows],
        [row.subject for row in rows],
        [row.sealed for row in rows],
    )


async def wait_for_turn(db: Connection, lookup: bytes) -> None:
    """Hold everybody else who enters the same document until this transaction ends."""
    await db.execute(_LOCK, int.from_bytes(lookup[:8], "big", signed=True))
