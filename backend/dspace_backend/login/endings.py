"""Which sessions ended of late: what makes a token stop before its 120 seconds are over.

An ending is announced to every `web` process. Whoever was deaf for a moment reads in the database what it missed, so the
worst that a lost announcement costs is the rest of a token's life.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from dspace_backend.login import tables
from dspace_backend.tokens import LIFE
from dspace_core.errors import Refusal
from dspace_core.stores import Ephemeral, Pool

_CHANNEL = "session-ended"
_REMEMBERED = LIFE + timedelta(seconds=60)
_DEAF_SECONDS = 0.5
_log = logging.getLogger("dspace.web")


class Endings:
    """Remembers who ended for as long as a token of theirs could live. Run `listen` beside the server."""

    def __init__(self, db: Pool, ephemeral: Ephemeral, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._ephemeral = ephemeral
        self._clock = clock
        self._ended: dict[UUID, datetime] = {}

    def __contains__(self, session: UUID) -> bool:
        return session in self._ended

    async def tell(self, sessions: list[UUID]) -> None:
        """Let every process know, this one first. Call it once the ending is committed."""
        for session in sessions:
            self._note(session)
        try:
            for session in sessions:
                await self._ephemeral.announce(_CHANNEL, session.bytes)
        except Refusal as refusal:
            _log.error("%s", refusal)  # without the store no process admits a proof either

    async def listen(self) -> None:
        """Hear of endings until cancelled."""
        while True:
            try:
                await self._hear()
            except Refusal as refusal:
                _log.error("%s", refusal)
                await asyncio.sleep(_DEAF_SECONDS)

    async def _hear(self) -> None:
        async with self._ephemeral.listen(_CHANNEL) as told:
            for session in await tables.ended_since(self._db, self._clock() - _REMEMBERED):
                self._note(session)
            async for payload in told:
                if len(payload) == 16:
                    self._note(UUID(bytes=payload))

    def _note(self, session: UUID) -> None:
        now = self._clock()
        for old in [one for one, at in self._ended.items() if now - at > _REMEMBERED]:
            del self._ended[old]
        self._ended[session] = now
