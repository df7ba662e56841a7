"""The acts upon the stored catalogue: import what was published, file a proposal, approve it, load all of it.

Importing and approving are the operator's, with the role that migrates; a serving process only loads.
"""

from datetime import date, datetime

from dspace_core.catalog import tables
from dspace_core.catalog.editions import Catalogue, Edition, amend, follow
from dspace_core.catalog.file import Proposal
from dspace_core.catalog.publication import (
    ItemManagementSystem,
    Publisher,
    SignedDocument,
    check_signature,
    digest_of,
)
from dspace_core.catalog.refusals import (
    EditionUnknown,
    ProposalSettled,
    ProposalUnknown,
    RecordDiffers,
    SelfApproval,
)
from dspace_core.stores import Connection, Isolation, Pool, transaction


async def import_published(pool: Pool, system: ItemManagementSystem, at: datetime) -> Catalogue:
    """Import what the system has published above our version, all or none. Answers the catalogue as it then stands.

    Raises the refusals of `check_signature` and of `follow`, and what `load` raises.
    """
    async with transaction(pool) as db:
        await tables.lock(db)
        catalogue = await _load(db)
        registered = await tables.publishers(db)
        known = _newest(catalogue)
        for signed in await system.published(0 if known is None else known.version):
            check_signature(signed, registered.get(signed.publisher))
            known = follow(known, signed.document)
            await tables.add_document(db, signed, known.number, at)
            catalogue = Catalogue((*catalogue.editions, known))
    return catalogue


async def propose(pool: Pool, proposal: Proposal, proposer: str, at: datetime) -> bytes:
    """File what a plugin package proposes; it stays inert. Answers its digest, by which it is approved.

    Raises EditionUnknown without a catalogue, and what the loader refuses.
    """
    async with transaction(pool) as db:
        catalogue = await _load(db)
        known = _newest(catalogue)
        if known is None:
            raise EditionUnknown
        amend(known, proposal, known.effective)
        await tables.add_proposal(db, proposal, proposer, at)
    return digest_of(proposal)


async def approve(pool: Pool, digest: bytes, approver: str, effective: date, at: datetime) -> Edition:
    """Approve a proposal as somebody other than its proposer; it holds from `effective` on.

    (1) it was filed  (2) by somebody else  (3) was not approved yet  (4) and still fits the newest edition.
    """
    async with transaction(pool) as db:
        await tables.lock(db)
        found = await tables.proposed(db, digest)
        if found is None:  # 1
            raise ProposalUnknown
        if found.proposer == approver:  # 2
            raise SelfApproval
        if found.edition is not None:  # 3
            raise ProposalSettled
        known = _newest(await _load(db))
        if known is None:
            raise EditionUnknown
        opened = amend(known, found.proposal, effective)  # 4
        await tables.add_approval(db, found, approver, opened, at)
    return opened


async def load(pool: Pool) -> Catalogue:
    """The whole catalogue as stored. Trusts no row: digests and signatures are checked again.

    Raises RecordDiffers, SignatureRefused, and what the loader refuses.
    """
    async with transaction(pool, Isolation.REPEATABLE_READ, read_only=True) as db:
        return await _load(db)


async def _load(db: Connection) -> Catalogue:
    registered = await tables.publishers(db)
    editions: list[Edition] = []
    for stored in await tables.editions(db):
        edition = _opened(editions[-1] if editions else None, stored, registered)
        if edition.number != stored.number or edition.effective != stored.effective:
            raise RecordDiffers(edition=stored.number)
        editions.append(edition)
    return Catalogue(tuple(editions))


def _opened(previous: Edition | None, stored: tables.StoredEdition, registered: dict[str, Publisher]) -> Edition:
    opened_by = stored.opened_by
    file = opened_by.document if isinstance(opened_by, SignedDocument) else opened_by
    if digest_of(file) != stored.digest:
        raise RecordDiffers(edition=stored.number)
    if isinstance(opened_by, SignedDocument):
        check_signature(opened_by, registered.get(opened_by.publisher), imported=True)
        return follow(previous, opened_by.document)
    if previous is None:
        raise RecordDiffers(edition=stored.number)
    return amend(previous, opened_by, stored.effective)


def _newest(catalogue: Catalogue) -> Edition | None:
    return catalogue.editions[-1] if catalogue.editions else None
