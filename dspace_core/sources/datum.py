"""A value with its origin: who says so, since when it was known, until when it may be relied on (可信数据)."""

import secrets
from datetime import date, datetime
from enum import Enum

import msgspec

from dspace_core.catalog import AuthorityId, FieldRef
from dspace_core.crypto import INTERNATIONAL, Secret
from dspace_core.evidence import canonical
from dspace_core.identifiers import Hidden
from dspace_core.values import Period

Answer = str | int | bool | date
"""What a field can hold; an amount of money is an integer of 分."""


class Label(Enum):
    """How far a value can be relied on. It stays with the value all the way to the screen."""

    AUTHORITATIVE = "authoritative"
    """The source authority says so."""
    SELF_DECLARED = "self_declared"
    """The subject says so (自行填报)."""


class TrustedDatum(Hidden, frozen=True, kw_only=True):
    """One value of one field. Prints nothing (article 9).

    `digest` is HMAC-SHA-256 under the random `salt` over origin and value: the salt is kept and erased with the value,
    and without it the digest says nothing. `source` is None where the subject says so.
    """

    field: FieldRef
    value: Answer
    source: AuthorityId | None
    fetched_at: datetime
    validity: Period
    label: Label
    salt: bytes
    digest: bytes

    @property
    def holds(self) -> bool:
        """Whether the digest is that of the value and its origin."""
        return secrets.compare_digest(self.digest, _digest(self.salt, self.field, self.source, self.value))


def authoritative(
    field: FieldRef, value: Answer, *, source: AuthorityId, fetched_at: datetime, validity: Period
) -> TrustedDatum:
    """What a source authority says."""
    return _datum(field, value, source, fetched_at, validity)


def self_declared(field: FieldRef, value: Answer, *, at: datetime) -> TrustedDatum:
    """What the subject says. It never becomes authoritative."""
    return _datum(field, value, None, at, Period(at))


def _datum(
    field: FieldRef, value: Answer, source: AuthorityId | None, fetched_at: datetime, validity: Period
) -> TrustedDatum:
    salt = secrets.token_bytes(32)
    return TrustedDatum(
        field=field,
        value=value,
        source=source,
        fetched_at=fetched_at,
        validity=validity,
        label=Label.SELF_DECLARED if source is None else Label.AUTHORITATIVE,
        salt=salt,
        digest=_digest(salt, field, source, value),
    )


class _Stated(msgspec.Struct, frozen=True):
    category: str
    field: str
    source: str | None
    type: str
    value: Answer


def _digest(salt: bytes, field: FieldRef, source: str | None, value: Answer) -> bytes:
    """The type is part of it: a date is not the text that looks like it."""
    stated = _Stated(field.category, field.field, source, type(value).__name__, value)
    return INTERNATIONAL.hash.hmac(Secret(salt), canonical(stated))
