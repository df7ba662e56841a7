"""How parts become the one byte string that is hashed: no two lists of parts give the same string."""

import re

from dspace_core.crypto.refusals import NameMalformed

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)


def join(*parts: bytes) -> bytes:
    """Each part behind its length (4 bytes, big-endian), so that the list can be read back in one way only."""
    return b"".join([len(part).to_bytes(4, "big") + part for part in parts])


def name(text: str) -> bytes:
    """A group or purpose name as bytes. It can never equal one of our own labels: those hold a slash."""
    if _NAME.fullmatch(text) is None:
        raise NameMalformed
    return text.encode("ascii")
