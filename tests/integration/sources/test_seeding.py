"""Filling the made authorities: all or none of them, once, and again only when told so."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dspace_core.errors import Refusal
from dspace_core.machine.addresses import Store, embedded_url
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import SUPERUSER
from dspace_core.sources import (
    AUTHORITIES,
    Databases,
    Loaded,
    Made,
    create_database,
    generate,
    lay_schema,
    load_registers,
    made_in,
    provisioned,
    registers_of,
    role_of,
    seed,
)
from dspace_core.sources.knowledge import TABLES
from dspace_core.sources.tables import empty as emptied
from dspace_core.stores import Connection, connect
from dspace_core.testing.servers import settings_for

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
MADE = Made(1, 300, date(2026, 3, 1))
FEW = ("public_security", "human_resources", "justice")


async def opened(folder: Path, names: dict[str, str], stack: AsyncExitStack) -> dict[str, Connection]:
    """The owner's sessions inside these databases, in whatever order they are named."""
    home = Home(settings_for(folder))
    secret = home.secret(f"main/{SUPERUSER}", make=False)
    sessions = {}
    for authority, name in names.items():
        sessions[authority] = await connect(embedded_url(home, Store.MAIN, SUPERUSER, name), password=secret)
        stack.push_async_callback(sessions[authority].close)
    return sessions


async def fresh(folder: Path, *authorities: str) -> dict[str, str]:
    """New and empty authorities, by the names of their databases."""
    home = Home(settings_for(folder))
    names = {authority: f"s_{secrets.token_hex(6)}" for authority in authorities}
    async with AsyncExitStack() as stack:
        admin = (await opened(folder, {"admin": "postgres"}, stack))["admin"]
        for authority, name in names.items():
            password = home.secret(f"main/{role_of(authority)}", make=True)
            await create_database(admin, authority, password=password, name=name)
        for authority, session in (await opened(folder, names, stack)).items():
            await lay_schema(session, authority)
    return names


@pytest.fixture(scope="module")
async def names(server_folder: Path) -> dict[str, str]:
    return await fresh(server_folder, *FEW)


@pytest.fixture
async def databases(server_folder: Path, names: dict[str, str]) -> AsyncIterator[Databases]:
    """The same three databases for every test, emptied before it."""
    async with AsyncExitStack() as stack:
        sessions = await opened(server_folder, names, stack)
        for authority, session in sessions.items():
            await emptied(session, [table.name for table in TABLES if table.authority == authority])
        yield sessions


async def people_in(databases: Databases) -> list[str]:
    rows = await databases["public_security"].fetch("SELECT citizen_id FROM person ORDER BY citizen_id")
    return [row["citizen_id"] for row in rows]


async def test_what_was_made_is_there_and_written_down(databases: Databases) -> None:
    done = await seed(databases, MADE, NOW)
    expected = generate(1, MADE.today, 300)
    assert await people_in(databases) == sorted(one.citizen_id for one in expected.people)
    assert done.rows == sum(len(one.rows) for one in registers_of(expected).tables if one.authority in FEW)
    for session in databases.values():
        assert await made_in(session) == MADE
        assert await session.fetchval("SELECT as_of FROM exchange") == NOW


async def test_every_authority_takes_what_it_knows_of_a_whole_population(server_folder: Path) -> None:
    """Every CHECK and every key of every schema holds for what is made."""
    async with AsyncExitStack() as stack:
        sessions = await opened(server_folder, await fresh(server_folder, *AUTHORITIES), stack)
        made = Made(7, 3_000, MADE.today)
        done = await seed(sessions, made, NOW)
        assert done.rows == sum(len(one.rows) for one in registers_of(generate(7, MADE.today, 3_000)).tables)
        assert done.rows > 8 * 3_000


async def test_filled_authorities_are_refused_and_left_as_they_are(databases: Databases) -> None:
    await seed(databases, MADE, NOW)
    before = await people_in(databases)
    with pytest.raises(Refusal) as caught:
        await seed(databases, Made(2, 100, MADE.today), NOW)
    assert caught.value.code == "source.already_filled"
    assert await people_in(databases) == before
    assert await made_in(databases["justice"]) == MADE


async def test_one_filled_authority_is_enough_to_refuse(databases: Databases) -> None:
    await seed({"justice": databases["justice"]}, MADE, NOW)
    with pytest.raises(Refusal) as caught:
        await seed(databases, MADE, NOW)
    assert caught.value.values == {"source": "justice"}
    assert await people_in(databases) == []


async def test_again_empties_first(databases: Databases) -> None:
    await seed(databases, MADE, NOW)
    other = Made(2, 100, MADE.today)
    await seed(databases, other, NOW + timedelta(days=1), again=True)
    assert await people_in(databases) == sorted(one.citizen_id for one in generate(2, MADE.today, 100).people)
    assert [await made_in(session) for session in databases.values()] == [other] * len(FEW)


async def test_an_impossible_number_of_people_empties_nothing(databases: Databases) -> None:
    await seed(databases, MADE, NOW)
    with pytest.raises(Refusal) as caught:
        await seed(databases, Made(1, 1_000_001, MADE.today), NOW, again=True)
    assert caught.value.code == "source.population_size"
    assert len(await people_in(databases)) == 300


async def test_what_is_interrupted_on_its_way_leaves_nothing_in_any_authority(databases: Databases) -> None:
    def stop(_: Loaded) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await seed(databases, Made(1, 10_000, MADE.today), NOW, tell=stop)
    assert await people_in(databases) == []
    assert {await made_in(session) for session in databases.values()} == {None}


async def test_how_far_it_is_only_grows_and_never_passes_the_whole(databases: Databases) -> None:
    told: list[Loaded] = []
    done = await seed(databases, Made(1, 30_000, MADE.today), NOW, tell=told.append)
    assert len(told) >= 4
    assert [one.rows for one in told] == sorted(one.rows for one in told)
    assert [one.share for one in told] == sorted(one.share for one in told)
    assert all(0 < one.share <= 1 for one in told)
    assert told[-1].rows <= done.rows
    assert done.share == 1


async def test_two_at_once_fill_once_and_the_second_is_refused(
    databases: Databases, server_folder: Path, names: dict[str, str]
) -> None:
    async with AsyncExitStack() as stack:
        theirs = await opened(server_folder, dict(reversed(names.items())), stack)
        done = await asyncio.gather(seed(databases, MADE, NOW), seed(theirs, MADE, NOW), return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["AlreadyFilled", "Loaded"]
        assert len(await people_in(databases)) == 300


async def test_provisioning_fills_what_is_empty_once(databases: Databases) -> None:
    assert (await provisioned(databases, MADE, NOW)).rows > 0
    later = NOW + timedelta(days=3)
    assert (await provisioned(databases, Made(5, 50, date(2027, 1, 1)), later)).rows == 0
    assert len(await people_in(databases)) == 300
    for session in databases.values():
        assert await made_in(session) == MADE
        assert await session.fetchval("SELECT as_of FROM exchange") == later


async def test_an_authority_that_comes_later_knows_the_people_of_the_others(databases: Databases) -> None:
    await seed({"public_security": databases["public_security"]}, MADE, NOW)
    await provisioned(databases, Made(5, 50, date(2027, 1, 1)), NOW)
    assert await made_in(databases["human_resources"]) == MADE
    insured = await databases["human_resources"].fetch("SELECT citizen_id FROM pension")
    assert {row["citizen_id"] for row in insured} <= set(await people_in(databases))
    assert len(insured) > 100


async def test_registers_go_only_where_nothing_is(databases: Databases) -> None:
    registers = registers_of(generate(1, MADE.today, 300))
    await load_registers(registers, databases, NOW)
    with pytest.raises(Refusal) as caught:
        await load_registers(registers, databases, NOW)
    assert caught.value.code == "source.already_filled"
