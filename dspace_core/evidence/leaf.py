"""The leaf: 90 fixed bytes that the log publishes about one entry. They name no person, no kind and no authority."""

import struct
from datetime import datetime

import msgspec

from dspace_core.crypto import SuiteNumber, suite
from dspace_core.evidence.merkle import HASH_BYTES
from dspace_core.evidence.refusals import LeafMalformed
from dspace_core.values import InstantOutOfRange, from_ms, to_ms, utc

VERSION = 1
LINK_BYTES = 16
_FORM = struct.Struct(f">BBQ{HASH_BYTES}s{HASH_BYTES}s{LINK_BYTES}s")
LEAF_BYTES = _FORM.size
"""90: version 1, suite 1, instant 8, record commitment 32, hash of the sealed record 32, link tag 16."""


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """What a leaf says: when, and two commitments and a tag that only the subject can follow (docs/formats/leaf.md)."""

    at: datetime
    record: bytes
    sealed: bytes
    link: bytes
    suite: SuiteNumber = SuiteNumber.INTERNATIONAL

    def __post_init__(self) -> None:
        if (len(self.record), len(self.sealed), len(self.link)) != (HASH_BYTES, HASH_BYTES, LINK_BYTES):
            raise LeafMalformed
        msgspec.structs.force_setattr(self, "at", utc(self.at))
        if to_ms(self.at) < 0:  # the field is unsigned
            raise LeafMalformed

    def pack(self) -> bytes:
        """The 90 bytes."""
        return _FORM.pack(VERSION, self.suite, to_ms(self.at), self.record, self.sealed, self.link)


def check_leaf(packed: bytes) -> SuiteNumber:
    """Refuse bytes that are no leaf by length, version or suite; the suite it belongs to otherwise."""
    if len(packed) != LEAF_BYTES or packed[0] != VERSION:
        raise LeafMalformed
    return suite(packed[1]).number


def unpack(packed: bytes) -> Leaf:
    """Read a leaf. Refuses with `LeafMalformed`, or with a suite refusal."""
    number = check_leaf(packed)
    _, _, stored, record, sealed, link = _FORM.unpack(packed)
    try:
        at = from_ms(stored)
    except InstantOutOfRange:
        raise LeafMalformed from None
    return Leaf(at=at, record=record, sealed=sealed, link=link, suite=number)
