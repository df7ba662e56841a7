"""The record of one entry in five groups: who, what, why, next, meta. Fixed in docs/formats/record.md.

A group can be shown without the others, so each says one thing. By type no field can hold a personal value: there are
ids, codes, digests, counts, instants and closed sets, and no free text. What a type forbids is refused when the group
is encoded, before it can reach a store.
"""

from enum import Enum
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec

from dspace_core.crypto import INTERNATIONAL, EntryKey, Secret, Suite
from dspace_core.evidence.canonical import INTEGER_LIMIT
from dspace_core.evidence.refusals import EntryMalformed
from dspace_core.values import Basis, CaseId, DataLevel, EvidenceId, GrantId, Subject, UseId

Code = Annotated[str, msgspec.Meta(max_length=96, pattern=r"\A(?!.*[0-9]{7})[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*\Z")]
"""A name out of our own lists (`household.record`). No run of seven digits: no identity, card or phone number fits."""
ItemCode = Annotated[str, msgspec.Meta(pattern=r"\A(?:[0-9]{12}|(?!TE)[0-9A-Z]{18}[1-6][0-9]{12}(?:[0-9]{2})?)\Z")]
"""A service item by its base code, implementation code or handling code (the room `identifiers` says how they nest)."""
Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
"""32 bytes in lower-case hexadecimal. Whoever digests a personal value does so under a key that is erased with it."""
Count = Annotated[int, msgspec.Meta(ge=0, lt=INTEGER_LIMIT)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, lt=INTEGER_LIMIT)]
"""An instant as milliseconds since 1970-01-01T00:00Z."""


class Act(Enum):
    """What happened. Closed: a kind that is not here is not recorded."""

    GRANT_APPROVED = "grant-approved"
    GRANT_AMENDED = "grant-amended"
    GRANT_PAUSED = "grant-paused"
    GRANT_RESUMED = "grant-resumed"
    GRANT_WITHDRAWN = "grant-withdrawn"
    GRANT_REVOKED = "grant-revoked"
    GRANT_ENDED = "grant-ended"
    USE_RELEASED = "use-released"
    USE_REDELIVERED = "use-redelivered"
    USE_REFUSED = "use-refused"
    STATUTORY_USE = "statutory-use"
    SUBJECT_ACCESS = "subject-access"
    CASE_FILED = "case-filed"
    CASE_REFERRED = "case-referred"
    CASE_DECIDED = "case-decided"
    CASE_SUPPLEMENT_ASKED = "case-supplement-asked"
    CASE_SUPPLEMENTED = "case-supplemented"
    CASE_VIEWED = "case-viewed"
    """A member of staff was shown its content."""
    CASE_CLOSED = "case-closed"
    CASE_WITHDRAWN = "case-withdrawn"
    CORRECTION_ASKED = "correction-asked"
    CORRECTION_ANSWERED = "correction-answered"
    CORRECTION_VIEWED = "correction-viewed"
    """A member of staff was shown the person's words."""
    REFUSALS_COALESCED = "refusals-coalesced"
    """Refusals of one kind within a minute after the first: a count (design, constitution)."""
    GAP = "gap"
    """Evidence could not be written for a while, or a process ended before it wrote its counts."""
    KEY_ERASED = "key-erased"
    DUTY_REGISTERED = "duty-registered"
    CATALOGUE_IMPORTED = "catalogue-imported"
    PLUGIN_ENABLED = "plugin-enabled"
    PLUGIN_DISABLED = "plugin-disabled"
    LOG_CONTINUED = "log-continued"
    """Entry 0 of an origin that follows a frozen one: the digest is that of the last checkpoint there."""


class Actor(Enum):
    """In what role somebody or something acted."""

    SUBJECT = "subject"
    DELEGATE = "delegate"
    PLUGIN = "plugin"
    CLIENT = "client"
    STAFF = "staff"
    SYSTEM = "system"


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The form that all groups share: nothing unknown, and what is absent takes no bytes."""


class Who(Group, frozen=True, kw_only=True):
    """Whose data, and who acted. Acts of the system chain have no subject."""

    actor: Actor
    subject: Subject | None = None
    acted: UUID | None = None
    """The person who acted where that is not the subject: the subject id of a delegate, the id of a staff member."""
    plugin: Code | None = None
    client: Code | None = None
    authority: Code | None = None


class What(Group, frozen=True, kw_only=True):
    """Which data or which object, never its content."""

    item: Code | None = None
    fields: tuple[Code, ...] = ()
    level: DataLevel | None = None
    """The highest among the fields."""
    predicate: bool | None = None
    """True where only yes or no was given."""
    digest: Digest | None = None
    """Of the datum, the case, the catalogue, the checkpoint: what the kind of act says."""
    version: Count | None = None
    count: Count | None = None


class Why(Group, frozen=True, kw_only=True):
    """On what ground, or for what reason it was refused."""

    basis: Basis | None = None
    grant: GrantId | None = None
    duty: UUID | None = None
    purpose: Digest | None = None
    """SHA-256 of the catalogue's sentence in UTF-8: the sentence is public, and has no room in a code."""
    notice: Digest | None = None
    """The digest of what was shown when consent was given."""
    refusal: Code | None = None
    until: Milliseconds | None = None
    """When the grant ends."""
    uses: Count | None = None
    """How many uses the grant allows."""


class Next(Group, frozen=True, kw_only=True):
    """Where it goes from here, and until when it is kept there."""

    recipient: Code | None = None
    case: CaseId | None = None
    service: ItemCode | None = None
    delete_by: Milliseconds | None = None


class Event(Group, frozen=True, kw_only=True):
    """The meta group as the request path knows it, before the entry has its place."""

    kind: Act
    entry: EvidenceId
    act: UUID
    """Joins the entries of one act, one for each subject."""
    at: Milliseconds
    use: UseId | None = None
    source: Code | None = None
    source_seq: Count | None = None
    source_signature: Digest | None = None
    """The digest of the source's signature over the datum."""


class Meta(Event, frozen=True, kw_only=True):
    """The event with its place in the subject's own chain."""

    seq: Count
    previous: Digest | None = None
    """The leaf hash of entry seq - 1; absent exactly for seq 0."""

    def __post_init__(self) -> None:
        if (self.seq == 0) != (self.previous is None):
            raise EntryMalformed


class Draft(Group, frozen=True, kw_only=True):
    """A record without its place: what is sealed under the day key and waits."""

    who: Who
    what: What = What()
    why: Why = Why()
    next: Next = Next()
    meta: Event

    def place(self, seq: int, previous: bytes | None) -> "Record":
        """The record at its place in the subject's chain; `previous` is the hash of the leaf before, if there is one."""
        known = {name: getattr(self.meta, name) for name in Event.__struct_fields__}
        meta = Meta(**known, seq=seq, previous=None if previous is None else previous.hex())
        return Record(who=self.who, what=self.what, why=self.why, next=self.next, meta=meta)


class Record(Group, frozen=True, kw_only=True):
    """A record as it is committed to."""

    who: Who
    what: What = What()
    why: Why = Why()
    next: Next = Next()
    meta: Meta


GROUPS = ("who", "what", "why", "next", "meta")
"""In the order in which the commitment takes them."""
T = TypeVar("T", bound=Group)
_ENCODER = msgspec.json.Encoder(order="sorted")


def encode(group: Group) -> bytes:
    """The canonical JSON of a group, a draft or a record. Refuses what its types do not allow (`EntryMalformed`)."""
    try:
        encoded = _ENCODER.encode(group)
    except (UnicodeEncodeError, TypeError):
        raise EntryMalformed from None
    _read(encoded, type(group))  # a struct checks no types when it is made; reading it does
    return encoded


def decode(encoded: bytes, form: type[T]) -> T:
    """Read a group, a draft or a record; only its canonical form is one."""
    read = _read(encoded, form)
    if _ENCODER.encode(read) != encoded:
        raise EntryMalformed
    return read


def _read(encoded: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(encoded, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise EntryMalformed from None


def group_digest(name: str, salt: Secret, encoded: bytes, suite: Suite = INTERNATIONAL) -> bytes:
    """The commitment to one group: H(salt ‖ name ‖ canonical JSON). The salt has 32 bytes, the JSON begins with `{`."""
    return suite.hash.digest(salt.reveal() + name.encode("ascii") + encoded)


def record_digest(groups: tuple[bytes, ...], suite: Suite = INTERNATIONAL) -> bytes:
    """The commitment to the record: H("rec/v1" ‖ the five group digests in their order)."""
    return suite.hash.digest(b"rec/v1" + b"".join(groups))


def group_digests(record: Record, key: EntryKey) -> tuple[bytes, ...]:
    """The commitments to the five groups of a record, salted under the key of its entry."""
    return tuple(group_digest(name, key.salt(name), encode(getattr(record, name)), key.suite) for name in GROUPS)
