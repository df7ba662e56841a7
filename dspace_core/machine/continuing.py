"""`python -m dspace_core.machine.continuing`: what an operator runs when a database lies behind what was signed.

The log in use is frozen, and the next one opened under the name that DSPACE_LOG_ORIGIN has now; its first entry holds the
last checkpoint of the one before. Nothing else may run in the home: embedded servers are started for it and ended again.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime

from dspace_core.errors import Refusal
from dspace_core.evidence.continuation import continue_log
from dspace_core.evidence.heads import Heads
from dspace_core.evidence.keyring import Keyring
from dspace_core.machine import keys, schema
from dspace_core.machine.addresses import Role, Store, database
from dspace_core.machine.home import Home
from dspace_core.machine.places import Places, open_apart
from dspace_core.machine.servers import Servers
from dspace_core.machine.settings import Settings, read
from dspace_core.stores import open_pool


def continue_under_new_name(settings: Settings) -> None:
    """Freeze the log and open the next. Raises what `continue_log` refuses with, and AlreadyRunning."""
    home = Home(settings)
    places = Places.of(settings, home)
    home.own()
    open_apart(settings, home)
    servers = Servers(settings, home)
    try:
        servers.begin()
        servers.start()
        asyncio.run(_continue(settings, home, places))
    finally:
        servers.stop()


async def _continue(settings: Settings, home: Home, places: Places) -> None:
    await schema.prepare(settings, home)
    main, of_keys = (database(settings, home, store, Role.NOTARY) for store in Store)
    async with (
        await open_pool(main.url, password=main.password, size=1) as main_pool,
        await open_pool(of_keys.url, password=of_keys.password, size=1) as keys_pool,
    ):
        keyring = Keyring(keys_pool, keys.provider(settings, home), lambda: datetime.now(UTC))
        await continue_log(main_pool, keyring, Heads(places.heads), places.origin)


def main() -> int:
    """Continue the log, or say why not."""
    try:
        continue_under_new_name(read(os.environ))
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
