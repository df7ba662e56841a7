"""How a verb reaches the main database of a home that runs, or of one whose databases are external."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dspace_core import machine
from dspace_core.machine.addresses import Role, Store, database, external
from dspace_core.machine.home import Home
from dspace_core.stores import Connection, Isolation, open_pool, transaction

_SESSION = {"application_name": "dspace verb", "idle_in_transaction_session_timeout": "10min"}


@asynccontextmanager
async def snapshot(settings: machine.Settings) -> AsyncIterator[Connection]:
    """One moment of the main database, to be read only, with the role that serves. Raises NotRunning where none answers."""
    if external(settings, Store.MAIN) is None:
        machine.status(settings)
    place = database(settings, Home(settings), Store.MAIN, Role.APP)
    async with (
        await open_pool(place.url, password=place.password, size=1, session=_SESSION) as pool,
        transaction(pool, Isolation.REPEATABLE_READ, read_only=True) as connection,
    ):
        yield connection
