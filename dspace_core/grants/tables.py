"""The SQL of grants and notices. Nothing else knows their columns."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from dspace_core.grants.line import inside, wait_as_change
from dspace_core.grants.model import Grant, NoticeId, SeparateAct, State
from dspace_core.grants.offers import Offer
from dspace_core.stores import Connection, Pool, Record
from dspace_core.values import CaseId, EvidenceId, GrantId, Period, Subject, from_ms, to_ms


class Terms(msgspec.Struct, frozen=True):
    """One offer of a notice; for an amendment, the version of the grant whose difference was shown."""

    offer: Offer
    version: int | None


class StoredNotice(msgspec.Struct, frozen=True):
    """A notice as it stands: what was shown, what it offered, until when, and which grants came of it."""

    subject: Subject
    id: NoticeId
    digest: bytes
    shown: bytes
    terms: tuple[Terms, ...]
    issued_at: datetime
    expires_at: datetime
    grants: tuple[GrantId, ...] | None = None
    """None until it is used."""
    approval: bytes | None = None
    """The digest of what it was approved with; None until it is used."""


_ENCODER = msgspec.json.Encoder(order="sorted")
_TERMS = msgspec.json.Decoder(tuple[Terms, ...])

_ADD_NOTICE = """
    INSERT INTO notice (subject_id, notice_id, digest, shown, offers, issued_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_NOTICE = """
    SELECT digest, shown, offers, issued_at, expires_at, grant_ids, approval
    FROM notice WHERE subject_id = $1 AND notice_id = $2
"""
_TAKE_NOTICE = f"{_NOTICE} FOR NO KEY UPDATE"
_CONSUME = """
    UPDATE notice SET consumed_at = $3, grant_ids = $4, approval = $5 WHERE subject_id = $1 AND notice_id = $2
"""

_COLUMNS = """subject_id, grant_id, version, state, plugin, recipient, item, item_version, fields, purpose, case_id,
    starts_at, ends_at, uses_left, notice_id, categories, evidence_id"""
_ADD = f"""
    INSERT INTO grants ({_COLUMNS}, approved_at, changed_at, approved_evidence_id, uses_total)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $12, $12, $17, $14::integer)
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM grants WHERE subject_id = $1 AND grant_id = $2"  # noqa: S608
_TAKE = f"{_FIND} FOR NO KEY UPDATE"
_OF = f"SELECT {_COLUMNS} FROM grants WHERE subject_id = $1 ORDER BY approved_at DESC, grant_id"  # noqa: S608
# The total moves by as much as what is left; a first budget is granted on top of the uses that were not counted.
_SAVE = """
    UPDATE grants SET version = $3, state = $4, item_version = $5, fields = $6, ends_at = $7, uses_left = $8,
        uses_total = CASE WHEN uses_left IS NOT NULL THEN uses_total + ($8::integer - uses_left)
            WHEN $8 IS NOT NULL THEN $8 + (SELECT count(*) FROM use WHERE subject_id = $1 AND grant_id = $2) END,
        notice_id = $9, categories = $10, evidence_id = $11, changed_at = $12
    WHERE subject_id = $1 AND grant_id = $2
"""


async def add_notice(db: Connection, notice: StoredNotice) -> None:
    """Enter a notice."""
    await db.execute(
        _ADD_NOTICE,
        notice.subject,
        notice.id,
        notice.digest,
        notice.shown,
        _ENCODER.encode(notice.terms),
        to_ms(notice.issued_at),
        to_ms(notice.expires_at),
    )


async def find_notice(db: Pool | Connection, subject: Subject, notice: NoticeId) -> StoredNotice | None:
    """One notice of one subject."""
    return _notice(subject, notice, await db.fetchrow(_NOTICE, subject, notice))


async def take_notice(db: Connection, subject: Subject, notice: NoticeId) -> StoredNotice | None:
    """One notice of one subject, locked: whoever approves it too waits until this transaction has ended."""
    return _notice(subject, notice, await inside(db).fetchrow(_TAKE_NOTICE, subject, notice))


async def consume_notice(
    db: Connection, notice: StoredNotice, grants: Sequence[GrantId], approval: bytes, at: datetime
) -> None:
    """Mark a notice, taken in this transaction, as used, with the digest of what it was approved with."""
    await db.execute(_CONSUME, notice.subject, notice.id, to_ms(at), list(grants), approval)


async def add(db: Connection, grant: Grant) -> None:
    """Enter a new grant, approved when it begins. An id that stands already is an error of the database."""
    await db.execute(
        _ADD,
        grant.subject,
        grant.id,
        grant.version,
        grant.state.value,
        grant.plugin,
        grant.recipient,
        grant.item,
        grant.item_version,
        sorted(grant.fields),
        grant.purpose,
        grant.case,
        to_ms(grant.period.start),
        _end(grant),
        grant.uses_left,
        grant.notice,
        _categories(grant),
        grant.evidence,
    )


async def find(db: Pool | Connection, subject: Subject, grant: GrantId) -> Grant | None:
    """One grant of one subject as it was last committed. What it says may be over by now: it authorises no release."""
    row = await db.fetchrow(_FIND, subject, grant)
    return None if row is None else _grant(row)


async def of_subject(db: Pool | Connection, subject: Subject) -> list[Grant]:
    """Every grant of one subject, whatever became of it, the newest first."""
    return [_grant(row) for row in await db.fetch(_OF, subject)]


async def take(db: Connection, subject: Subject, grant: GrantId) -> Grant | None:
    """One grant, locked against uses and other changes until this transaction has ended."""
    await wait_as_change(db, grant)
    row = await db.fetchrow(_TAKE, subject, grant)
    return None if row is None else _grant(row)


async def save(db: Connection, grant: Grant, at: datetime) -> None:
    """Write what can change of a grant that was taken in this transaction."""
    await db.execute(
        _SAVE,
        grant.subject,
        grant.id,
        grant.version,
        grant.state.value,
        grant.item_version,
        sorted(grant.fields),
        _end(grant),
        grant.uses_left,
        grant.notice,
        _categories(grant),
        grant.evidence,
        to_ms(at),
    )


def _end(grant: Grant) -> int | None:
    return None if grant.period.end is None else to_ms(grant.period.end)


def _categories(grant: Grant) -> list[str]:
    return sorted(act.category for act in grant.acts)


def _notice(subject: Subject, notice: NoticeId, row: Record | None) -> StoredNotice | None:
    if row is None:
        return None
    grants = row["grant_ids"]
    return StoredNotice(
        subject,
        notice,
        row["digest"],
        row["shown"],
        _TERMS.decode(row["offers"]),
        from_ms(row["issued_at"]),
        from_ms(row["expires_at"]),
        None if grants is None else tuple(GrantId(grant) for grant in grants),
        row["approval"],
    )


def _grant(row: Record) -> Grant:
    case, recipient = row["case_id"], row["recipient"]
    return Grant(
        subject=Subject(row["subject_id"]),
        id=GrantId(row["grant_id"]),
        version=row["version"],
        state=State(row["state"]),
        plugin=row["plugin"],
        recipient=recipient,
        item=row["item"],
        item_version=row["item_version"],
        fields=frozenset(row["fields"]),
        purpose=row["purpose"],
        case=None if case is None else CaseId(case),
        period=Period(from_ms(row["starts_at"]), from_ms(row["ends_at"])),
        uses_left=row["uses_left"],
        notice=NoticeId(row["notice_id"]),
        acts=frozenset(SeparateAct(recipient, category) for category in row["categories"]),
        evidence=EvidenceId(row["evidence_id"]),
    )
