"""The police's register in a deployment that runs, for tests that log people in and need no other authority."""

from datetime import UTC, datetime

from dspace_core.calendar import legal_day
from dspace_core.machine.addresses import Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.sources import create_database, generate, lay_schema, load_registers, registers_of, role_of
from dspace_core.stores import connect

_POLICE = "public_security"


async def register_people(home: Home, people: int) -> None:
    """Make the police's database and fill it, unless it is there."""
    role, now = role_of(_POLICE), datetime.now(UTC)
    password = home.secret(f"main/{SUPERUSER}", make=False)
    admin = await connect(embedded_url(home, Store.MAIN, SUPERUSER, "postgres"), password=password)
    try:
        await create_database(admin, _POLICE, password=home.secret(f"main/{role}", make=True), name=role)
    finally:
        await admin.close()
    inside = await connect(embedded_url(home, Store.MAIN, SUPERUSER, role), password=password)
    try:
        await lay_schema(inside, _POLICE)
        if await inside.fetchval("SELECT count(*) FROM exchange") == 0:
            await load_registers(registers_of(generate(1, legal_day(now), people)), {_POLICE: inside}, now)
    finally:
        await inside.close()
