"""Which adapter stands behind which port, in which order they open and close. The only place that chooses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec

import dspace_backend
from dspace_backend.login.opening import Login, open_login
from dspace_core.evidence import tables
from dspace_core.evidence.keyring import Keyring
from dspace_core.gate.lease import STALE
from dspace_core.gate.refusals import EvidenceStale
from dspace_core.identity import IdentityBook
from dspace_core.machine import Settings
from dspace_core.machine import keys as deployment_keys
from dspace_core.machine.addresses import Role, Store, database, redis
from dspace_core.machine.home import Home
from dspace_core.stores import Ephemeral, Pool, ValkeyEphemeral, check_clocks, open_pool, transaction


class Parts(msgspec.Struct, frozen=True):
    """What the routes are given."""

    settings: Settings
    main: Pool
    keys: Pool
    ephemeral: Ephemeral
    version: str
    login: Login

    async def check(self) -> None:
        """Raise the refusal of whatever does not answer."""
        await asyncio.gather(
            check_clocks(self.main), check_clocks(self.keys), check_numbering(self.main), self.ephemeral.check()
        )


async def check_numbering(main: Pool) -> None:
    """Raise EvidenceStale when what was recorded waits for its number for more than 60 s: the notary stands still."""
    async with transaction(main, read_only=True) as db:
        if await tables.oldest_waits(db) > STALE:
            raise EvidenceStale(seconds=STALE // timedelta(seconds=1))


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """Open everything a `web` process needs; close it in the opposite order."""
    home = Home(settings)
    provider = deployment_keys.provider(settings, home)
    main, keys = (database(settings, home, store, Role.APP) for store in Store)
    async with (
        await open_pool(main.url, password=main.password, size=8) as main_pool,
        await open_pool(keys.url, password=keys.password, size=2) as keys_pool,
        await ValkeyEphemeral.open(redis(settings, home)) as ephemeral,
        open_login(
            settings,
            home,
            main_pool,
            ephemeral,
            subject_of=IdentityBook(main_pool, Keyring(keys_pool, provider, _now), provider).subject_of,
            staff_key=provider.derive("staff", provider.key_ids[-1]),
        ) as login,
    ):
        yield Parts(settings, main_pool, keys_pool, ephemeral, dspace_backend.__version__, login)


def _now() -> datetime:
    return datetime.now(UTC)
