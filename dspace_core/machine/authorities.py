"""The made authorities of development, and the duties that made people registered: a database, a read-only role and registers for each, in the embedded cluster.

`python -m dspace_core.machine.authorities`: an errand of `dspace up`, after everything is ready. Beside `dspace demo seed` it
alone enters as the superuser, and it ends when it is done. What is there stays, so it can be interrupted at any moment.
"""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from dspace_core.calendar import legal_day
from dspace_core.catalog import AuthorityId
from dspace_core.errors import Refusal
from dspace_core.machine import duties
from dspace_core.machine.addresses import Address, Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.post import tell
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.machine.settings import Settings, read
from dspace_core.sources import (
    AUTHORITIES,
    Databases,
    Loaded,
    Made,
    create_database,
    lay_schema,
    provisioned,
    role_of,
)
from dspace_core.stores import Connection, connect

SEED = 1
"""Every development home has the same people, as of the day of its first start."""
_LOCK = int.from_bytes(b"dspace-a", "big")
_log = logging.getLogger("dspace.machine")


def address(home: Home, authority: AuthorityId) -> Address:
    """Where the read-only role of a made authority enters its database, which bears the role's name.

    Raises SecretMissing while it is not made.
    """
    role = role_of(authority)
    return Address(embedded_url(home, Store.MAIN, role, role), home.secret(f"main/{role}", make=False))


@asynccontextmanager
async def inside(home: Home) -> AsyncIterator[Databases]:
    """The superuser's session in each authority's database, made with its role and tables where it is missing.

    Who makes them at the same time waits until they are made.
    """
    async with AsyncExitStack() as stack:

        async def superuser(database: str) -> Connection:
            secret = home.secret(f"main/{SUPERUSER}", make=False)
            session = await connect(embedded_url(home, Store.MAIN, SUPERUSER, database), password=secret)
            stack.push_async_callback(session.close)
            return session

        admin = await superuser("postgres")
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)
        databases = {}
        for authority in AUTHORITIES:
            role = role_of(authority)
            await create_database(admin, authority, password=home.secret(f"main/{role}", make=True), name=role)
            databases[authority] = await superuser(role)
            await lay_schema(databases[authority], authority)
        await admin.execute("SELECT pg_advisory_unlock($1)", _LOCK)
        yield databases


async def provide(settings: Settings, home: Home, now: datetime) -> Loaded:
    """Fill them where they are empty, and let each state that it is complete up to now: nobody else will."""
    async with inside(home) as databases:
        return await provisioned(databases, Made(SEED, settings.people, legal_day(now)), now)


def main() -> int:
    """Make what is missing, and say how much that was."""
    logging.basicConfig(format="dspace authorities: %(message)s", level=logging.INFO)
    try:
        settings = read(os.environ)
        home, now = Home(settings), datetime.now(UTC)
        asyncio.run(duties.provide(settings, home, now))
        made = asyncio.run(provide(settings, home, now))
    except Refusal as refusal:
        tell(refusal)
        return 1
    if made.rows:
        _log.info("made %d people, %d rows in %d authorities", settings.people, made.rows, len(AUTHORITIES))
    return 0


if __name__ == "__main__":
    sys.exit(main())
