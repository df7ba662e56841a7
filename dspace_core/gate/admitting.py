"""The commit lane's work: a batch of uses is admitted and its evidence written, in one transaction (articles 2 and 5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec

from dspace_core.evidence import Act, Draft
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.pending import attest_all
from dspace_core.gate import duties
from dspace_core.gate.duties import DutyClaim
from dspace_core.gate.records import Matter, by_duty, by_grant, use_draft
from dspace_core.gate.refusals import DutyMissing
from dspace_core.grants import Admission, Admitted, Claim, NotLive, Redelivered, admit
from dspace_core.points import Point, reached
from dspace_core.stores import Connection
from dspace_core.values import GrantId


class GrantedUse(msgspec.Struct, frozen=True, kw_only=True):
    """A use under a grant, on its way to be admitted."""

    matter: Matter
    grant: GrantId
    version: int
    budgeted: bool

    @property
    def claim(self) -> Claim:
        """What is asked of the grant."""
        return Claim(
            subject=self.matter.subject,
            use=self.matter.use,
            grant=self.grant,
            version=self.version,
            budgeted=self.budgeted,
            evidence=self.matter.entry,
        )

    def draft(self, kind: Act, at: datetime) -> Draft:
        """What is recorded of it."""
        return use_draft(self.matter, by_grant(self.grant, self.matter.purpose), kind, at)


class DutyUse(msgspec.Struct, frozen=True, kw_only=True):
    """A use by duty, on its way to be admitted."""

    matter: Matter
    duty: UUID

    @property
    def claim(self) -> DutyClaim:
        """What is asked of the duty."""
        return DutyClaim(self.matter.subject, self.matter.use, self.duty, self.matter.entry)

    def draft(self, kind: Act, at: datetime) -> Draft:
        """What is recorded of it."""
        return use_draft(self.matter, by_duty(self.duty, self.matter.purpose), kind, at)


Underway: TypeAlias = GrantedUse | DutyUse
_GRANTED = {Admitted: Act.USE_RELEASED, Redelivered: Act.USE_REDELIVERED}


async def admit_granted(
    db: Connection, uses: Sequence[GrantedUse], keyring: Keyring, now: datetime
) -> Sequence[Admission]:
    """Admit uses under grants and record those that are; one answer for each."""
    answers = await admit(db, [use.claim for use in uses], now)
    drafts = [
        use.draft(_GRANTED[type(answer)], now)
        for use, answer in zip(uses, answers, strict=True)
        if not isinstance(answer, NotLive)
    ]
    await _attest(db, drafts, keyring)
    return answers


async def admit_by_duty(
    db: Connection, uses: Sequence[DutyUse], keyring: Keyring, now: datetime
) -> Sequence[Admission]:
    """Admit uses by duty and record those that are; one answer for each."""
    found = await duties.admit(db, [use.claim for use in uses], now)
    drafts = [
        use.draft(Act.STATUTORY_USE if fresh else Act.USE_REDELIVERED, now)
        for use, fresh in zip(uses, found, strict=True)
        if fresh is not None
    ]
    await _attest(db, drafts, keyring)
    return [
        NotLive(DutyMissing) if fresh is None else Admitted() if fresh else Redelivered(use.matter.entry)
        for use, fresh in zip(uses, found, strict=True)
    ]


async def _attest(db: Connection, drafts: Sequence[Draft], keyring: Keyring) -> None:
    if drafts:
        await attest_all(db, drafts, keyring)
    reached(Point.EVIDENCE)
