"""Which adapter stands behind which port, in which order they open and close. The only place that chooses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

import dspace_backend
from dspace_core.machine import Settings
from dspace_core.machine.addresses import Role, Store, database, redis
from dspace_core.machine.home import Home
from dspace_core.stores import Ephemeral, Pool, ValkeyEphemeral, check_clocks, open_pool


class Parts(msgspec.Struct, frozen=True):
    """What the routes are given."""

    settings: Settings
    main: Pool
    keys: Pool
    ephemeral: Ephemeral
    version: str

    async def check(self) -> None:
        """Raise the refusal of whatever does not answer."""
        await asyncio.gather(check_clocks(self.main), check_clocks(self.keys), self.ephemeral.check())


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """Open everything a `web` process needs; close it in the opposite order."""
    home = Home(settings)
    main, keys = (database(settings, home, store, Role.APP) for store in Store)
    async with (
        await open_pool(main.url, password=main.password, size=8) as main_pool,
        await open_pool(keys.url, password=keys.password, size=2) as keys_pool,
        await ValkeyEphemeral.open(redis(settings, home)) as ephemeral,
    ):
        yield Parts(settings, main_pool, keys_pool, ephemeral, dspace_backend.__version__)
