"""Once for each key: one process works on a filing, its twins wait, and whoever died is taken over (design 7, 12.15).

The row is there before anything else is done and names who works on it. Whether that process still lives is asked of
its lease; an attempt that failed in this process gives the row up itself.
"""

import asyncio
import hmac
import logging
from uuid import UUID

import msgspec

from dspace_core.cases import attempt_tables
from dspace_core.cases.attempt_tables import Attempt, Key
from dspace_core.cases.refusals import InProgress, KeyReused
from dspace_core.gate import Lease
from dspace_core.gate.tables import alive
from dspace_core.stores import Connection, Pool, transaction

PATIENCE = 5.0
"""Seconds for which a twin waits (design, section 7)."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2
_LETTINGS_GO = 2
_log = logging.getLogger("dspace.cases")


class Attempts:
    """The filings that this process works on."""

    def __init__(self, db: Pool, lease: Lease) -> None:
        self._db = db
        self._lease = lease
        self._ours: set[Key] = set()
        self._leaving: set[asyncio.Task[None]] = set()

    async def claim(self, key: Key, body: bytes) -> Attempt:
        """The filing under the key: answered, or ours to work on until `give_up`, or until it is answered.

        Raises KeyReused for another body; InProgress when somebody else works on it for longer than we wait.
        """
        clock = asyncio.get_running_loop().time
        until, pause = clock() + PATIENCE, _FIRST_PAUSE
        while (attempt := await self._try(key, body)) is None:
            if clock() >= until:
                raise InProgress
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return attempt

    async def give_up(self, key: Key, process: UUID) -> None:
        """Let a filing that is not answered go, for whoever tries next. Cutting this off does not keep it.

        What the database says to it hides nothing of why it is given up.
        """
        task = asyncio.create_task(self._let_go(key, process))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        await asyncio.shield(task)

    async def _let_go(self, key: Key, process: UUID) -> None:
        """Free the row, and only then let a twin of this process have it: it would hold it under the same name.

        A session may be lost in this very moment, another seldom is. Where the database is away for longer, so is the
        lease, and the row is free without it.
        """
        try:
            for _ in range(_LETTINGS_GO):
                try:
                    await attempt_tables.let_go(self._db, key, process)
                except Exception as error:  # noqa: BLE001
                    _log.warning("a filing could not be let go (%s)", type(error).__name__)
                else:
                    return
        finally:
            self._ours.discard(key)

    def done(self, key: Key) -> None:
        """The filing was answered."""
        self._ours.discard(key)

    async def still_ours(self, db: Connection, key: Key, process: UUID) -> bool:
        """Lock the row in the transaction that answers it; nobody may have taken it over meanwhile."""
        found = await attempt_tables.take(db, key)
        return found is not None and found.answer is None and found.process == process

    async def _try(self, key: Key, body: bytes) -> Attempt | None:
        """The filing if it is answered or free, else nothing."""
        found = await attempt_tables.find(self._db, key)
        assert found is not None  # noqa: S101  (it was entered before, and rows are never removed)
        if not hmac.compare_digest(found.body, body):
            raise KeyReused
        if found.answer is not None:
            return found
        return await self._take(key) if await self._is_free(self._db, key, found) else None

    async def _take(self, key: Key) -> Attempt | None:
        """The filing made ours, unless it is no longer free."""
        process, took = self._lease.process, False
        try:
            async with transaction(self._db) as db:
                found = await attempt_tables.take(db, key)
                if found is None or found.answer is not None or not await self._is_free(db, key, found):
                    return None
                self._ours.add(key)  # before the commit: a twin in this process sees the row right after it
                took = True
                await attempt_tables.hold(db, key, process)
        except BaseException:  # it may have been committed all the same
            if took:
                await self.give_up(key, process)
            raise
        return msgspec.structs.replace(found, process=process)

    async def _is_free(self, db: Pool | Connection, key: Key, found: Attempt) -> bool:
        """Whether nobody works on it: not this process, and no other that lives."""
        if key in self._ours:
            return False
        return found.process is None or found.process == self._lease.process or not await alive(db, found.process)
