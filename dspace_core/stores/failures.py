"""What went wrong on a connection, told as a kind and without the values that PostgreSQL quotes (article 9).

SQLSTATE classes: PostgreSQL documentation, appendix A.
"""

import asyncpg

from dspace_core.errors import Refusal
from dspace_core.stores.refusals import ConcurrentChange, LockTimeout, OutcomeUnknown, Unavailable
from dspace_core.stores.sessions import Connection, is_gone

SESSION = "session"
_LOST_CLASSES = ("08",)
_LOST_STATES = ("57P01", "57P02", "57P03", "57P05", "25P03", "53300")
_SHORT_CLASSES = ("53",)
_ROW_CLASSES = ("22", "23", "44", "P0")
_NAMES_ONLY = ("42",)
_COLLISIONS = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    # A plan prepared before a migration; the driver forgets it and prepares anew.
    asyncpg.InvalidCachedStatementError,
    asyncpg.OutdatedSchemaCacheError,
)


class BrokenWriteError(RuntimeError):
    """Code that writes broke its contract: our fault, loud, and nothing of the transaction stands."""


def sqlstate(error: BaseException) -> str:
    """The five characters of SQLSTATE; empty for what is not PostgreSQL's."""
    return error.sqlstate or "" if isinstance(error, asyncpg.PostgresError) else ""


def is_lost(error: BaseException, connection: Connection) -> bool:
    """Whether the session is gone, so that what was not committed is undone."""
    state = sqlstate(error)
    return state[:2] in _LOST_CLASSES or state in _LOST_STATES or is_gone(connection)


def is_outage(error: BaseException) -> bool:
    """Whether a failure passes by itself: a server out of reach, a lost session, a collision. The work can begin anew."""
    if isinstance(error, Refusal):
        return isinstance(error, Unavailable | OutcomeUnknown | LockTimeout | ConcurrentChange)
    state = sqlstate(error)
    if state:
        return state[:2] in (*_LOST_CLASSES, *_SHORT_CLASSES) or state in _LOST_STATES
    return isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError | OSError)


def refusal_for(error: BaseException, connection: Connection) -> Refusal | None:
    """The refusal of a failure that is nobody's fault; None for all others, which the caller sees as they are."""
    if isinstance(error, Refusal):
        return None
    if is_lost(error, connection) or sqlstate(error)[:2] in _SHORT_CLASSES:
        return Unavailable(where=SESSION, reason=type(error).__name__)
    if isinstance(error, asyncpg.LockNotAvailableError):
        return LockTimeout()
    if isinstance(error, _COLLISIONS):
        return ConcurrentChange()
    return None


def may_be_one_row(error: Exception) -> bool:
    """Whether one row of a batch can be the reason, so that its neighbours deserve a second try."""
    if isinstance(error, asyncpg.PostgresError):
        return sqlstate(error)[:2] in _ROW_CLASSES
    return not isinstance(error, BrokenWriteError | Unavailable | OutcomeUnknown)


def unsay(error: BaseException) -> None:
    """Take the quoted values out of a database error before it travels on; its class and constraint name stay.

    What it came from goes too: the driver's own check of a value carries the codec's error, which quotes the value.
    """
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        error.__cause__ = error.__context__ = None
    if isinstance(error, asyncpg.PostgresError):
        error.detail = error.hint = error.context = error.internal_query = None
        if sqlstate(error)[:2] not in _NAMES_ONLY:
            error.message = f"{sqlstate(error)} {error.constraint_name or ''}".strip()
            error.args = (error.message,)
    elif isinstance(error, asyncpg.InterfaceError):
        error.args = (type(error).__name__,)
        error.detail = error.hint = None
