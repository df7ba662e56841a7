"""What staff see of cases: those that wait for a human at their own authority, by their printed number.

No call here takes a subject: staff know none. What is not referred, or is another authority's, is not there.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.cases import keys, tables
from dspace_core.cases.model import Case
from dspace_core.cases.records import Entry, case_draft
from dspace_core.cases.refusals import CaseErased, CaseUnknown
from dspace_core.cases.states import By
from dspace_core.evidence import Act
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.pending import attest
from dspace_core.stores import Connection, Pool
from dspace_core.values import EvidenceId


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at the content of a case, when, and the ids of what is recorded of it, made before."""

    authority: str
    acted: UUID
    """The member of staff."""
    at: datetime
    evidence: EvidenceId
    act: UUID


async def waiting(db: Pool | Connection, authority: str, *, after: str = "", most: int) -> tuple[Case, ...]:
    """Cases that wait, without their content: by item, of each the oldest first, from behind the number `after`."""
    return tuple(row.case for row in await tables.referred(db, authority, after, most))


async def find_waiting(db: Pool | Connection, authority: str, number: str) -> Case:
    """One case that waits, without its content. Raises CaseUnknown."""
    row = await tables.referred_one(db, authority, number)
    if row is None:
        raise CaseUnknown
    return row.case


async def look(db: Connection, keyring: Keyring, number: str, by: Look) -> Case:
    """One case that waits, with its content. The look is recorded in the person's chain by the caller's transaction: show
    nothing before it has committed. Raises CaseUnknown, CaseErased."""
    row = await tables.referred_one(tables.inside(db), by.authority, number)
    if row is None:
        raise CaseUnknown
    key = await keys.held(keyring, row.case.subject, row.case.id)
    if key is None:
        raise CaseErased
    content = key.open_content(row.sealed)
    entry = Entry(kind=Act.CASE_VIEWED, by=By.STAFF, acted=by.acted, at=by.at, evidence=by.evidence, act=by.act)
    await attest(db, case_draft(row.case, entry, key.digest(content)), keyring)
    return row.opened(content)
