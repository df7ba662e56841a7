"""Sessions of PostgreSQL: a pool or a single connection, opened with patience while the server starts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from urllib.parse import parse_qs, urlsplit

import asyncpg
import asyncpg.pool

from dspace_core.stores.refusals import BadUrl, LoginRefused, Unavailable

if TYPE_CHECKING:
    Record: TypeAlias = asyncpg.Record
    Held: TypeAlias = asyncpg.pool.PoolConnectionProxy[Record]
    Connection: TypeAlias = asyncpg.Connection[Record] | Held
    Pool: TypeAlias = asyncpg.Pool[Record]
else:  # the classes take no parameters when the program runs
    Record = asyncpg.Record
    Held = asyncpg.pool.PoolConnectionProxy
    Connection = asyncpg.Connection | Held
    Pool = asyncpg.Pool

SETTING = "DSPACE_DATABASE_URL"
SERVING: Mapping[str, str] = {"application_name": "dspace", "idle_in_transaction_session_timeout": "500ms"}
"""Run-time parameters of a session that serves requests: a forgotten transaction must not hold up a withdrawal."""
_STATEMENT_SECONDS = 10.0
_CONNECT_SECONDS = 5.0
_PAUSE_SECONDS = 0.05
_STARTING = (asyncpg.CannotConnectNowError, ConnectionRefusedError, FileNotFoundError)
_SHUT_OUT = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InsufficientPrivilegeError)
_Made = TypeVar("_Made")


async def open_pool(
    url: str,
    *,
    password: str | None,
    size: int,
    setting: str = SETTING,
    session: Mapping[str, str] = SERVING,
    within: timedelta = timedelta(seconds=10),
) -> Pool:
    """A pool of at most `size` sessions, one of them open; `session` are their run-time parameters.

    `setting` is the name under which the operator gave the address; refusals name it and never the address. While the
    server is starting it is tried again until `within` has passed. A statement that takes 10 s fails.
    Raises BadUrl, LoginRefused, Unavailable.
    """
    _check(url, setting)

    async def attempt() -> Pool:
        pool = await asyncpg.create_pool(
            url,
            password=password,
            min_size=0,  # a floor would be restored by a task in the background, which logs what it meets
            max_size=size,
            max_inactive_connection_lifetime=0,
            timeout=_CONNECT_SECONDS,
            command_timeout=_STATEMENT_SECONDS,
            server_settings=dict(session),
        )
        try:
            async with pool.acquire():
                return pool
        except BaseException:
            pool.terminate()
            raise

    return await _patiently(attempt, setting, within)


async def connect(
    url: str, *, password: str | None, setting: str = SETTING, within: timedelta = timedelta(seconds=10)
) -> Connection:
    """One session without a limit on its statements, for migrations and administration. Refuses like `open_pool`."""
    _check(url, setting)

    async def attempt() -> Connection:
        return await asyncpg.connect(url, password=password, timeout=_CONNECT_SECONDS)

    return await _patiently(attempt, setting, within)


def _check(url: str, setting: str) -> None:
    """Refuse an address that the driver would fill up from its surroundings or take for another."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        _ = parts.port
    except ValueError:
        raise BadUrl(setting=setting, reason="form") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise BadUrl(setting=setting, reason="scheme")
    if not (parts.username or query.get("user")):
        raise BadUrl(setting=setting, reason="user")
    if not (parts.hostname or query.get("host")):
        raise BadUrl(setting=setting, reason="host")
    if not parts.path.strip("/"):
        raise BadUrl(setting=setting, reason="database")


async def _patiently(attempt: Callable[[], Awaitable[_Made]], setting: str, within: timedelta) -> _Made:
    """The first attempt that succeeds. Only a server that is starting is tried again."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + within.total_seconds()
    while True:
        try:
            return await attempt()
        except _STARTING as error:
            if clock() >= deadline:
                raise Unavailable(where=setting, reason=type(error).__name__) from None
        except _SHUT_OUT:
            raise LoginRefused(setting=setting) from None
        except asyncpg.InvalidCatalogNameError:
            raise BadUrl(setting=setting, reason="database") from None
        except (asyncpg.ClientConfigurationError, UnicodeError):
            raise BadUrl(setting=setting, reason="form") from None
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            raise Unavailable(where=setting, reason=type(error).__name__) from None
        await asyncio.sleep(_PAUSE_SECONDS)


def is_gone(connection: Connection) -> bool:
    """Whether the session has ended. One that a pool has already taken back for that reason says so by an error."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def drop(connection: Connection) -> None:
    """End a session at once, whatever it is doing; the server undoes what was not committed."""
    if not is_gone(connection):
        connection.terminate()
