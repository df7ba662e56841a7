"""Canonical JSON: RFC 8785 restricted to a profile in which sorted order of ASCII keys is all there is to it.

Inside the profile (text, booleans, null, integers below 2^53 in size, lists, objects with ASCII keys) the bytes are
those of RFC 8785; outside of it, where encoders differ, the answer is a refusal.
"""

import msgspec

from dspace_core.evidence.refusals import OutsideProfile

INTEGER_LIMIT = 2**53
"""Integers stay below this in size: the range that every JSON reader keeps exactly (RFC 8785 section 3.2.2.3)."""
DEPTH_LIMIT = 32
_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(value: object) -> bytes:
    """The one JSON form of a value or of a struct of such values. Refuses what is outside (`OutsideProfile`)."""
    plain = msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value
    _admit(plain, DEPTH_LIMIT)
    try:
        return _ENCODER.encode(plain)
    except UnicodeEncodeError:  # half of a surrogate pair is no text
        raise OutsideProfile from None


def _admit(value: object, depth: int) -> None:
    match value:
        case None | bool() | str():
            return
        case int() if abs(value) < INTEGER_LIMIT:
            return
        case dict() if depth and all(isinstance(key, str) and key.isascii() for key in value):
            for item in value.values():
                _admit(item, depth - 1)
        case list() | tuple() if depth:
            for item in value:
                _admit(item, depth - 1)
        case _:
            raise OutsideProfile
