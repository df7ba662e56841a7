"""Which adapter stands behind which port, in which order they open and close. The only place that chooses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec

import dspace_backend
from dspace_backend.login.opening import Login, open_login
from dspace_core.crypto import FileKeyProvider
from dspace_core.crypto.refusals import KeyFileExists
from dspace_core.evidence.keyring import Keyring
from dspace_core.identity import IdentityBook
from dspace_core.machine import Mode, Settings
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
    login: Login

    async def check(self) -> None:
        """Raise the refusal of whatever does not answer."""
        await asyncio.gather(check_clocks(self.main), check_clocks(self.keys), self.ephemeral.check())


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """Open everything a `web` process needs; close it in the opposite order."""
    home = Home(settings)
    provider = root_keys(settings, home)
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


def root_keys(settings: Settings, home: Home) -> FileKeyProvider:
    """The root keys of the home, made at the first start; production refuses a file that lies inside it."""
    path, production = home.secrets / "root.keys", settings.mode is Mode.PRODUCTION
    try:
        return FileKeyProvider.create(path, home=home.path, production=production)
    except KeyFileExists:
        return FileKeyProvider.load(path, home=home.path, production=production)


def _now() -> datetime:
    return datetime.now(UTC)
