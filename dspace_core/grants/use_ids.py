"""The id of a use, made from what is used, so that a hook that runs again repeats it and is answered, not counted."""

from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

from dspace_core.crypto import INTERNATIONAL, KeyProvider, Secret, Suite
from dspace_core.crypto.encoding import join
from dspace_core.values import CaseId, UseId

USE_PURPOSE = "use"
"""The purpose under which a key provider derives the key of use ids."""
_LABEL = b"dspace/use/1"


def use_key(provider: KeyProvider) -> Secret:
    """The key of use ids: of the oldest root, so that a use keeps its id when a root is added."""
    return provider.derive(USE_PURPOSE, provider.key_ids[-1])


def use_id(
    key: Secret,
    *,
    case: CaseId | None,
    hook: str,
    item: str,
    fields: Iterable[str],
    basis: UUID,
    suite: Suite = INTERNATIONAL,
) -> UseId:
    """HMAC over case, hook, item, fields and basis (design 12.3), as a UUID of version 8 (RFC 9562 section 5.8).

    The basis, a grant or a duty, is in it: after a withdrawal a new grant for the same case begins new uses. The order
    of `fields` does not matter. Without the key nobody can tell from an id what was read.
    """
    names = _joined(frozenset(fields))
    parts = join(_LABEL, b"" if case is None else case.bytes, hook.encode(), item.encode(), names, basis.bytes)
    number = int.from_bytes(suite.hash.hmac(key, parts)[:16], "big")
    return UseId(UUID(int=number & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62))


@lru_cache(1024)
def _joined(fields: frozenset[str]) -> bytes:
    """There are few sets of fields, and each is asked for again and again."""
    return join(*(name.encode() for name in sorted(fields)))
