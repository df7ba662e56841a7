"""The SQL of idempotency keys. Nothing else knows their columns."""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.cases.model import Minted
from dspace_core.crypto import INTERNATIONAL
from dspace_core.crypto.encoding import join
from dspace_core.stores import Connection, Pool, Record
from dspace_core.values import CaseId, EvidenceId, GrantId, Subject, from_ms, to_ms

_COLUMNS = """case_id, process, body, edition, started_at, act_id, grant_ids, grant_evidence_ids, filed_evidence_id,
    decided_evidence_id, answer"""
_WHERE = "subject_id = $1 AND client = $2 AND route = $3 AND key = $4"
_ADD = f"""
    INSERT INTO idempotency (subject_id, client, route, key, state, {_COLUMNS})
    VALUES ($1, $2, $3, $4, 'started', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL)
    ON CONFLICT DO NOTHING RETURNING 1
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM idempotency WHERE {_WHERE}"  # noqa: S608
_TAKE = f"{_FIND} FOR NO KEY UPDATE"
_OF_CASE = f"""
    SELECT {_COLUMNS} FROM idempotency WHERE subject_id = $1 AND case_id = $2 AND cardinality(grant_ids) = $3
    ORDER BY started_at, key LIMIT 1
"""  # noqa: S608
_HOLD = f"UPDATE idempotency SET process = $5 WHERE {_WHERE}"  # noqa: S608
_LET_GO = f"UPDATE idempotency SET process = NULL WHERE {_WHERE} AND process = $5 AND state = 'started'"  # noqa: S608
_ANSWER = f"UPDATE idempotency SET state = 'done', process = NULL, answer = $5 WHERE {_WHERE}"  # noqa: S608


class Key(msgspec.Struct, frozen=True):
    """Under what a request is done once: subject, client, route, and the key's digest."""

    subject: Subject
    client: str
    route: str
    digest: bytes

    @classmethod
    def of(cls, subject: Subject, client: str, route: str, key: str) -> "Key":
        """The key that a client sent, digested: what it wrote into it is kept nowhere."""
        told = join(b"idempotency", subject.bytes, client.encode(), route.encode(), key.encode())
        return cls(subject, client, route, INTERNATIONAL.hash.digest(told))

    @property
    def columns(self) -> tuple[Subject, str, str, bytes]:
        """As the table has them."""
        return self.subject, self.client, self.route, self.digest


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A filing under a key, from its first attempt on. `process` is the lease of whoever works on it now."""

    case: CaseId
    process: UUID | None
    body: bytes
    edition: int
    started_at: datetime
    minted: Minted
    answer: bytes | None = None
    """Sealed; None until the filing is answered."""


async def add(db: Connection, key: Key, attempt: Attempt) -> bool:
    """Enter a first attempt; answer whether it is the first."""
    minted = attempt.minted
    return bool(
        await db.fetchval(
            _ADD,
            *key.columns,
            attempt.case,
            attempt.process,
            attempt.body,
            attempt.edition,
            to_ms(attempt.started_at),
            minted.act,
            [grant for grant, _ in minted.grants],
            [evidence for _, evidence in minted.grants],
            minted.filed,
            minted.decided,
        )
    )


async def find(db: Pool | Connection, key: Key) -> Attempt | None:
    """The filing under a key."""
    return _attempt(await db.fetchrow(_FIND, *key.columns))


async def take(db: Connection, key: Key) -> Attempt | None:
    """The same, locked until this transaction has ended."""
    return _attempt(await db.fetchrow(_TAKE, *key.columns))


async def first_of(db: Pool | Connection, subject: Subject, case: CaseId, offers: int) -> Attempt | None:
    """The first filing of a case on a notice of so many offers, under whatever key."""
    return _attempt(await db.fetchrow(_OF_CASE, subject, case, offers))


async def hold(db: Connection, key: Key, process: UUID) -> None:
    """Give an attempt, taken in this transaction, to a process."""
    await db.execute(_HOLD, *key.columns, process)


async def let_go(db: Pool, key: Key, process: UUID) -> None:
    """Give it up unanswered, if it is still this process's."""
    await db.execute(_LET_GO, *key.columns, process)


async def answer(db: Connection, key: Key, sealed: bytes) -> None:
    """Answer a filing that was taken in this transaction; the answer stands for good."""
    await db.execute(_ANSWER, *key.columns, sealed)


def _attempt(row: Record | None) -> Attempt | None:
    if row is None:
        return None
    ids = zip(row["grant_ids"], row["grant_evidence_ids"], strict=True)
    return Attempt(
        case=CaseId(row["case_id"]),
        process=row["process"],
        body=row["body"],
        edition=row["edition"],
        started_at=from_ms(row["started_at"]),
        minted=Minted(
            act=row["act_id"],
            grants=tuple((GrantId(grant), EvidenceId(evidence)) for grant, evidence in ids),
            filed=EvidenceId(row["filed_evidence_id"]),
            decided=EvidenceId(row["decided_evidence_id"]),
        ),
        answer=row["answer"],
    )
