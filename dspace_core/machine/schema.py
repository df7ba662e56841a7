"""What a database must be before a process may use it: roles, the database itself, the numbered migrations."""

import asyncio
from pathlib import Path

import dspace_core.stores
from dspace_core.machine.addresses import Address, Role, Store, database, embedded_url, external
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.machine.settings import Settings
from dspace_core.stores import connect, migrate

_FILES = Path(dspace_core.stores.__file__).parent / "schema"
_ROLES_LOCK = 0x64737061  # any number that nobody else takes in the maintenance database


async def prepare(settings: Settings, home: Home) -> None:
    """Make both clusters ready: in embedded ones the roles and the database, in all of them the migrations."""
    await asyncio.gather(*(_prepare(settings, home, store) for store in Store))


async def _prepare(settings: Settings, home: Home, store: Store) -> None:
    if external(settings, store) is None:
        await create_database(home, store, store.database)
    await bring_up(database(settings, home, store, Role.MIGRATE), store)


async def bring_up(address: Address, store: Store) -> None:
    """Apply the migrations that a database lacks. Raises the refusals of `stores.migrations`."""
    connection = await connect(address.url, password=address.password)
    try:
        await migrate(connection, _FILES / store.value)
    finally:
        await connection.close()


async def create_database(home: Home, store: Store, name: str) -> None:
    """Create the roles of an embedded cluster and one database, owned by the migrating role; safe to repeat."""
    password = home.secret(f"{store.value}/{SUPERUSER}", make=False)
    connection = await connect(embedded_url(home, store, SUPERUSER, "postgres"), password=password)
    try:
        # Roles belong to the whole cluster: two who prepare databases at once would trip over each other's rows.
        await connection.execute("SELECT pg_advisory_lock($1)", _ROLES_LOCK)
        await connection.execute((_FILES / "roles.sql").read_text())
        for role in Role:
            secret = home.secret(f"{store.value}/{role.value}", make=True)
            # A quoted literal: DDL takes no parameters. The alphabet of our own secrets has no quote.
            await connection.execute(f"ALTER ROLE {role.value} PASSWORD '{secret}'")
        if not await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}" OWNER {Role.MIGRATE.value}')
            await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
            await connection.execute(
                f'GRANT CONNECT ON DATABASE "{name}" TO {Role.MIGRATE.value}, {Role.APP.value}, {Role.NOTARY.value}'
            )
        await _settle_inside(embedded_url(home, store, SUPERUSER, name), password, store)  # grants to roles, too
    finally:
        await connection.close()


async def _settle_inside(url: str, password: str, store: Store) -> None:
    """What only the superuser can give inside the database."""
    inside = await connect(url, password=password)
    try:
        await inside.execute(f"ALTER SCHEMA public OWNER TO {Role.MIGRATE.value}")
        if store is Store.KEYS:
            await inside.execute((_FILES / "keys_clearing.sql").read_text())
    finally:
        await inside.close()
