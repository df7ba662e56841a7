"""What is recorded of a case: who did what to it, and a digest of its content; never the content (article 9)."""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.cases.model import Case
from dspace_core.cases.states import By
from dspace_core.evidence import Act, Actor, Draft, Event, Next, What, Who
from dspace_core.gate.records import service_code
from dspace_core.values import EvidenceId, to_ms

_ACTORS = {By.APPLICANT: Actor.SUBJECT, By.STAFF: Actor.STAFF, By.SYSTEM: Actor.SYSTEM}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One act on a case: which, by whom, when, and the ids of what is recorded, made before."""

    kind: Act
    by: By
    acted: UUID | None = None
    """The id of the staff member."""
    at: datetime
    evidence: EvidenceId
    act: UUID
    """Joins the entries of one act."""


def case_draft(case: Case, entry: Entry, digest: str | None) -> Draft:
    """What is recorded of an act on a case, as the act leaves it; `digest` is that of its content."""
    return Draft(
        who=Who(
            actor=_ACTORS[entry.by],
            subject=case.subject,
            acted=entry.acted,
            plugin=case.plugin if entry.by is By.SYSTEM else None,
            client=case.client if entry.kind is Act.CASE_FILED else None,
            authority=case.authority,
        ),
        what=What(item="case", digest=digest, version=case.item_version),
        next=Next(recipient=case.authority, case=case.id, service=service_code(case.item)),
        meta=Event(kind=entry.kind, entry=entry.evidence, act=entry.act, at=to_ms(entry.at)),
    )
