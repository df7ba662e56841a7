"""Whom the development provider shows: people as the police knows them, and who represents a company."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from dspace_backend.devidp.people import People
from dspace_core.catalog import AuthorityId
from dspace_core.machine.addresses import Address, Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.sources import generate, lay_schema, load_registers, registers_of, role_of
from dspace_core.stores import connect
from dspace_core.stores.refusals import Unavailable
from dspace_core.testing import ScratchDatabase
from dspace_core.testing.servers import settings_for

TODAY = date(2026, 3, 2)
COMPANIES = """
    CREATE VIEW representative_record AS SELECT '91440100MA9000142Y' AS uscc, number AS citizen_id
    FROM (VALUES ('nobody'), ('{number}')) AS officers (number);
"""


@pytest.fixture(scope="module")
def number() -> str:
    return next(one.citizen_id for one in generate(1, TODAY, 400).people if one.died is None)


@pytest.fixture(scope="module")
def places(database: ScratchDatabase, number: str) -> dict[AuthorityId, Address]:
    """One database that stands for both authorities, entered as its owner."""
    asyncio.run(_fill(database, number))
    home = Home(settings_for(database.folder))
    url = embedded_url(home, Store.MAIN, SUPERUSER, database.name)
    place = Address(url, home.secret(f"main/{SUPERUSER}", make=False))
    return {"public_security": place, "market_regulation": place}


async def _fill(database: ScratchDatabase, number: str) -> None:
    home = Home(settings_for(database.folder))
    password = home.secret(f"main/{SUPERUSER}", make=False)
    inside = await connect(embedded_url(home, Store.MAIN, SUPERUSER, database.name), password=password)
    try:
        role = role_of("public_security")
        await inside.execute(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF; END $$"
        )
        await lay_schema(inside, "public_security")
        registers = registers_of(generate(1, TODAY, 400))
        await load_registers(registers, {"public_security": inside}, datetime(2026, 3, 2, tzinfo=UTC))
        await inside.execute(COMPANIES.format(number=number))
    finally:
        await inside.close()


@pytest.fixture
async def people(places: dict[AuthorityId, Address]) -> AsyncIterator[People]:
    people = People(lambda authority: places[authority])
    yield people
    await people.close()


async def test_somebody_of_each_group_is_shown_and_of_that_age(people: People) -> None:
    shown = await people.shown(TODAY)
    groups = {one.group for one in shown}
    assert groups >= {"企业法定代表人", "可申领养老待遇", "高龄", "成年人", "14 至 17 岁", "不满 14 岁"}
    ages = {one.group: one.age for one in shown}
    assert 60 <= ages["可申领养老待遇"] <= 70
    assert ages["高龄"] >= 80
    assert 14 <= ages["14 至 17 岁"] <= 17
    assert ages["不满 14 岁"] < 14


async def test_the_officer_is_somebody_who_is_registered(people: People, number: str) -> None:
    assert number in {one.number for one in await people.shown(TODAY) if one.group == "企业法定代表人"}


async def test_who_can_claim_by_one_tap_is_shown_first(people: People) -> None:
    assert (await people.shown(TODAY))[0].group == "可一键申领城乡居民养老待遇"


async def test_only_who_is_registered_is_known(people: People, number: str) -> None:
    assert await people.knows(number)
    assert not await people.knows("440100199003070011")
    assert not await people.knows("")


async def test_without_companies_there_are_still_people(places: dict[AuthorityId, Address]) -> None:
    def only_police(authority: AuthorityId) -> Address:
        if authority != "public_security":
            raise Unavailable(where="session", reason="gone")
        return places[authority]

    people = People(only_police)
    assert "成年人" in {one.group for one in await people.shown(TODAY)}
    await people.close()
