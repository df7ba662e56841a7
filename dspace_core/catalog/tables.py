"""The tables of the catalogue. Whoever adds to them first takes the lock of `lock`, in the same transaction."""

from datetime import date, datetime
from typing import TypeVar

import msgspec

from dspace_core.catalog.editions import Edition
from dspace_core.catalog.file import Document, Proposal
from dspace_core.catalog.model import AuthorityId
from dspace_core.catalog.publication import Publisher, SignedDocument, digest_of
from dspace_core.catalog.refusals import RecordDiffers
from dspace_core.evidence import canonical
from dspace_core.stores import Connection, Record
from dspace_core.values import to_ms

_LOCK = "LOCK TABLE catalog_edition IN SHARE ROW EXCLUSIVE MODE"
_REGISTER = "INSERT INTO catalog_publisher (id, public_key, registered_at) VALUES ($1, $2, $3)"
_END = "UPDATE catalog_publisher SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id"
_PUBLISHERS = "SELECT id, public_key, ended_at FROM catalog_publisher"
_DOCUMENT = """
    INSERT INTO catalog_document (digest, version, publisher, content, signature, imported_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
_DOCUMENT_EDITION = "INSERT INTO catalog_edition (number, effective, opened_at, document) VALUES ($1, $2, $3, $4)"
_PROPOSAL = """
    INSERT INTO catalog_proposal (digest, plugin, proposer, content, proposed_at)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest) DO NOTHING
"""
_PROPOSED = """
    SELECT p.content, p.proposer, e.number AS edition
    FROM catalog_proposal p LEFT JOIN catalog_edition e ON e.proposal = p.digest WHERE p.digest = $1
"""
_APPROVAL = """
    INSERT INTO catalog_edition (number, effective, opened_at, proposal, proposer, approver)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
_EDITIONS = """
    SELECT e.number, e.effective, d.publisher, d.signature, coalesce(e.document, e.proposal) AS digest,
           d.content AS document, p.content AS proposal
    FROM catalog_edition e LEFT JOIN catalog_document d ON d.digest = e.document
    LEFT JOIN catalog_proposal p ON p.digest = e.proposal ORDER BY e.number
"""


class StoredEdition(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the order of editions, with what opened it. `digest` is the one that was stored."""

    number: int
    effective: date
    digest: bytes
    opened_by: SignedDocument | Proposal


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """A filed proposal, and the edition that its approval opened."""

    proposal: Proposal
    proposer: str
    edition: int | None


async def lock(db: Connection) -> None:
    """Let nobody else add to the catalogue until this transaction ends; readers go on."""
    await db.execute(_LOCK)


async def register_publisher(db: Connection, publisher: AuthorityId, public_key: bytes, at: datetime) -> None:
    """Register a publisher by its Ed25519 public key."""
    await db.execute(_REGISTER, publisher, public_key, to_ms(at))


async def end_publisher(db: Connection, publisher: AuthorityId, at: datetime) -> bool:
    """Let a publisher publish no more; what it published stays. False if it was not active."""
    return await db.fetchval(_END, publisher, to_ms(at)) is not None


async def publishers(db: Connection) -> dict[str, Publisher]:
    """Every publisher that was ever registered, by id."""
    rows = await db.fetch(_PUBLISHERS)
    return {
        row["id"]: Publisher(id=row["id"], public_key=row["public_key"], active=row["ended_at"] is None) for row in rows
    }


async def add_document(db: Connection, signed: SignedDocument, edition: int, at: datetime) -> None:
    """Store a document and the edition that it opens."""
    document, digest = signed.document, digest_of(signed.document)
    await db.execute(
        _DOCUMENT, digest, document.version, signed.publisher, canonical(document), signed.signature, to_ms(at)
    )
    await db.execute(_DOCUMENT_EDITION, edition, document.effective, to_ms(at), digest)


async def add_proposal(db: Connection, proposal: Proposal, proposer: str, at: datetime) -> None:
    """File a proposal. The same again changes nothing: its first proposer stays the proposer."""
    await db.execute(_PROPOSAL, digest_of(proposal), proposal.plugin, proposer, canonical(proposal), to_ms(at))


async def proposed(db: Connection, digest: bytes) -> Proposed | None:
    """The proposal of a digest, if it was filed. Raises RecordDiffers as `editions` does."""
    row = await db.fetchrow(_PROPOSED, digest)
    if row is None:
        return None
    proposal = _decoded(row["content"], Proposal, row["edition"] or 0)
    return Proposed(proposal=proposal, proposer=row["proposer"], edition=row["edition"])


async def add_approval(db: Connection, found: Proposed, approver: str, opened: Edition, at: datetime) -> None:
    """Store the edition that an approval opens. The table refuses a proposer who approves (a check constraint)."""
    digest = digest_of(found.proposal)
    await db.execute(_APPROVAL, opened.number, opened.effective, to_ms(at), digest, found.proposer, approver)


async def editions(db: Connection) -> list[StoredEdition]:
    """All editions in their order. Raises RecordDiffers for a stored file that is none any more."""
    return [_stored(row) for row in await db.fetch(_EDITIONS)]


def _stored(row: Record) -> StoredEdition:
    number = row["number"]
    opened_by: SignedDocument | Proposal
    if row["document"] is None:
        opened_by = _decoded(row["proposal"], Proposal, number)
    else:
        document = _decoded(row["document"], Document, number)
        opened_by = SignedDocument(publisher=row["publisher"], document=document, signature=row["signature"])
    return StoredEdition(number=number, effective=row["effective"], digest=row["digest"], opened_by=opened_by)


_File = TypeVar("_File", Document, Proposal)


def _decoded(content: bytes, shape: type[_File], edition: int) -> _File:
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise RecordDiffers(edition=edition) from None
