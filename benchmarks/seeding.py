"""How fast `dspace demo seed` fills the made authorities: from nothing to committed, the making of the people included."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime

from dspace_core.machine.addresses import Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.sources import AUTHORITIES, Made, create_database, lay_schema, role_of, seed
from dspace_core.stores import connect
from dspace_core.testing import ScratchServers
from dspace_core.testing.servers import settings_for

PEOPLE = 100_000


def measure(people: int = PEOPLE) -> dict[str, float]:
    """Rows per second over all authorities."""
    servers = ScratchServers()
    servers.start()
    try:
        rate = asyncio.run(_fill(Home(settings_for(servers.folder)), people))
    finally:
        servers.stop()
    return {"seeding_rows_per_second": rate}


async def _fill(home: Home, people: int) -> float:
    secret = home.secret(f"main/{SUPERUSER}", make=False)
    async with AsyncExitStack() as stack:
        databases = {}
        admin = await connect(embedded_url(home, Store.MAIN, SUPERUSER, "postgres"), password=secret)
        stack.push_async_callback(admin.close)
        for authority in AUTHORITIES:
            name = role_of(authority)
            await create_database(admin, authority, password=home.secret(f"main/{name}", make=True), name=name)
            databases[authority] = await connect(embedded_url(home, Store.MAIN, SUPERUSER, name), password=secret)
            stack.push_async_callback(databases[authority].close)
            await lay_schema(databases[authority], authority)
        begun = time.perf_counter()
        loaded = await seed(databases, Made(1, people, date(2026, 3, 1)), datetime.now(UTC))
        seconds = time.perf_counter() - begun
    print(f"{people:,} people, {loaded.rows:,} rows in {seconds:.1f} s")
    return loaded.rows / seconds


if __name__ == "__main__":
    print(measure())
