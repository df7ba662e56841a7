"""The SQL of uses, and the locks that the commit lane takes on grants."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec

from dspace_core.grants.line import PASSED, GrantKey, inside, places
from dspace_core.grants.model import State
from dspace_core.stores import Connection, Pool
from dspace_core.values import EvidenceId, GrantId, Subject, UseId

UseKey: TypeAlias = tuple[Subject, UseId]
Standing: TypeAlias = dict[UseKey, tuple[GrantId | None, EvidenceId]]
"""Under which grant, None for a duty of law, and with which evidence uses were admitted."""


class Held(msgspec.Struct, frozen=True):
    """What a lock holds still of a grant. Instants are milliseconds since 1970."""

    version: int
    state: State
    starts_at: int
    ends_at: int
    uses_left: int | None


# LockRows stands above the sort, so rows are locked in the order of the keys, and read again after a wait.
_LOCK = f"""
    SELECT g.subject_id, g.grant_id, g.version, g.state, g.starts_at, g.ends_at, g.uses_left
    FROM unnest($1::uuid[], $2::uuid[]) AS k (subject_id, grant_id)
    JOIN grants g ON g.subject_id = k.subject_id AND g.grant_id = k.grant_id
    WHERE {PASSED}
    ORDER BY g.subject_id, g.grant_id
"""  # noqa: S608
_LOCK_LIVE = f"{_LOCK} FOR SHARE OF g"
_LOCK_BUDGETS = f"{_LOCK} FOR NO KEY UPDATE OF g"
_STANDING = """
    SELECT u.subject_id, u.use_id, u.grant_id, u.evidence_id
    FROM unnest($1::uuid[], $2::uuid[]) AS k (subject_id, use_id)
    JOIN use u ON u.subject_id = k.subject_id AND u.use_id = k.use_id
"""
_ADD = """
    INSERT INTO use (subject_id, use_id, grant_id, evidence_id)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
    ON CONFLICT DO NOTHING RETURNING subject_id, use_id
"""
_SUBTRACT = """
    UPDATE grants g SET uses_left = g.uses_left - k.uses
    FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS k (subject_id, grant_id, uses)
    WHERE g.subject_id = k.subject_id AND g.grant_id = k.grant_id
"""


async def lock_live(db: Connection, grants: Collection[GrantKey]) -> dict[GrantKey, Held]:
    """Read grants FOR SHARE, in the order of their keys: none of them is withdrawn or changed before this commits.

    Answers what it finds, live or not; a grant that is missing is missing in the answer. Also for a case that rests
    on grants (design 12.6). Waits behind a change that waits for one of them (`line`).
    """
    return await _lock(db, _LOCK_LIVE, grants)


async def lock_budgets(db: Connection, grants: Collection[GrantKey]) -> dict[GrantKey, Held]:
    """The same FOR NO KEY UPDATE: nobody else admits a use of them, so their budgets can be counted."""
    return await _lock(db, _LOCK_BUDGETS, grants)


async def _lock(db: Connection, statement: str, grants: Collection[GrantKey]) -> dict[GrantKey, Held]:
    rows = await inside(db).fetch(statement, *_columns(grants), places(grants))
    return {(Subject(row[0]), GrantId(row[1])): Held(row[2], State(row[3]), row[4], row[5], row[6]) for row in rows}


async def standing(db: Pool | Connection, uses: Collection[UseKey]) -> Standing:
    """Those of the uses that were admitted before."""
    return {
        (Subject(row[0]), UseId(row[1])): (None if row[2] is None else GrantId(row[2]), EvidenceId(row[3]))
        for row in await db.fetch(_STANDING, *_columns(uses))
    }


async def add(db: Connection, uses: Sequence[tuple[Subject, UseId, GrantId, EvidenceId]]) -> set[UseKey]:
    """Enter uses, in the order of their keys, so that two batches do not wait for each other; those that stood already
    are not in the answer."""
    if not uses:
        return set()
    rows = await db.fetch(_ADD, *(list(column) for column in zip(*sorted(uses), strict=True)))
    return {(Subject(row[0]), UseId(row[1])) for row in rows}


async def subtract(db: Connection, uses: Mapping[GrantKey, int]) -> None:
    """Take admitted uses from budgets that are held under the exclusive lock."""
    if uses:
        await db.execute(_SUBTRACT, *_columns(uses), list(uses.values()))


def _columns(keys: Collection[tuple[UUID, UUID]]) -> tuple[list[UUID], list[UUID]]:
    return [subject for subject, _ in keys], [second for _, second in keys]
