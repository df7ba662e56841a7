"""The base of every struct that comes from outside, and the small words that several routes share."""

import base64
import binascii
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from dspace_backend.strict import QueryInvalid
from dspace_core import Text
from dspace_core.evidence.tables import Waited
from dspace_core.values import EvidenceId


class Outside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What comes from outside: nothing unknown, and each field by its name."""


Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""A name out of the catalogue."""
Most = Annotated[int, msgspec.Meta(ge=1, le=100)]
"""How many lines a page has at most."""
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant with its offset from UTC."""
_UNREADABLE = Text("无法识别的页码", "no page begins there")


def page_place(text: str | None) -> int | Waited | None:
    """Where a page of the trail begins. Raises QueryInvalid for what was not made by `place_text`."""
    if text is None:
        return None
    try:
        kind, *parts = base64.urlsafe_b64decode(text.encode("ascii")).decode("ascii").split(" ")
        if kind == "n":
            return int(parts[0])
        since, entry = parts
        return Waited(datetime.fromisoformat(since), EvidenceId(UUID(entry)))
    except (ValueError, IndexError, binascii.Error, UnicodeError):
        raise QueryInvalid(at="$.before", problem=_UNREADABLE) from None


def place_text(place: int | Waited | None) -> str | None:
    """The same as a text that says nothing to whoever has no use for it."""
    if place is None:
        return None
    text = f"n {place}" if isinstance(place, int) else f"w {place.since.isoformat()} {place.entry}"
    return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii")
