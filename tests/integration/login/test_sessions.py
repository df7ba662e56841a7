"""The table of sessions on the real database: time, races, and what its own rules refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import pytest

from dspace_backend.login import tables
from dspace_backend.login.refusals import SessionOver
from dspace_backend.login.session import LONGEST, Ending, Identity
from dspace_backend.login.sessions import Begun, Sessions
from dspace_core.catalog import TrustLevel
from dspace_core.stores import Pool, open_pool
from dspace_core.testing import ScratchDatabase
from dspace_core.testing.device import Device
from dspace_core.values import random_id

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class Told:
    """Hears of endings, as every process does."""

    def __init__(self) -> None:
        self.ended: list[object] = []

    async def tell(self, sessions: list[object]) -> None:
        self.ended += sessions


class Desk:
    """Sessions on a clock that is set by hand."""

    def __init__(self, db: Pool) -> None:
        self.db, self.now, self.told, self.device = db, NOON, Told(), Device()
        self.sessions = Sessions(db, cast("Any", self.told), lambda: self.now)

    async def begin(self, *, client: str = "phone", identity: Identity | None = None) -> Begun:
        return await self.sessions.begin(identity or person(), client, self.device.jkt)

    async def refresh(self, token: str) -> Begun:
        return await self.sessions.refresh(token, "phone", self.device.jkt)

    async def over(self, token: str, client: str = "phone") -> str:
        with pytest.raises(SessionOver) as told:
            await self.sessions.refresh(token, client, self.device.jkt)
        return str(told.value.values["reason"])


def person(level: TrustLevel = TrustLevel.THREE) -> Identity:
    return Identity(subject=random_id(), level=level, authenticated=NOON)


def clerk() -> Identity:
    return Identity(
        subject=random_id(),
        level=TrustLevel.FOUR,
        authenticated=NOON,
        authority="human_resources",
        roles=frozenset({"clerk", "reviewer"}),
    )


@pytest.fixture(scope="module")
def scratch(database: ScratchDatabase) -> ScratchDatabase:
    return database.migrate()


@asynccontextmanager
async def pool_of(scratch: ScratchDatabase) -> AsyncIterator[Pool]:
    async with await open_pool(scratch.url("app"), password=scratch.password("app"), size=12) as pool:
        yield pool


@pytest.fixture
async def desk(scratch: ScratchDatabase) -> AsyncIterator[Desk]:
    async with pool_of(scratch) as pool:
        yield Desk(pool)


async def test_what_was_begun_is_found_as_it_was(desk: Desk) -> None:
    for identity, client in ((person(), "phone"), (clerk(), "desk")):
        begun = await desk.begin(identity=identity, client=client)
        assert await desk.sessions.find(identity.subject, begun.session.id) == begun.session


async def test_a_refresh_token_is_not_in_the_database(desk: Desk, scratch: ScratchDatabase) -> None:
    begun = await desk.begin()
    async with await open_pool(scratch.url("migrate"), password=scratch.password("migrate"), size=1) as inside:
        rows = await inside.fetch("SELECT session::text AS row FROM session")
    secret = begun.refresh_token[-43:]
    assert not any(begun.refresh_token in row["row"] or secret in row["row"] for row in rows)


async def test_of_many_who_refresh_with_one_token_at_most_one_gets_the_next_and_the_session_ends(desk: Desk) -> None:
    begun = await desk.begin()
    answers = await asyncio.gather(*(desk.refresh(begun.refresh_token) for _ in range(10)), return_exceptions=True)
    good = [answer for answer in answers if isinstance(answer, Begun)]
    assert len(good) == 1
    assert all(isinstance(answer, SessionOver) for answer in answers if not isinstance(answer, Begun))
    assert await desk.over(good[0].refresh_token) == "refresh_reused"
    assert desk.told.ended == [begun.session.id]


async def test_a_chain_of_refreshes_keeps_the_session(desk: Desk) -> None:
    begun = await desk.begin()
    token, seen = begun.refresh_token, {begun.refresh_token}
    for _ in range(20):
        desk.now += timedelta(minutes=2)
        token = (await desk.refresh(token)).refresh_token
        assert token not in seen
        seen.add(token)


@pytest.mark.parametrize(("identity", "client"), [(person(), "phone"), (clerk(), "desk")], ids=["person", "staff"])
async def test_a_session_ends_by_itself_however_often_it_was_refreshed(
    desk: Desk, identity: Identity, client: str
) -> None:
    begun = await desk.begin(identity=identity, client=client)
    desk.now += LONGEST[identity.is_staff] - timedelta(milliseconds=1)
    again = await desk.sessions.refresh(begun.refresh_token, client, desk.device.jkt)
    desk.now += timedelta(milliseconds=1)
    assert await desk.over(again.refresh_token, client) == "time"


def test_staff_log_in_each_day_and_persons_each_month() -> None:
    assert (LONGEST[False], LONGEST[True]) == (timedelta(days=30), timedelta(hours=8))


async def test_a_newer_login_with_the_same_key_replaces_the_older(desk: Desk) -> None:
    someone = person()
    first = await desk.begin(identity=someone)
    second = await desk.begin(identity=someone)
    assert await desk.over(first.refresh_token) == "replaced"
    assert desk.told.ended == [first.session.id]
    assert (await desk.refresh(second.refresh_token)).session.id == second.session.id


async def test_a_login_with_another_key_or_in_another_app_leaves_it_alone(desk: Desk) -> None:
    someone = person()
    first = await desk.begin(identity=someone)
    await desk.begin(identity=someone, client="tablet")
    await desk.sessions.begin(someone, "phone", Device().jkt)
    assert (await desk.refresh(first.refresh_token)).session.id == first.session.id


async def test_a_session_ends_once_and_with_its_first_reason(desk: Desk) -> None:
    begun = await desk.begin()
    await desk.sessions.end(begun.session.subject, begun.session.id, Ending.LOGOUT)
    await desk.sessions.end(begun.session.subject, begun.session.id, Ending.CODE_REUSED)
    assert await desk.over(begun.refresh_token) == "logout"
    assert desk.told.ended == [begun.session.id]


async def test_the_end_of_a_session_that_never_was_is_no_matter(desk: Desk) -> None:
    await desk.sessions.end(random_id(), random_id(), Ending.LOGOUT)
    assert desk.told.ended == []


async def test_who_was_deaf_reads_what_ended_of_late_and_nothing_older(desk: Desk) -> None:
    old = await desk.begin()
    await desk.sessions.end(old.session.subject, old.session.id, Ending.LOGOUT)
    desk.now += timedelta(minutes=10)
    late = await desk.begin()
    await desk.sessions.end(late.session.subject, late.session.id, Ending.LOGOUT)
    found = await tables.ended_since(desk.db, desk.now - timedelta(minutes=3))
    assert late.session.id in found
    assert old.session.id not in found


# What the table itself refuses, whatever a serving process does

SPOILS = [
    ("UPDATE session SET ended_at = NULL, ended_why = NULL WHERE session_id = $1", "session_ended"),
    ("UPDATE session SET refresh = refresh WHERE session_id = $1", "session_ended"),
]


@pytest.mark.parametrize(("statement", "name"), SPOILS)
async def test_an_ended_session_stays_ended(desk: Desk, statement: str, name: str) -> None:
    begun = await desk.begin()
    await desk.sessions.end(begun.session.subject, begun.session.id, Ending.LOGOUT)
    with pytest.raises(asyncpg.CheckViolationError) as told:
        await desk.db.execute(statement, begun.session.id)
    assert told.value.constraint_name == name


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE session SET level = 4",
        "UPDATE session SET jkt = jkt",
        "UPDATE session SET subject_id = subject_id",
        "UPDATE session SET authority = 'x', roles = ARRAY['x']",
        "UPDATE session SET ends_at = ends_at + 1",
        "UPDATE session SET client = 'desk'",
        "DELETE FROM session",
    ],
)
async def test_whose_it_is_and_how_surely_identified_is_not_for_a_serving_process_to_change(
    desk: Desk, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await desk.db.execute(statement)
