"""Changing a grant that stands: pause, resume, withdraw, revoke, end, and amending it to allow less.

Each call is the row and its evidence inside the caller's transaction. Telling whoever may still release under the
grant, and waiting for them, is the gate's.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.grants import tables
from dspace_core.grants.approvals import Attest, Attestation
from dspace_core.grants.differences import Difference, difference
from dspace_core.grants.model import ActKind, By, Grant, Receipt, category_of
from dspace_core.grants.refusals import GrantChanged, GrantMissing, NothingChanged, WiderNeedsNotice
from dspace_core.grants.states import FINAL, Act, after
from dspace_core.stores import Connection
from dspace_core.values import EvidenceId, GrantId, Period, Subject, utc

_KINDS = {
    Act.AMEND: ActKind.AMENDED,
    Act.PAUSE: ActKind.PAUSED,
    Act.RESUME: ActKind.RESUMED,
    Act.WITHDRAW: ActKind.WITHDRAWN,
    Act.REVOKE: ActKind.REVOKED,
    Act.END: ActKind.ENDED,
}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes which grant when, and the ids of what is recorded, made before and kept."""

    subject: Subject
    grant: GrantId
    by: By
    at: datetime
    evidence: EvidenceId
    act: UUID


class Changed(msgspec.Struct, frozen=True):
    """The grant as the change leaves it, and its receipt."""

    grant: Grant
    receipt: Receipt


class Amended(msgspec.Struct, frozen=True):
    """The grant with its narrower terms, what that took away, and the receipt."""

    grant: Grant
    difference: Difference
    receipt: Receipt


class Withdrawn(msgspec.Struct, frozen=True):
    """The grant was live or paused. Once the caller's transaction commits, no use of it is admitted any more."""

    grant: Grant
    receipt: Receipt


class AlreadyEnded(msgspec.Struct, frozen=True):
    """The grant had come to its end before, by a withdrawal or otherwise; nothing was written."""

    grant: Grant


class Narrowing(msgspec.Struct, frozen=True, kw_only=True):
    """Terms that allow less; None leaves a term as it is. `version` is that of the grant they were chosen for."""

    version: int
    fields: frozenset[str] | None = None
    until: datetime | None = None
    uses: int | None = None


async def pause(db: Connection, change: Change, attest: Attest) -> Changed:
    """Pause a live grant. Raises GrantMissing, MoveRefused."""
    return await _move(db, change, Act.PAUSE, attest)


async def resume(db: Connection, change: Change, attest: Attest) -> Changed:
    """Make a paused grant live again; its period ran on meanwhile. Raises GrantMissing, MoveRefused."""
    return await _move(db, change, Act.RESUME, attest)


async def withdraw(db: Connection, change: Change, attest: Attest) -> Withdrawn | AlreadyEnded:
    """Withdraw a grant (撤回). Waits for uses that are being admitted; the caller still drains what is in flight.

    Raises GrantMissing; MoveRefused for anybody but the subject.
    """
    done = await _finish(db, change, Act.WITHDRAW, attest)
    return done if isinstance(done, AlreadyEnded) else Withdrawn(done.grant, done.receipt)


async def revoke(db: Connection, change: Change, attest: Attest) -> Changed | AlreadyEnded:
    """Revoke a grant (撤销): an authority's act or the system's. Raises GrantMissing, MoveRefused."""
    return await _finish(db, change, Act.REVOKE, attest)


async def end(db: Connection, change: Change, attest: Attest) -> Changed | AlreadyEnded:
    """End a grant with its case. Raises GrantMissing, MoveRefused."""
    return await _finish(db, change, Act.END, attest)


async def amend(db: Connection, change: Change, narrower: Narrowing, attest: Attest) -> Amended:
    """Let a grant allow less, without a notice; for more there is `notices.issue` with `Offer.amends`.

    Raises GrantMissing, MoveRefused, GrantChanged (another version stands by now), WiderNeedsNotice, NothingChanged;
    GrantMalformed without a field, PeriodReversed for an end before the grant's beginning.
    """
    before = await _take(db, change)
    state = after(before.state, Act.AMEND, change.by)
    if before.version != narrower.version:
        raise GrantChanged
    until = None if narrower.until is None else utc(narrower.until)
    found = difference(before, narrower.fields, until, narrower.uses)
    if found.empty:
        raise NothingChanged
    if found.wider:
        raise WiderNeedsNotice
    fields = before.fields - found.removed
    grant = msgspec.structs.replace(
        before,
        version=before.version + 1,
        state=state,
        fields=fields,
        period=Period(before.period.start, until or before.period.end),
        uses_left=before.uses_left if narrower.uses is None else narrower.uses,
        acts=frozenset(act for act in before.acts if act.category in {category_of(key) for key in fields}),
    )
    done = await _write(db, change, grant, Act.AMEND, attest)
    return Amended(done.grant, found, done.receipt)


async def _finish(db: Connection, change: Change, act: Act, attest: Attest) -> Changed | AlreadyEnded:
    before = await _take(db, change)
    if before.state in FINAL:
        return AlreadyEnded(before)
    grant = msgspec.structs.replace(before, state=after(before.state, act, change.by))
    return await _write(db, change, grant, act, attest)


async def _move(db: Connection, change: Change, act: Act, attest: Attest) -> Changed:
    before = await _take(db, change)
    grant = msgspec.structs.replace(before, state=after(before.state, act, change.by))
    return await _write(db, change, grant, act, attest)


async def _take(db: Connection, change: Change) -> Grant:
    grant = await tables.take(db, change.subject, change.grant)
    if grant is None:
        raise GrantMissing
    return grant


async def _write(db: Connection, change: Change, grant: Grant, act: Act, attest: Attest) -> Changed:
    """Save the grant and record the act."""
    grant = msgspec.structs.replace(grant, evidence=change.evidence)
    await tables.save(db, grant, change.at)
    digest = await attest(
        db,
        Attestation(
            kind=_KINDS[act], by=change.by, entry=change.evidence, act=change.act, at=utc(change.at), grant=grant
        ),
    )
    return Changed(grant, Receipt(change.evidence, digest))
