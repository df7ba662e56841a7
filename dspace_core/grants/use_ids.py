"""The id of a use, made from what is used, so that a hook that runs again repeats it and is answered, not counted."""

from collections.abc import Iterable
from uuid import UUID

from dspace_core.crypto import INTERNATIONAL, Secret, Suite
from dspace_core.crypto.encoding import join
from dspace_core.values import CaseId, GrantId, UseId

USE_PURPOSE = "use"
"""The purpose under which a key provider derives the key of use ids."""
_LABEL = b"dspace/use/1"


def use_id(
    key: Secret,
    *,
    case: CaseId | None,
    hook: str,
    item: str,
    fields: Iterable[str],
    grant: GrantId,
    suite: Suite = INTERNATIONAL,
) -> UseId:
    """HMAC over case, hook, item and fields (design 12.3) and the grant, as a UUID of version 8 (RFC 9562 section 5.8).

    With the grant in it, a new grant for the same case begins new uses once the first was withdrawn. The order of `fields` does not
    matter. Without the key nobody can tell from an id what was read; whoever repeats a use needs the key it began with.
    """
    names = join(*(name.encode() for name in sorted(set(fields))))
    parts = join(_LABEL, b"" if case is None else case.bytes, hook.encode(), item.encode(), names, grant.bytes)
    number = int.from_bytes(suite.hash.hmac(key, parts)[:16], "big")
    return UseId(UUID(int=number & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62))
