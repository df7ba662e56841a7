"""Attesting: a record is sealed under the key of the day and put among those that wait, in the caller's transaction.

So state and evidence are one (article 5), and the request path needs neither the subject's key nor the tree.
"""

from collections.abc import Sequence
from enum import Enum
from uuid import UUID

import msgspec

from dspace_core.crypto import INTERNATIONAL, Secret, seal, unseal
from dspace_core.crypto.encoding import join
from dspace_core.crypto.refusals import RecordMalformed, UnsealFailed
from dspace_core.evidence import tables
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.ledger_refusals import PendingUnreadable
from dspace_core.evidence.record import GROUPS, Draft, Event, Record, decode, encode
from dspace_core.evidence.refusals import EntryMalformed
from dspace_core.evidence.tables import Pending, Standing
from dspace_core.stores import Connection
from dspace_core.values import EvidenceId, Subject

SYSTEM = Subject(UUID(int=0))
"""Whose chain holds the acts that concern no subject."""


class State(Enum):
    """How far an entry has come."""

    RECORDED = "recorded"
    """Durable, and waiting for its number."""
    NUMBERED = "numbered"
    """It has its place in the log."""
    SIGNED = "signed"
    """A signed checkpoint covers it: it can be proved."""


class Receipt(msgspec.Struct, frozen=True):
    """What the recorded act is known by. The digest is that of the draft: it stays the same in every state."""

    evidence_id: EvidenceId
    digest: str
    state: State


async def attest(db: Connection, draft: Draft, keyring: Keyring) -> Receipt:
    """Record one act. What the record's types do not allow is refused (`EntryMalformed`) and nothing is written.

    The id is the caller's (`meta.entry`); the entry is recorded when the caller's transaction commits.
    """
    await attest_all(db, (draft,), keyring)
    return Receipt(draft.meta.entry, draft_digest(draft), State.RECORDED)


async def attest_all(db: Connection, drafts: Sequence[Draft], keyring: Keyring) -> None:
    """Record many acts in one statement, for a commit lane, where nobody waits for a receipt. One that is refused
    refuses all."""
    day, key = await keyring.today()
    rows = []
    for draft in drafts:
        entry, subject = draft.meta.entry, subject_of(draft)
        rows.append(Pending(entry, subject, day, seal(key, encode(draft), _bound_to(entry, subject))))
    await tables.add_pending(db, rows)


def open_pending(row: Pending, key: Secret) -> Draft:
    """The record that waits. Refuses with `PendingUnreadable` what does not open or names another id or subject."""
    try:
        draft = decode(unseal(key, row.sealed, _bound_to(row.entry, row.subject)), Draft)
    except (RecordMalformed, UnsealFailed, EntryMalformed):
        raise PendingUnreadable(entry=row.entry) from None
    if (draft.meta.entry, subject_of(draft)) != (row.entry, row.subject):
        raise PendingUnreadable(entry=row.entry)
    return draft


def draft_digest(draft: Draft) -> str:
    """The digest that a receipt bears, in hexadecimal. It stands in no table: it could be guessed from the entry's id."""
    groups = (encode(getattr(draft, name)) for name in GROUPS)  # one by one: an empty group may be written or not
    return INTERNATIONAL.hash.digest(join(b"receipt/v1", *groups)).hex()


def draft_of(record: Record) -> Draft:
    """The record without its place: what the receipt was given for."""
    event = Event(**{name: getattr(record.meta, name) for name in Event.__struct_fields__})
    return Draft(who=record.who, what=record.what, why=record.why, next=record.next, meta=event)


def state_of(row: Pending | Standing) -> State:
    """How far an entry has come, from where it stands."""
    if isinstance(row, Pending):
        return State.RECORDED
    return State.SIGNED if row.signed else State.NUMBERED


def subject_of(draft: Draft) -> Subject:
    """In whose chain the record goes."""
    return SYSTEM if draft.who.subject is None else draft.who.subject


def _bound_to(entry: EvidenceId, subject: Subject) -> bytes:
    return b"pending" + entry.bytes + subject.bytes
