"""A decision that explains itself (article 12): numbered reasons, each with its rule, its facts and what it found."""

from enum import Enum
from typing import Annotated

import msgspec

from dspace_core.errors import Text
from dspace_core.scenario.use import FieldName, ItemId


class Verdict(Enum):
    """What a decision comes to."""

    APPROVE = "approve"
    REFUSE = "refuse"
    REFER = "refer"
    """A human decides (转人工)."""


class Fact(msgspec.Struct, frozen=True):
    """A datum that a rule looked at, by its place: the item is its source in the catalogue. Never its value."""

    item: ItemId
    field: FieldName


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One rule applied to one case: which, in which version, on which facts, with what result, in plain words.

    `held` is None when the facts do not tell, or when the rule hands the case over to a human. `says` may be read by
    anyone who sees the decision; a value belongs into it only where the person needs it to understand.
    """

    rule: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    facts: tuple[Fact, ...]
    held: bool | None
    says: Text


class Outcome(msgspec.Struct, frozen=True):
    """What a scenario decided. The verdict follows from the reasons, so the two cannot disagree."""

    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(min_length=1, max_length=100)]

    @property
    def verdict(self) -> Verdict:
        """REFUSE if any reason failed; else REFER if any does not tell; else APPROVE (Kleene's strong "and")."""
        if not self.reasons:
            return Verdict.REFER
        found = {reason.held for reason in self.reasons}
        if False in found:
            return Verdict.REFUSE
        return Verdict.REFER if None in found else Verdict.APPROVE


def conclude(*reasons: Reason) -> Outcome:
    """The outcome of these reasons. At least one, or the host refuses it."""
    return Outcome(reasons)
