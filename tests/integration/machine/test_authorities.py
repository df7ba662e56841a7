"""The made authorities of a development home: there soon after it is ready, left as they are, and none where none is wanted."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from dspace_core.machine import Settings, authorities
from dspace_core.machine.home import Home
from dspace_core.sources import AUTHORITIES, generate, role_of
from dspace_core.stores import Connection, connect
from dspace_core.testing import ScratchServers
from dspace_core.testing.deployment import Deployment
from dspace_core.testing.servers import settings_for

FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)
LATER = FIRST + timedelta(days=40)
FEW = 60


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    servers = ScratchServers()
    servers.start()
    yield msgspec.structs.replace(settings_for(servers.folder), people=FEW)
    servers.stop()


async def reader(home: Home, authority: str) -> Connection:
    place = authorities.address(home, authority)
    return await connect(place.url, password=place.password)


async def test_two_who_make_them_at_once_make_them_once_and_each_later_start_states_they_are_complete(
    settings: Settings,
) -> None:
    home = Home(settings)
    both = await asyncio.gather(*(authorities.provide(settings, home, FIRST) for _ in range(2)))
    assert sorted(made.rows > 0 for made in both) == [False, True]
    assert (await authorities.provide(settings, home, LATER)).rows == 0
    session = await reader(home, "public_security")
    found = {row[0] for row in await session.fetch("SELECT citizen_id FROM population_record")}
    assert found == {one.citizen_id for one in generate(authorities.SEED, FIRST.date(), FEW).people}
    assert await session.fetchval("SELECT as_of FROM exchange") == LATER
    await session.close()


async def test_the_role_of_an_authority_reads_its_records_and_writes_nothing(settings: Settings) -> None:
    await authorities.provide(settings, Home(settings), FIRST)
    session = await reader(Home(settings), "bank")
    for statement in ("SELECT * FROM account", "DELETE FROM exchange"):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await session.execute(statement)
    await session.close()


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    dspace = str(Path(sys.executable).with_name("dspace"))
    deployment = Deployment([dspace, "up"], Path.cwd(), also={"DSPACE_PEOPLE": str(FEW)})
    yield deployment
    deployment.close()


async def people(home: Home) -> int:
    session = await reader(home, "public_security")
    count = int(await session.fetchval("SELECT count(*) FROM population_record"))
    await session.close()
    return count


def test_a_start_that_is_ended_while_they_are_made_is_made_good_by_the_next(deployment: Deployment) -> None:
    deployment.start()
    deployment.interrupt()
    deployment.start()
    deployment.wait_for_authorities()
    assert asyncio.run(people(deployment.home)) == FEW
    deployment.interrupt()


def test_where_no_people_are_wanted_none_are_made(deployment: Deployment) -> None:
    deployment.also["DSPACE_PEOPLE"] = "0"
    deployment.start()
    deployment.interrupt()
    made = {role_of(authority) for authority in AUTHORITIES}
    assert not made & {secret.name for secret in deployment.home.secrets.glob("main/*")}
