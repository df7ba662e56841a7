"""Duties (依职能用数): the uses of data that a law lets an authority make without asking, registered before they are made.

One person proposes, two others approve; then the duty is in force on its legal days, until it is ended.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from dspace_core.calendar import legal_day
from dspace_core.evidence import Act, Actor, Draft, Event, What, Who, Why
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.pending import SYSTEM, Receipt, attest
from dspace_core.gate import duty_tables, tables
from dspace_core.gate.duty_tables import Duty
from dspace_core.gate.records import purpose_digest
from dspace_core.gate.refusals import ApproverRefused, DutyRepeated, DutyUnknown
from dspace_core.stores import Connection
from dspace_core.values import Basis, EvidenceId, Subject, UseId, random_id, to_ms


class DutyClaim(msgspec.Struct, frozen=True):
    """A use that a duty covers, as far as this process knows."""

    subject: Subject
    use: UseId
    duty: UUID
    evidence: EvidenceId


async def propose(db: Connection, duty: Duty, proposer: str, at: datetime) -> None:
    """Enter a duty that nobody has approved yet; the same again changes nothing. Raises DutyRepeated."""
    await duty_tables.add(db, duty, proposer, at)
    if (await duty_tables.take(db, duty.id)) != duty:
        raise DutyRepeated


async def approve(db: Connection, duty: UUID, approver: str, at: datetime, keyring: Keyring) -> Receipt | None:
    """Approve it: the first time by one, the second time by another, and then it is in force and recorded.

    In the caller's transaction. Answers the receipt of the entry, None after the first. Raises DutyUnknown (also for
    one that is in force or ended), ApproverRefused.
    """
    found = await duty_tables.take(db, duty)
    people = await duty_tables.people(db, duty)
    if found is None or people is None or people.second is not None or people.ended:
        raise DutyUnknown
    if approver in (people.proposer, people.first) or not approver:
        raise ApproverRefused
    await duty_tables.approve(db, duty, approver, at, first=people.first is None)
    return None if people.first is None else await attest(db, _draft(found, at), keyring)


async def end(db: Connection, duty: UUID, at: datetime) -> None:
    """End a duty, in the caller's transaction: no use of it is admitted once it commits.

    Whoever has to know that nothing is released any more waits for `stops.settled(…, SYSTEM, duty)`. Raises DutyUnknown.
    """
    await duty_tables.wait_as_change(db, duty)
    if not await duty_tables.end(db, duty, at):
        raise DutyUnknown
    await tables.stop(db, SYSTEM, duty)


async def admit(db: Connection, claims: Sequence[DutyClaim], now: datetime) -> list[bool | None]:
    """Admit a batch of uses by duty: True is a new use, False one that counted before, None one without a live duty.

    The caller commits, with the evidence. No duty is ended before that.
    """
    live = await duty_tables.live(db, {claim.duty for claim in claims}, legal_day(now))
    wanted = {(claim.subject, claim.use): claim for claim in reversed(claims) if claim.duty in live}
    added = await tables.add_duty_uses(
        db, [(claim.subject, claim.use, claim.duty, claim.evidence) for claim in wanted.values()]
    )
    return [
        None
        if claim.duty not in live
        else (claim.subject, claim.use) in added and wanted[claim.subject, claim.use] is claim
        for claim in claims
    ]


def covering(
    duties: Sequence[Duty], *, authority: str, item: str, fields: frozenset[str], purpose: str, day: date
) -> Duty | None:
    """The duty that covers a use on a legal day, if there is one. `fields` are keys as grants have them."""
    for duty in duties:
        same = (duty.authority, duty.purpose) == (authority, purpose) and duty.starts_on <= day < duty.ends_on
        if same and item in duty.items and fields <= duty.fields:
            return duty
    return None


def _draft(duty: Duty, at: datetime) -> Draft:
    return Draft(
        who=Who(actor=Actor.STAFF, authority=duty.authority),
        what=What(fields=tuple(sorted(duty.fields))),
        why=Why(basis=Basis.STATUTORY_DUTY, duty=duty.id, purpose=purpose_digest(duty.purpose)),
        meta=Event(kind=Act.DUTY_REGISTERED, entry=EvidenceId(random_id()), act=duty.id, at=to_ms(at)),
    )
