"""The key tree: from a wrapped root to the salt of one group. Every derivation stands in docs/formats/keys.md.

All keys that wrap under the root are random, not derived: what is derived can be derived again, and then erasing is a fiction.
"""

from datetime import date
from uuid import UUID

import msgspec

from dspace_core.crypto.encoding import join, name
from dspace_core.crypto.provider import KeyProvider
from dspace_core.crypto.secret import Secret
from dspace_core.crypto.suites import INTERNATIONAL, Suite
from dspace_core.values import CaseId, EvidenceId, Subject

LINK_BYTES = 16
_ENTRY_SEAL = b"dspace/v1/entry-seal"


class SubjectYear(msgspec.Struct, frozen=True):
    """K(s,y) covers one subject's evidence of one legal year; destroying it erases that year."""

    subject: Subject
    year: int

    def context(self) -> bytes:
        """What the wrapped key is bound to."""
        return join(b"subject-year", self.subject.bytes, self.year.to_bytes(2, "big"))


class SubjectCase(msgspec.Struct, frozen=True):
    """K_case covers what one case stores: form, decision, answers."""

    subject: Subject
    case: CaseId

    def context(self) -> bytes:
        """What the wrapped key is bound to."""
        return join(b"case", self.subject.bytes, self.case.bytes)


class Day(msgspec.Struct, frozen=True):
    """A day key covers the records of one legal day that the notary has not numbered yet."""

    day: date

    def context(self) -> bytes:
        """What the wrapped key is bound to."""
        return join(b"day", self.day.isoformat().encode("ascii"))


class SubjectIdentity(msgspec.Struct, frozen=True):
    """Covers the identifiers of one subject; destroying it leaves a subject that nobody can be named by."""

    subject: Subject

    def context(self) -> bytes:
        """What the wrapped key is bound to."""
        return join(b"identity", self.subject.bytes)


class SubjectAnswer(msgspec.Struct, frozen=True):
    """Covers one stored answer that belongs to no case."""

    subject: Subject
    answer: UUID

    def context(self) -> bytes:
        """What the wrapped key is bound to."""
        return join(b"answer", self.subject.bytes, self.answer.bytes)


Scope = SubjectYear | SubjectCase | SubjectIdentity | SubjectAnswer | Day
"""What one random key covers, and so what is lost when it is destroyed."""


class FreshKey(msgspec.Struct, frozen=True):
    """A key that was just made, and the wrapped form to store. Store it durably before the first use of the key."""

    key: Secret
    wrapped: bytes


def mint(provider: KeyProvider, scope: Scope) -> FreshKey:
    """A new random key for the scope, wrapped under the provider's current root."""
    key = Secret.random()
    return FreshKey(key, provider.wrap(key, scope.context()))


def recover(provider: KeyProvider, scope: Scope, wrapped: bytes) -> Secret:
    """The key of the scope. Another subject, year, case, day or kind than it was wrapped for refuses (`UnsealFailed`)."""
    return provider.unwrap(wrapped, scope.context())


class EntryKey(msgspec.Struct, frozen=True):
    """k_entry: opens one evidence entry and yields the salts of its groups. Showing it proves the whole entry."""

    secret: Secret
    suite: Suite = INTERNATIONAL

    def salt(self, group: str) -> Secret:
        """The salt of one group. Showing it proves this group and no other."""
        return Secret(self.suite.hash.hmac(self.secret, name(group)))

    def sealing_key(self) -> Secret:
        """The key under which the entry's record is sealed."""
        return Secret(self.suite.hash.hmac(self.secret, _ENTRY_SEAL))


class YearKey(msgspec.Struct, frozen=True):
    """K(s,y) at work: entry keys and link tags of one subject in one year."""

    secret: Secret
    suite: Suite = INTERNATIONAL

    def entry(self, evidence: EvidenceId) -> EntryKey:
        """The key of one entry, from the 16 bytes of its id: by length alone never what a link tag is made from."""
        return EntryKey(Secret(self.suite.hash.hmac(self.secret, evidence.bytes)), self.suite)

    def link_tag(self, seq: int) -> bytes:
        """The 16-byte tag by which the subject alone recognises his leaf number `seq` (from 0, below 2^64)."""
        return self.suite.hash.hmac(self.secret, b"link" + seq.to_bytes(8, "big"))[:LINK_BYTES]
