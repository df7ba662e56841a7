"""Transactions with an explicit isolation, a bounded wait for locks, and failures told as refusals.

BEGIN and COMMIT are written out: the driver's own transaction does not look at what COMMIT answers, and PostgreSQL
answers ROLLBACK, without an error, when a statement had failed and the code went on as if it had not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import Enum

import asyncpg

from dspace_core.stores.failures import SESSION, BrokenWriteError, is_lost, refusal_for, unsay
from dspace_core.stores.refusals import OutcomeUnknown, Unavailable
from dspace_core.stores.sessions import Connection, Held, Pool, drop, is_gone

LOCK_TIMEOUT = timedelta(seconds=1)
_ACQUIRE_SECONDS = 5.0


class Isolation(Enum):
    """What a transaction sees of others (PostgreSQL documentation, section 13.2)."""

    READ_COMMITTED = "READ COMMITTED"
    """Each statement sees what was committed before it began. With row locks, the usual choice."""
    REPEATABLE_READ = "REPEATABLE READ"
    """All statements see one moment; an update of a row changed since is refused as a concurrent change."""
    SERIALIZABLE = "SERIALIZABLE"
    """As if transactions ran one after another; any of them may be refused as a concurrent change."""


@asynccontextmanager
async def transaction(
    pool: Pool,
    isolation: Isolation = Isolation.READ_COMMITTED,
    *,
    read_only: bool = False,
    lock_timeout: timedelta = LOCK_TIMEOUT,
) -> AsyncIterator[Connection]:
    """One transaction on a session of the pool: committed when the block ends, undone when it raises.

    Savepoints are the caller's own SQL; the driver's nested transactions are refused inside.
    Raises LockTimeout, ConcurrentChange, Unavailable (nothing was written), OutcomeUnknown (lost during the commit),
    BrokenWriteError (a statement failed and the block went on). Other database errors pass, freed of the values they quote.
    """
    connection = await acquire(pool)
    try:
        try:
            await begin(connection, isolation, read_only=read_only, lock_timeout=lock_timeout)
            yield connection
        except BaseException as error:
            await roll_back(connection)
            refusal = refusal_for(error, connection)
            unsay(error)
            if refusal is not None:
                raise refusal from None
            raise
        await commit(connection)
    finally:
        await pool.release(connection)


async def acquire(pool: Pool) -> Held:
    """A session of the pool, or Unavailable when none is free or can be opened within 5 s."""
    try:
        return await pool.acquire(timeout=_ACQUIRE_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        raise Unavailable(where=SESSION, reason=type(error).__name__) from None


async def begin(
    connection: Connection,
    isolation: Isolation = Isolation.READ_COMMITTED,
    *,
    read_only: bool = False,
    lock_timeout: timedelta = LOCK_TIMEOUT,
) -> None:
    """Open a transaction, in one message to the server."""
    access = "READ ONLY" if read_only else "READ WRITE"
    wait = lock_timeout // timedelta(milliseconds=1)
    await connection.execute(f"BEGIN ISOLATION LEVEL {isolation.value} {access}; SET LOCAL lock_timeout = {wait}")


async def commit(connection: Connection) -> None:
    """End the open transaction and see that it stands. Raises as `transaction` does; nothing is left open."""
    try:
        answer = await connection.execute("COMMIT")
    except BaseException as error:
        if isinstance(error, asyncio.TimeoutError | asyncio.CancelledError):
            drop(connection)  # its answer may still come and must not be taken for another's
        if isinstance(error, asyncio.CancelledError):
            raise
        if is_lost(error, connection):
            raise OutcomeUnknown from None
        refusal = refusal_for(error, connection)
        unsay(error)
        if refusal is not None:
            raise refusal from None
        raise
    if answer != "COMMIT":
        raise BrokenWriteError("a statement failed, its error was swallowed, and so nothing was written")


async def roll_back(connection: Connection) -> None:
    """Undo the open transaction; a session that cannot even do that is closed, which undoes it too."""
    if is_gone(connection):
        return
    try:
        await connection.execute("ROLLBACK")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        drop(connection)
