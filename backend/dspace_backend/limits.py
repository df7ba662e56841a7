"""How often one may call. Counted in the ephemeral store, so by all `web` processes together; no answer is a refusal.

A session may make `SESSION` calls in a minute that begins with its first. Only calls that the session's own key proved are
counted, so nobody can use up another's. Logging in, where nobody is known yet, is counted by address: `ADDRESS` requests in
a minute, which many people behind one address share. The store sees keyed digests, never an address or a session.
"""

import ipaddress
from datetime import timedelta
from uuid import UUID

from dspace_backend.tokens.jose import encode
from dspace_core import Refusal, Text
from dspace_core.crypto import INTERNATIONAL, Secret
from dspace_core.stores import Ephemeral

SESSION = 600
"""Calls of one session in a minute: ten times what the busiest app of ours makes."""
ADDRESS = 600
"""Requests to `/authorize`, `/login/callback` and `/token` in a minute from one address: 150 logins of four each."""
WINDOW = timedelta(minutes=1)
_SECONDS = WINDOW // timedelta(seconds=1)
_NETWORK = 64
"""Of an IPv6 address so many bits count: whoever has one address there has all of its network."""


class LimitExceeded(Refusal):
    """More calls than one session, or one address, may make in a minute."""

    code = "limit.exceeded"
    says = Text("请求过于频繁: 每分钟最多 {most} 次", "too many requests: at most {most} in a minute")
    remedy = Text("请在 {retry_after} 秒后重试", "try again in {retry_after} seconds")


class Limits:
    """The counts. `key` hides from the store whom they are of."""

    def __init__(self, key: Secret, ephemeral: Ephemeral, *, session: int = SESSION, address: int = ADDRESS) -> None:
        self._key = Secret(INTERNATIONAL.hash.hmac(key, b"dspace/v1/limits"))
        self._ephemeral = ephemeral
        self._session = session
        self._address = address

    async def count_session(self, session: UUID) -> None:
        """Count one call of a session. Raises LimitExceeded, and what the ephemeral store refuses."""
        await self._count(b"session", session.bytes, self._session)

    async def count_address(self, address: str | None) -> None:
        """Count one request from an address. Raises LimitExceeded, and what the ephemeral store refuses."""
        await self._count(b"address", _place(address), self._address)

    async def _count(self, kind: bytes, whose: bytes, most: int) -> None:
        digest = INTERNATIONAL.hash.hmac(self._key, kind + b"\n" + whose)
        if await self._ephemeral.count(f"limit:{encode(digest[:18])}", WINDOW) > most:
            raise LimitExceeded(most=most, retry_after=_SECONDS)


def _place(address: str | None) -> bytes:
    """What is counted of an address; whoever has none that can be read shares one count with all who have none."""
    try:
        place = ipaddress.ip_address(address or "")
    except ValueError:
        return b""
    if isinstance(place, ipaddress.IPv6Address):
        if place.ipv4_mapped is not None:
            return place.ipv4_mapped.packed
        return place.packed[: _NETWORK // 8]
    return place.packed
