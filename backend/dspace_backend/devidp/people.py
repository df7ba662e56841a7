"""Whom one can be: people of the made population, read as the police reads them, and staff that we made up."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import msgspec

from dspace_core.identifiers import Hidden
from dspace_core.machine.addresses import Address
from dspace_core.sources import PEOPLE, Made, demo_people, generate, made_in
from dspace_core.sources import DemoPerson as Telling
from dspace_core.sources.population import full_years
from dspace_core.stores import Pool, Record, open_pool
from dspace_core.stores.refusals import Unavailable

RESIDENT = "111"
"""The document type of the resident identity card."""
_SETTING = "DSPACE_HOME"
_GROUPS = (
    ("60 至 70 岁", 60, 70, 3),
    ("高龄", 80, 120, 1),
    ("成年人", 24, 58, 3),
    ("14 至 17 岁", 14, 17, 1),
    ("不满 14 岁", 0, 13, 1),
)
"""What is shown of a person, from which to which age, and of how many."""
_SHOWN = """
    SELECT citizen_id, full_name, birth_date FROM population_record
    WHERE registration = 'normal' AND birth_date > $1 AND birth_date <= $2 ORDER BY citizen_id LIMIT $3
"""
_TABLES_THERE = "SELECT to_regclass('made') IS NOT NULL"
_PEOPLE_THERE = "SELECT EXISTS (SELECT FROM made)"
_FIND = (
    "SELECT citizen_id, full_name, birth_date FROM population_record WHERE citizen_id = $1 AND registration = 'normal'"
)


class DemoPerson(Hidden, frozen=True):
    """Somebody of the population."""

    number: str
    name: str
    age: int
    group: str


class DemoStaff(msgspec.Struct, frozen=True):
    """A made-up member of staff."""

    id: str
    title: str
    authority: str
    roles: tuple[str, ...]


STAFF = (
    DemoStaff("hr-clerk", "人社 · 窗口", "human_resources", ("clerk",)),
    DemoStaff("hr-reviewer", "人社 · 审核", "human_resources", ("reviewer",)),
    DemoStaff("ps-clerk", "公安 · 窗口", "public_security", ("clerk",)),
    DemoStaff("operator", "平台 · 运营", "platform", ("operator",)),
    DemoStaff("auditor", "平台 · 审计", "platform", ("auditor",)),
)


class People:
    """The population, as the read-only role of the police sees it. Refusals while it is being made."""

    def __init__(self, place: Callable[[], Address]) -> None:
        self._place = place
        self._pool: Pool | None = None
        self._found: tuple[Telling, ...] | None = None

    async def shown(self, today: date) -> Sequence[DemoPerson]:
        """Those who show something, the one that can claim first; then a few of each age. Nobody stands twice.

        Raises Unavailable while the database is there and its people are not.
        """
        pool = await self._opened()
        if not await pool.fetchval(_TABLES_THERE) or not await pool.fetchval(_PEOPLE_THERE):
            raise Unavailable(where=_SETTING, reason="empty")
        found = []
        for one in await self._telling(pool):
            row = await pool.fetchrow(_FIND, one.citizen_id)
            if row is not None:
                found.append(_person(row, one.says.zh, today))
        for group, youngest, oldest, number in _GROUPS:
            born_after, born_until = _years_before(today, oldest + 1), _years_before(today, youngest)
            rows = await pool.fetch(_SHOWN, born_after, born_until, number)
            found += [_person(row, group, today) for row in rows]
        return list({one.number: one for one in reversed(found)}.values())[::-1]

    async def _telling(self, pool: Pool) -> tuple[Telling, ...]:
        """One of each kind among the made people; found once, since it takes a while."""
        if self._found is None:
            async with pool.acquire() as db:
                made = await made_in(db)
            if made is not None:
                self._found = await asyncio.to_thread(_found_in, made)
        return self._found or ()

    async def knows(self, number: str) -> bool:
        """Whether somebody of this citizen number is registered."""
        return await (await self._opened()).fetchrow(_FIND, number) is not None

    async def close(self) -> None:
        """Disconnect."""
        if self._pool is not None:
            await self._pool.close()

    async def _opened(self) -> Pool:
        if self._pool is None:
            place = self._place()
            self._pool = await open_pool(
                place.url, password=place.password, size=2, setting=_SETTING, within=timedelta(0)
            )
        return self._pool


def _found_in(made: Made) -> tuple[Telling, ...]:
    return demo_people(generate(made.seed, made.today, min(made.people, PEOPLE)))


def _person(row: Record, group: str, today: date) -> DemoPerson:
    return DemoPerson(row["citizen_id"], row["full_name"], full_years(row["birth_date"], today), group)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 3, 1)
