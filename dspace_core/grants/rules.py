"""Whether a use is covered by a grant: pure, no clock, no store. Unknown means no.

The answer is advisory until the commit lane has found the same version of the grant live under a lock (`admission`).
"""

from datetime import datetime

import msgspec

from dspace_core.errors import Refusal
from dspace_core.grants.model import Grant, SeparateAct, State, Use, category_of
from dspace_core.grants.refusals import (
    EndedGrant,
    Exhausted,
    Expired,
    FieldNotGranted,
    GrantMissing,
    NotBegun,
    OtherCase,
    OtherItem,
    OtherPlugin,
    OtherPurpose,
    OtherSubject,
    Paused,
    RevokedGrant,
    SeparateConsentMissing,
    WithdrawnGrant,
)


class Allowed(msgspec.Struct, frozen=True):
    """The use is covered: these fields and no other, under this version of the grant."""

    fields: frozenset[str]
    version: int


class Refused(msgspec.Struct, frozen=True):
    """The use is not covered: the number of the check that failed, and the refusal that says why."""

    number: int
    why: type[Refusal]

    @property
    def code(self) -> str:
        """The refusal's stable code."""
        return self.why.code


_STATES = {
    State.PAUSED: Paused,
    State.WITHDRAWN: WithdrawnGrant,
    State.REVOKED: RevokedGrant,
    State.ENDED: EndedGrant,
}


def not_live(state: State) -> type[Refusal] | None:
    """Why a grant in this state covers nothing; None for a live one."""
    return None if state is State.LIVE else _STATES[state]


def decide(use: Use, grant: Grant | None, now: datetime) -> Allowed | Refused:
    """Decide whether the grant covers the use at the instant `now` (aware).

    (1) a grant exists  (2) it is this subject's  (3) and this plugin's  (4) for this item in this version
    (5) it holds every field asked for, of which there is one, and the item declares them  (6) for this purpose
    (7) for this case, or standing  (8) it has begun  (9) its period is not over  (10) it is live: not paused, withdrawn,
    revoked, ended  (11) uses are left  (12) each sensitive field rests on a separate consent for this recipient.
    """
    if grant is None:
        return Refused(1, GrantMissing)
    if grant.subject != use.subject:
        return Refused(2, OtherSubject)
    if grant.plugin != use.plugin:
        return Refused(3, OtherPlugin)
    if grant.item != use.item or grant.item_version != use.item_version:
        return Refused(4, OtherItem)
    if not use.fields or not use.fields <= grant.fields & use.declared:
        return Refused(5, FieldNotGranted)
    if grant.purpose != use.purpose:
        return Refused(6, OtherPurpose)
    if grant.case is not None and grant.case != use.case:
        return Refused(7, OtherCase)
    if now < grant.period.start:
        return Refused(8, NotBegun)
    if grant.period.end is None or now >= grant.period.end:
        return Refused(9, Expired)
    why = not_live(grant.state)
    if why is not None:
        return Refused(10, why)
    if grant.uses_left is not None and grant.uses_left <= 0:
        return Refused(11, Exhausted)
    for key in use.fields & use.sensitive:
        if SeparateAct(grant.recipient, category_of(key)) not in grant.acts:
            return Refused(12, SeparateConsentMissing)
    return Allowed(use.fields, grant.version)
