"""What a grant is: who lets whom use which fields, of which service item, for what and how long."""

from datetime import timedelta
from enum import Enum
from typing import NewType
from uuid import UUID

import msgspec

from dspace_core.grants.refusals import GrantMalformed
from dspace_core.values import CaseId, EvidenceId, GrantId, Period, Subject

NoticeId = NewType("NoticeId", UUID)
"""One notice (告知), shown once and approved at most once."""
LONGEST = timedelta(days=365)
"""No grant lasts longer, standing or not: whoever still needs the data asks again (PIPL article 19)."""
LARGEST_BUDGET = 2**31 - 1


class State(Enum):
    """What is stored of a grant's life. That it expired or is used up is derived (`states.condition`), never stored."""

    LIVE = "live"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    """By the subject (撤回)."""
    REVOKED = "revoked"
    """By an authority or the system (撤销)."""
    ENDED = "ended"
    """Its case is closed."""


class By(Enum):
    """In what role somebody acts on a grant."""

    SUBJECT = "subject"
    STAFF = "staff"
    SYSTEM = "system"


def field_key(category: str, field: str) -> str:
    """The name of a field in a grant: `household.record` and `birth_date` make `household.record.birth_date`."""
    return f"{category}.{field}"


def category_of(key: str) -> str:
    """The category in the name of a field; a field's own name has no dot."""
    return key.rpartition(".")[0]


class SeparateAct(msgspec.Struct, frozen=True, order=True):
    """One separate consent (单独同意): this recipient may have this sensitive category (PIPL articles 23 and 29)."""

    recipient: str
    category: str


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One grant (授权) in one version. Raises GrantMalformed when made without fields, without an end, too long."""

    subject: Subject
    id: GrantId
    version: int = 1
    state: State = State.LIVE
    plugin: str
    """Who asks for the data in the recipient's name."""
    recipient: str
    """The authority that gets the data (被授权方)."""
    item: str
    """The code of the service item (事项)."""
    item_version: int
    fields: frozenset[str]
    """Keys as `field_key` makes them."""
    purpose: str
    """As it was shown, and compared as it is written."""
    case: CaseId | None
    """The case (办件) that it serves; None for a standing grant."""
    period: Period
    uses_left: int | None
    """How many uses remain; None without a budget."""
    notice: NoticeId
    acts: frozenset[SeparateAct]
    evidence: EvidenceId
    """The entry of the newest act on it."""

    def __post_init__(self) -> None:
        if not self.fields:
            raise GrantMalformed(part="fields")
        if self.period.end is None or self.period.end - self.period.start > LONGEST:
            raise GrantMalformed(part="period")
        if self.uses_left is not None and not 0 <= self.uses_left <= LARGEST_BUDGET:
            raise GrantMalformed(part="uses")
        if any(act.recipient != self.recipient for act in self.acts):
            raise GrantMalformed(part="acts")


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One intended reading under a grant, as the gate puts it together from the ask, the case and the catalogue."""

    subject: Subject
    plugin: str
    item: str
    item_version: int
    fields: frozenset[str]
    """What is asked for."""
    declared: frozenset[str]
    """What the item declares in the catalogue, on consent, for this purpose."""
    sensitive: frozenset[str]
    """Those of the declared fields that the catalogue today holds at level 3 or above."""
    purpose: str
    case: CaseId | None


class ActKind(Enum):
    """What was done to a grant."""

    APPROVED = "approved"
    AMENDED = "amended"
    PAUSED = "paused"
    RESUMED = "resumed"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    ENDED = "ended"


class Receipt(msgspec.Struct, frozen=True):
    """The evidence of an act: its entry, and its digest; None when an earlier call recorded it (ask the evidence)."""

    evidence: EvidenceId
    digest: str | None
