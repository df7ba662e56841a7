"""The blind index of identifiers: who holds the database cannot try out identity numbers without the key."""

from dspace_core.crypto.encoding import join
from dspace_core.crypto.refusals import LookupMalformed
from dspace_core.crypto.secret import Secret
from dspace_core.crypto.suites import INTERNATIONAL, Suite

LOOKUP_PURPOSE = "lookup"
"""The purpose under which a key provider derives K_lookup."""


def lookup_digest(key: Secret, kind: str, value: str, suite: Suite = INTERNATIONAL) -> bytes:
    """HMAC over kind and value, each behind its length, 32 bytes. Normalise the value first: nothing is folded here."""
    parts = _utf8(kind), _utf8(value)
    if not all(parts):
        raise LookupMalformed
    return suite.hash.hmac(key, join(*parts))


def _utf8(text: str) -> bytes:
    """The text in UTF-8, or nothing where it holds a lone surrogate: the codec's own error would carry the value."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return b""
