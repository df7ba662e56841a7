"""What a login leaves in the ephemeral store on its way: an attempt, then a code. Each is taken once.

Keys are digests of what the holder shows, so who reads the store's keys can use none of them.
"""

import hashlib
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from dspace_backend.login.provider import Departure
from dspace_backend.login.session import Identity
from dspace_backend.tokens.jose import encode
from dspace_core.stores import Ephemeral

ATTEMPT_LIFE = timedelta(minutes=10)
CODE_LIFE = timedelta(seconds=60)
_SPENT_LIFE = timedelta(minutes=10)
_T = TypeVar("_T")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an app asked for at `/authorize`, checked."""

    client: str
    redirect: str
    state: str | None
    challenge: str
    """PKCE, S256 (RFC 7636)."""
    jkt: str | None
    """The key that the code shall be bound to (RFC 9449 section 10)."""
    level: int | None


class Attempt(msgspec.Struct, frozen=True):
    """Somebody who was sent to the identity provider. `browser`: the digest of what only his browser was given."""

    wish: Wish
    departure: Departure
    browser: str


class Ticket(msgspec.Struct, frozen=True):
    """What an authorization code stands for."""

    wish: Wish
    identity: Identity


class Spent(msgspec.Struct, frozen=True):
    """The session that a code began: a code that comes again ends it."""

    subject: UUID
    session: UUID


class Keeping:
    """Attempts, codes and what became of them. Every call raises what the ephemeral store refuses."""

    def __init__(self, ephemeral: Ephemeral) -> None:
        self._ephemeral = ephemeral

    async def keep_attempt(self, attempt: Attempt) -> None:
        """Keep an attempt under its state."""
        await self._keep("attempt", attempt.departure.state, attempt, ATTEMPT_LIFE)

    async def take_attempt(self, state: str) -> Attempt | None:
        """The attempt of a state, once."""
        return await self._take("attempt", state, Attempt)

    async def keep_code(self, code: str, ticket: Ticket) -> None:
        """Keep what a code stands for."""
        await self._keep("code", code, ticket, CODE_LIFE)

    async def take_code(self, code: str) -> Ticket | None:
        """What a code stands for, once."""
        return await self._take("code", code, Ticket)

    async def keep_spent(self, code: str, spent: Spent) -> None:
        """Remember which session a code began."""
        await self._keep("spent", code, spent, _SPENT_LIFE)

    async def take_spent(self, code: str) -> Spent | None:
        """The session that a code began."""
        return await self._take("spent", code, Spent)

    async def _keep(self, kind: str, shown: str, value: object, life: timedelta) -> None:
        await self._ephemeral.keep_once(_key(kind, shown), msgspec.json.encode(value), life)

    async def _take(self, kind: str, shown: str, shape: type[_T]) -> _T | None:
        kept = await self._ephemeral.take(_key(kind, shown))
        return None if kept is None else msgspec.json.decode(kept, type=shape)


def digest(shown: str) -> str:
    """The name under which something shown is known."""
    return encode(hashlib.sha256(shown.encode()).digest())


def _key(kind: str, shown: str) -> str:
    return f"login:{kind}:{digest(shown)}"
