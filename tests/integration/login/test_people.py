"""Whom the development provider shows: people as the police knows them, each of whom shows something."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dspace_backend.devidp.people import People
from dspace_core.machine.addresses import Address, Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.sources import demo_people, generate, lay_schema, load_registers, registers_of, role_of
from dspace_core.stores import connect
from dspace_core.stores.refusals import Unavailable
from dspace_core.testing import ScratchDatabase
from dspace_core.testing.servers import settings_for

TODAY = date(2026, 3, 2)
POPULATION = generate(1, TODAY, 400)
AGES = {"60 至 70 岁": (60, 70), "高龄": (80, 120), "成年人": (24, 58), "14 至 17 岁": (14, 17), "不满 14 岁": (0, 13)}


@pytest.fixture(scope="module")
def place(database: ScratchDatabase) -> Address:
    """A database that stands for the police's, entered as its owner."""
    home = Home(settings_for(database.folder))
    url = embedded_url(home, Store.MAIN, SUPERUSER, database.name)
    place = Address(url, home.secret(f"main/{SUPERUSER}", make=False))
    asyncio.run(_fill(place))
    return place


async def _fill(place: Address) -> None:
    role = role_of("public_security")
    inside = await connect(place.url, password=place.password)
    try:
        await inside.execute(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF; END $$"
        )
        await lay_schema(inside, "public_security")
        await load_registers(registers_of(POPULATION), {"public_security": inside}, datetime(2026, 3, 2, tzinfo=UTC))
    finally:
        await inside.close()


@pytest.fixture
async def people(place: Address) -> AsyncIterator[People]:
    people = People(lambda: place)
    yield people
    await people.close()


async def test_first_come_those_who_show_something_in_their_order(people: People) -> None:
    telling = demo_people(POPULATION)
    registered = [one for one in telling if await people.knows(one.citizen_id)]
    shown = await people.shown(TODAY)
    assert [(one.number, one.group) for one in shown[: len(registered)]] == [
        (one.citizen_id, one.says.zh) for one in registered
    ]
    assert "企业法定代表人" in {one.group for one in shown}


async def test_of_each_age_somebody_is_shown_and_minors_among_them(people: People) -> None:
    shown = await people.shown(TODAY)
    assert {one.group for one in shown} >= set(AGES)
    for one in shown:
        youngest, oldest = AGES.get(one.group, (0, 120))
        assert youngest <= one.age <= oldest


async def test_nobody_is_shown_twice(people: People) -> None:
    assert set(Counter(one.number for one in await people.shown(TODAY)).values()) == {1}


async def test_only_who_is_registered_is_known(people: People) -> None:
    assert await people.knows((await people.shown(TODAY))[0].number)
    assert not await people.knows("440100199003070011")
    assert not await people.knows("")


@pytest.mark.usefixtures("place")  # the role of the police is made with it
async def test_while_there_are_no_people_the_page_waits(server_folder: Path) -> None:
    """The database is made first, then its tables, then the people: at none of these moments is the page empty."""
    home = Home(settings_for(server_folder))
    database = await asyncio.to_thread(ScratchDatabase.create, server_folder)
    url = embedded_url(home, Store.MAIN, SUPERUSER, database.name)
    empty = Address(url, home.secret(f"main/{SUPERUSER}", make=False))
    people = People(lambda: empty)
    with pytest.raises(Unavailable):
        await people.shown(TODAY)
    inside = await connect(empty.url, password=empty.password)
    await lay_schema(inside, "public_security")
    await inside.close()
    with pytest.raises(Unavailable):
        await people.shown(TODAY)
    await people.close()
