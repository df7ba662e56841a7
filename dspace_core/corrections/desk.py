"""What staff see of corrections: those that wait for an answer of their own authority, the oldest first.

A waiting correction is known by when it was asked and by the entry that records it. No call here takes a subject.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.corrections import tables
from dspace_core.corrections.model import Correction
from dspace_core.corrections.refusals import CorrectionUnknown
from dspace_core.corrections.sealing import digest, open_content
from dspace_core.evidence import Act, Actor, Draft, Event, Next, What, Who
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.pending import attest
from dspace_core.stores import Connection, Pool
from dspace_core.values import EvidenceId, to_ms


class Ticket(msgspec.Struct, frozen=True):
    """By what staff know a correction that waits: its place in the queue."""

    asked_at: datetime
    evidence: EvidenceId


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at the words of a correction, when, and the ids of what is recorded of it, made before."""

    authority: str
    acted: UUID
    """The member of staff."""
    at: datetime
    evidence: EvidenceId
    act: UUID


def ticket(one: Correction) -> Ticket:
    """The ticket of a correction that waits."""
    return Ticket(one.asked_at, one.evidence)


async def waiting(
    db: Pool | Connection, authority: str, *, after: Ticket | None = None, most: int
) -> tuple[Correction, ...]:
    """Corrections that wait, without their words, from behind a ticket."""
    place = (-1, UUID(int=0)) if after is None else (to_ms(after.asked_at), after.evidence)
    return tuple(row.correction for row in await tables.asked(db, authority, place, most))


async def find_waiting(db: Pool | Connection, authority: str, of: Ticket) -> Correction:
    """One correction that waits, without its words. Raises CorrectionUnknown."""
    row = await tables.asked_one(db, authority, (to_ms(of.asked_at), of.evidence))
    if row is None:
        raise CorrectionUnknown
    return row.correction


async def look(db: Connection, keyring: Keyring, of: Ticket, by: Look) -> Correction:
    """One correction that waits, with its words. The look is recorded in the person's chain by the caller's transaction:
    show nothing before it has committed. Raises CorrectionUnknown, KeyErased."""
    row = await tables.asked_one(db, by.authority, (to_ms(of.asked_at), of.evidence))
    if row is None:
        raise CorrectionUnknown
    one = row.correction
    content = await open_content(keyring, one, row.sealed)
    draft = Draft(
        who=Who(actor=Actor.STAFF, subject=one.subject, acted=by.acted, authority=one.authority),
        what=What(item=one.category, fields=(one.field,), digest=await digest(keyring, one, content)),
        next=Next(recipient=one.authority),
        meta=Event(kind=Act.CORRECTION_VIEWED, entry=by.evidence, act=by.act, at=to_ms(by.at)),
    )
    await attest(db, draft, keyring)
    return msgspec.structs.replace(one, content=content)
