"""The SQL of sessions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from dspace_backend.login.session import Ending, Session
from dspace_core.catalog import TrustLevel
from dspace_core.stores import Connection, Pool, Record
from dspace_core.values import from_ms, to_ms

_COLUMNS = """
    subject_id, session_id, client, level, jkt, authority, roles, authenticated_at, started_at, ends_at, refresh,
    refreshed_at, ended_at, ended_why
"""
_ADD = f"INSERT INTO session ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, NULL)"  # noqa: S608
_HELD = f"SELECT {_COLUMNS} FROM session WHERE subject_id = $1 AND session_id = $2 FOR NO KEY UPDATE"  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM session WHERE subject_id = $1 AND session_id = $2"  # noqa: S608
_REFRESH = "UPDATE session SET refresh = $3, refreshed_at = $4 WHERE subject_id = $1 AND session_id = $2"
_END = """
    UPDATE session SET ended_at = $3, ended_why = $4
    WHERE subject_id = $1 AND session_id = $2 AND ended_at IS NULL RETURNING session_id
"""
_REPLACE = """
    UPDATE session SET ended_at = $4, ended_why = 'replaced'
    WHERE subject_id = $1 AND client = $2 AND jkt = $3 AND ended_at IS NULL RETURNING session_id
"""
_ENDED_SINCE = "SELECT session_id FROM session WHERE ended_at >= $1"


async def add(db: Connection, session: Session, refresh: bytes) -> None:
    """Enter a session that has just begun, with the digest of its first refresh token."""
    started = to_ms(session.started)
    await db.execute(
        _ADD,
        session.subject,
        session.id,
        session.client,
        int(session.level),
        session.jkt,
        session.authority,
        None if session.roles is None else sorted(session.roles),
        to_ms(session.authenticated),
        started,
        to_ms(session.ends),
        refresh,
        started,
    )


async def held(db: Connection, subject: UUID, session: UUID) -> tuple[Session, bytes] | None:
    """A session and the digest of its refresh token, locked until the transaction ends."""
    row = await db.fetchrow(_HELD, subject, session)
    return None if row is None else (_session(row), row["refresh"])


async def find(db: Pool | Connection, subject: UUID, session: UUID) -> Session | None:
    """A session, ended or not."""
    row = await db.fetchrow(_FIND, subject, session)
    return None if row is None else _session(row)


async def refresh(db: Connection, session: Session, digest: bytes, at: datetime) -> None:
    """Put the digest of the next refresh token in the place of the last."""
    await db.execute(_REFRESH, session.subject, session.id, digest, to_ms(at))


async def end(db: Pool | Connection, subject: UUID, session: UUID, why: Ending, at: datetime) -> bool:
    """End a session; False when it was over already."""
    return await db.fetchval(_END, subject, session, to_ms(at), why.value) is not None


async def replace(db: Connection, session: Session, at: datetime) -> Sequence[UUID]:
    """End what the same person had in the same app with the same key; answer which."""
    rows = await db.fetch(_REPLACE, session.subject, session.client, session.jkt, to_ms(at))
    return [_id(row) for row in rows]


async def ended_since(db: Pool, at: datetime) -> Sequence[UUID]:
    """Which sessions ended at or after an instant."""
    return [_id(row) for row in await db.fetch(_ENDED_SINCE, to_ms(at))]


def _id(row: Record) -> UUID:
    return UUID(bytes=row["session_id"].bytes)


def _session(row: Record) -> Session:
    return Session(
        subject=UUID(bytes=row["subject_id"].bytes),
        id=_id(row),
        client=row["client"],
        level=TrustLevel(row["level"]),
        jkt=row["jkt"],
        authority=row["authority"],
        roles=None if row["roles"] is None else frozenset(row["roles"]),
        authenticated=from_ms(row["authenticated_at"]),
        started=from_ms(row["started_at"]),
        ends=from_ms(row["ends_at"]),
        ended=None if row["ended_why"] is None else Ending(row["ended_why"]),
    )
