"""Admitting uses for the commit lane: the grants are read under a lock, in one order, so that what is admitted commits
before any withdrawal does, and a budget is never overdrawn (design sections 5 and 12.1).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from dspace_core.errors import Refusal
from dspace_core.grants import use_tables
from dspace_core.grants.line import GrantKey
from dspace_core.grants.refusals import Exhausted, Expired, GrantChanged, GrantMissing, NotBegun, UseConflict
from dspace_core.grants.rules import not_live
from dspace_core.grants.use_tables import Held, Standing, UseKey, lock_budgets, lock_live
from dspace_core.stores import Connection
from dspace_core.values import EvidenceId, GrantId, Subject, UseId, to_ms


class Claim(msgspec.Struct, frozen=True):
    """A use that the advisory decision allowed, with the version and the kind of grant that it allowed it on."""

    subject: Subject
    use: UseId
    grant: GrantId
    version: int
    budgeted: bool
    evidence: EvidenceId

    @property
    def grant_key(self) -> GrantKey:
        """The grant's row."""
        return self.subject, self.grant

    @property
    def key(self) -> UseKey:
        """The use's row."""
        return self.subject, self.use


class Admitted(msgspec.Struct, frozen=True):
    """The use counts, once the transaction commits."""


class Redelivered(msgspec.Struct, frozen=True):
    """The use counted before, with this evidence; it may be released again and takes nothing from the budget."""

    evidence: EvidenceId


class NotLive(msgspec.Struct, frozen=True):
    """The grant does not cover the use now; nothing was written for it."""

    why: type[Refusal]

    @property
    def code(self) -> str:
        """The refusal's stable code."""
        return self.why.code


Admission: TypeAlias = Admitted | Redelivered | NotLive


async def admit(db: Connection, claims: Sequence[Claim], now: datetime) -> list[Admission]:
    """Admit a batch of uses of many subjects, in the order of arrival; one answer for each claim.

    The caller commits, and writes the evidence of what was admitted in the same transaction. If any claim is budgeted
    the whole batch takes the exclusive lock in its one pass, so budgeted uses should come in batches of their own. A
    use id that stands, or came earlier in the batch, is a redelivery: it needs a live grant, but no budget. `now` is
    business time. Raises BrokenWriteError outside a transaction.
    """
    exclusive = any(claim.budgeted for claim in claims)
    lock = lock_budgets if exclusive else lock_live
    grants = await lock(db, {claim.grant_key for claim in claims})
    # What stands decides who may still ask when a budget is used up; without budgets the insertion itself tells.
    standing = await use_tables.standing(db, {claim.key for claim in claims}) if exclusive else {}
    entered: set[UseKey] = set()
    while True:
        answers, fresh = _one_after_the_other(claims, grants, standing, to_ms(now))
        rows = [claim for claim in fresh if claim.key not in entered]
        added = await use_tables.add(db, [(*claim.key, claim.grant, claim.evidence) for claim in rows])
        entered |= added
        late = {claim.key for claim in rows} - added
        if not late:
            break
        # Somebody else's, seen only now: those are redeliveries, and what they do not take is left for others.
        standing |= await use_tables.standing(db, late)
    await use_tables.subtract(db, Counter(claim.grant_key for claim in fresh if claim.budgeted))
    return answers


def _one_after_the_other(
    claims: Sequence[Claim], grants: Mapping[GrantKey, Held], standing: Standing, at: int
) -> tuple[list[Admission], list[Claim]]:
    """What becomes of each claim by arrival, and those that are admitted."""
    known = dict(standing)
    left = {key: held.uses_left for key, held in grants.items()}
    answers: list[Admission] = []
    fresh: list[Claim] = []
    for claim in claims:
        why = _why_not(claim, grants, at)
        uses = left.get(claim.grant_key)
        if why is not None:
            answers.append(NotLive(why))
        elif claim.key in known:
            grant, evidence = known[claim.key]
            answers.append(Redelivered(evidence) if grant == claim.grant else NotLive(UseConflict))
        elif uses == 0:
            answers.append(NotLive(Exhausted))
        else:
            left[claim.grant_key] = None if uses is None else uses - 1
            known[claim.key] = claim.grant, claim.evidence
            fresh.append(claim)
            answers.append(Admitted())
    return answers, fresh


def _why_not(claim: Claim, grants: Mapping[GrantKey, Held], at: int) -> type[Refusal] | None:
    """Why the grant as it stands under the lock does not cover the claim; None if it does, but for its budget."""
    held = grants.get(claim.grant_key)
    if held is None:
        return GrantMissing
    why = not_live(held.state)
    if why is not None:
        return why
    if at < held.starts_at:
        return NotBegun
    if at >= held.ends_at:
        return Expired
    # A grant that has a budget, claimed as one that has none, may be held under the shared lock only: never count there.
    if held.version != claim.version or (held.uses_left is not None) != claim.budgeted:
        return GrantChanged
    return None
