"""Approving a notice: it is used up, its grants are written and their evidence recorded, in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.crypto import INTERNATIONAL
from dspace_core.evidence.canonical import canonical
from dspace_core.grants import tables
from dspace_core.grants.model import ActKind, By, Grant, NoticeId, Receipt, SeparateAct
from dspace_core.grants.notices import same_matter
from dspace_core.grants.refusals import (
    ActNotOffered,
    AmendmentMismatch,
    DeclineRefused,
    GrantChanged,
    GrantMissing,
    NoticeExpired,
    NoticeUnknown,
    NoticeUsed,
    SeparateConsentMissing,
)
from dspace_core.grants.states import Act, after
from dspace_core.grants.tables import StoredNotice, Terms
from dspace_core.stores import BrokenWriteError, Connection
from dspace_core.values import EvidenceId, GrantId, Period, Subject, utc


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded of one act on one grant. `act` joins the entries of one act of the person."""

    kind: ActKind
    by: By
    entry: EvidenceId
    act: UUID
    at: datetime
    grant: Grant
    """As the act leaves it."""
    notice_digest: bytes | None = None
    """Of what was shown, where the act rests on a notice."""


Attest = Callable[[Connection, Attestation], Awaitable[str]]
"""Records an act in the transaction of the connection and answers the digest of what it recorded."""


class Minted(msgspec.Struct, frozen=True):
    """The ids of one offer's grant and of its evidence, made before and kept, so that a retry repeats them.

    For an offer that amends, `grant` is the grant that it amends.
    """

    grant: GrantId
    evidence: EvidenceId


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A person's yes: the notice by its id, each separate consent by an act of its own, what is declined."""

    subject: Subject
    notice: NoticeId
    acts: frozenset[SeparateAct] = frozenset()
    declined: frozenset[str] = frozenset()
    act: UUID
    minted: tuple[Minted, ...]
    """One for each offer of the notice, in its order."""

    @property
    def digest(self) -> bytes:
        """SHA-256 of what was agreed to and under which ids: by it the same again is told from anything else."""
        acts = sorted([act.recipient, act.category] for act in self.acts)
        minted = [[str(each.grant), str(each.evidence)] for each in self.minted]
        return INTERNATIONAL.hash.digest(canonical([acts, sorted(self.declined), minted]))


class Approved(msgspec.Struct, frozen=True):
    """What came of an approval, in the order of the offers."""

    grants: tuple[Grant, ...]
    receipts: tuple[Receipt, ...]


async def approve(db: Connection, approval: Approval, now: datetime, attest: Attest) -> Approved:
    """Write the grants that a notice offered. `db` is in the caller's transaction; what is refused writes nothing.

    Repeating an approval, with the same minted ids, acts and declined fields, gives the same grants, as they stand now.
    Raises NoticeUnknown (also for another subject's), NoticeExpired, NoticeUsed (also for an approval that differs from
    the first), ActNotOffered, SeparateConsentMissing, DeclineRefused; for an amendment GrantMissing, GrantChanged,
    MoveRefused, AmendmentMismatch.
    """
    now = utc(now)
    notice = await tables.take_notice(db, approval.subject, approval.notice)
    if notice is None:
        raise NoticeUnknown
    if len(approval.minted) != len(notice.terms):
        raise BrokenWriteError(f"{len(approval.minted)} minted ids for {len(notice.terms)} offers")
    ids = tuple(minted.grant for minted in approval.minted)
    if notice.approval is not None:
        if notice.approval != approval.digest:
            raise NoticeUsed
        return await _repeat(db, approval)
    if now >= notice.expires_at:
        raise NoticeExpired
    kept = _kept(notice, approval.declined)
    _check_acts(notice.terms, kept, approval.acts)
    done: dict[GrantId, tuple[Grant, Receipt]] = {}
    # Grants are locked in one order everywhere (design 12.1); only amendments lock any.
    for terms, minted in sorted(zip(notice.terms, approval.minted, strict=True), key=lambda pair: pair[1].grant):
        grant, kind = await _write(db, notice, terms, minted, kept=kept, now=now)
        record = Attestation(
            kind=kind,
            by=By.SUBJECT,
            entry=minted.evidence,
            act=approval.act,
            at=now,
            grant=grant,
            notice_digest=notice.digest,
        )
        done[minted.grant] = grant, Receipt(minted.evidence, await attest(db, record))
    await tables.consume_notice(db, notice, ids, approval.digest, now)
    return Approved(tuple(done[key][0] for key in ids), tuple(done[key][1] for key in ids))


async def _repeat(db: Connection, approval: Approval) -> Approved:
    """What the first call wrote."""
    grants = [await tables.find(db, approval.subject, minted.grant) for minted in approval.minted]
    receipts = tuple(Receipt(minted.evidence, None) for minted in approval.minted)
    return Approved(tuple(grant for grant in grants if grant is not None), receipts)


def _kept(notice: StoredNotice, declined: frozenset[str]) -> frozenset[str]:
    """The fields that are agreed to. Only optional ones can be declined, and each offer keeps one at least."""
    fields = [field for terms in notice.terms for field in terms.offer.fields]
    optional = {field.key for field in fields} - {field.key for field in fields if field.required}
    kept = frozenset(field.key for field in fields) - declined
    if not declined <= optional or any(kept.isdisjoint(terms.offer.keys) for terms in notice.terms):
        raise DeclineRefused
    return kept


def _check_acts(terms: Sequence[Terms], kept: frozenset[str], given: frozenset[SeparateAct]) -> None:
    """Each (recipient, sensitive category) that is agreed to has its act, and there is no act that was not offered."""
    offered = frozenset().union(*(term.offer.acts(term.offer.keys) for term in terms))
    if not given <= offered:
        raise ActNotOffered(count=len(given - offered))
    needed = frozenset().union(*(term.offer.acts(kept) for term in terms))
    if not needed <= given:
        raise SeparateConsentMissing


async def _write(
    db: Connection, notice: StoredNotice, terms: Terms, minted: Minted, *, kept: frozenset[str], now: datetime
) -> tuple[Grant, ActKind]:
    """Enter the grant of one offer, or write its terms over those of the grant that it amends."""
    offer = terms.offer
    fields = offer.keys & kept
    if offer.amends is None:
        grant = Grant(
            subject=notice.subject,
            id=minted.grant,
            plugin=offer.plugin,
            recipient=offer.recipient.id,
            item=offer.item,
            item_version=offer.item_version,
            fields=fields,
            purpose=offer.purpose,
            case=offer.case,
            period=Period(now, offer.until),
            uses_left=offer.uses,
            notice=notice.id,
            acts=offer.acts(fields),
            evidence=minted.evidence,
        )
        await tables.add(db, grant)
        return grant, ActKind.APPROVED
    before = await tables.take(db, notice.subject, offer.amends)
    if before is None:
        raise GrantMissing
    if before.version != terms.version:
        raise GrantChanged
    if minted.grant != before.id or not same_matter(before, offer):
        raise AmendmentMismatch
    grant = msgspec.structs.replace(
        before,
        version=before.version + 1,
        state=after(before.state, Act.AMEND, By.SUBJECT),
        item_version=offer.item_version,
        fields=fields,
        period=Period(before.period.start, offer.until),
        uses_left=before.uses_left if offer.uses is None else offer.uses,
        notice=notice.id,
        acts=offer.acts(fields),
        evidence=minted.evidence,
    )
    await tables.save(db, grant, now)
    return grant, ActKind.AMENDED
