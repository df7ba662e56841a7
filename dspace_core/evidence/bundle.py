"""A bundle: one entry for someone who trusts nobody but the log's key. One JSON file, fixed in docs/formats/bundle.md.

Each group is shown with its salt, or withheld with its digest. The file has one form only (canonical JSON), so that no
byte of it can change without a check noticing.
"""

from collections.abc import Collection, Sequence
from typing import Annotated, Generic, Literal, TypeVar

import msgspec

from dspace_core.crypto import EntryKey
from dspace_core.evidence.record import (
    GROUPS,
    Count,
    Digest,
    Group,
    Meta,
    Next,
    Record,
    What,
    Who,
    Why,
    encode,
    group_digests,
)

FORMAT = "dspace-bundle/1"
BUNDLE_BYTES = 1 << 20
"""A bundle is a few kilobytes; what is larger than this is not read."""
T = TypeVar("T", bound=Group)


class Shown(Group, Generic[T], frozen=True, kw_only=True, tag="shown", tag_field="state"):
    """A group that is shown, and the salt that ties it to its digest."""

    content: T
    salt: Digest


class Withheld(Group, frozen=True, kw_only=True, tag="withheld", tag_field="state"):
    """A group that is not shown: its digest alone."""

    digest: Digest


class Bundle(Group, frozen=True, kw_only=True):
    """The file."""

    format: Literal["dspace-bundle/1"]
    who: Shown[Who] | Withheld
    what: Shown[What] | Withheld
    why: Shown[Why] | Withheld
    next: Shown[Next] | Withheld
    meta: Shown[Meta] | Withheld
    leaf: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{180}\Z")]
    index: Count
    proof: tuple[Digest, ...]
    checkpoint: str
    """The signed note, with as many cosignatures as there are."""


def make_bundle(
    record: Record,
    key: EntryKey,
    leaf: bytes,
    *,
    index: int,
    proof: Sequence[bytes],
    note: bytes,
    show: Collection[str] = GROUPS,
) -> bytes:
    """The bundle of an entry with the groups named in `show`; the others are withheld. It proves nothing more than its
    parts do: whoever makes one for others verifies it first (`verify_bundle`)."""
    parts = {
        name: Shown(content=getattr(record, name), salt=key.salt(name).reveal().hex())
        if name in show
        else Withheld(digest=digest.hex())
        for name, digest in zip(GROUPS, group_digests(record, key), strict=True)
    }
    plain = {
        **{name: msgspec.to_builtins(part) for name, part in parts.items()},
        "format": FORMAT,
        "leaf": leaf.hex(),
        "index": index,
        "proof": [each.hex() for each in proof],
        "checkpoint": note.decode(),
    }
    return encode(msgspec.convert(plain, Bundle))
