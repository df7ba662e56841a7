"""What a correction is."""

from datetime import datetime
from enum import Enum
from uuid import UUID

import msgspec

from dspace_core.identifiers import Hidden
from dspace_core.values import EvidenceId, Subject


class State(Enum):
    """How far it has come. The answer ends it."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    """The authority has corrected its record, or will."""
    DECLINED = "declined"
    """The authority stands by its record, and says why."""


class Content(Hidden, frozen=True, kw_only=True):
    """What is sealed of it: the person's words, and the authority's."""

    says: str
    answer: str | None = None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """One correction as it stands. `content` is None once its key was erased."""

    subject: Subject
    id: UUID
    category: str
    field: str
    authority: str
    state: State
    asked_at: datetime
    answered_at: datetime | None
    evidence: EvidenceId
    """The entry of the newest act on it."""
    content: Content | None
