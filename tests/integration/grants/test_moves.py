"""What the tables refuse to the serving role, by raw SQL: no withdrawal is undone, no budget grows, no notice used again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from dspace_core.grants import By, Grant, end, revoke, withdraw
from dspace_core.stores import Connection
from dspace_core.testing.servers import ScratchDatabase

ACT = "evidence_id = gen_random_uuid(), changed_at = changed_at + 1"
NARROW = f"version = version + 1, {ACT}"
WIDER = f"{NARROW}, notice_id = '{{notice}}'"
LATER = "ends_at = ends_at + 1"
MORE = "fields = array_append(fields, 'household.record.birth_date')"
LESS = "fields = '{household.record.district}'"
SENSITIVE = "categories = array_append(categories, 'health.record')"
TWO, NINE = (f"uses_left = {uses}, uses_total = {uses}" for uses in (2, 9))


@pytest.fixture(scope="module")
async def app(ready: ScratchDatabase) -> AsyncIterator[Connection]:
    """The serving role, as whoever took over its process would have it: a session and nothing of our code."""
    session = await asyncpg.connect(ready.url("app"), password=ready.password("app"))
    yield session
    await session.close()


async def move(app: Connection, grant: Grant, change: str, **ids: object) -> str:
    """What the database says to this UPDATE of the grant: the name of the rule, or nothing."""
    statement = f"UPDATE grants SET {change.format(**ids) if ids else change} WHERE grant_id = $1"  # noqa: S608
    try:
        assert await app.execute(statement, grant.id) == "UPDATE 1"
    except asyncpg.CheckViolationError as error:
        return str(error.constraint_name)
    return ""


@pytest.mark.parametrize(("act", "by"), [(withdraw, By.SUBJECT), (revoke, By.STAFF), (end, By.SYSTEM)])
@pytest.mark.parametrize(
    "change",
    [
        f"state = 'live', {ACT}",
        f"state = 'paused', {ACT}",
        f"state = 'ended', {ACT}",
        f"state = 'live', {NARROW}",
        NARROW,
        "uses_left = uses_left - 1",
        "changed_at = changed_at + 1",
    ],
)
async def test_article_3_what_has_ended_stays_as_it_is(
    desk: Any, app: Connection, act: Any, by: By, change: str
) -> None:
    grant = await desk.give(uses=5)
    await desk.do(act, grant, by)
    assert await move(app, grant, change) == "grants_final"


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("grants_version", f"version = version - 1, {ACT}"),
        ("grants_version", f"version = version + 2, {ACT}"),
        ("grants_amended_state", f"state = 'paused', {NARROW}"),
        ("grants_amended_state", f"state = 'withdrawn', {NARROW}"),
        ("grants_evidence", "state = 'paused'"),
        ("grants_evidence", "state = 'withdrawn', changed_at = changed_at + 1"),
        ("grants_evidence", "version = version + 1"),
        ("grants_evidence", "evidence_id = gen_random_uuid()"),
        ("grants_evidence", "changed_at = changed_at + 1"),
        ("grants_terms", LESS),
        ("grants_terms", MORE),
        ("grants_terms", "item_version = item_version + 1"),
        ("grants_terms", "ends_at = ends_at - 1"),
        ("grants_terms", LATER),
        ("grants_terms", "categories = '{}'"),
        ("grants_terms", "notice_id = gen_random_uuid()"),
        ("grants_terms", f"state = 'paused', {ACT}, {MORE}"),
        ("grants_budget", "uses_left = uses_left + 1"),
        ("grants_budget", "uses_left = NULL"),
        ("grants_budget", f"state = 'paused', {ACT}, uses_left = uses_left + 1"),
        ("grants_budget", f"{NARROW}, uses_left = NULL"),
        ("grants_wider", f"{NARROW}, uses_left = uses_left + 1"),
        ("grants_wider", f"{NARROW}, {MORE}"),
        ("grants_wider", f"{NARROW}, {LATER}"),
        ("grants_wider", f"{NARROW}, {SENSITIVE}"),
        ("grants_wider", f"{NARROW}, item_version = item_version + 1"),
        ("grants_notice", f"{NARROW}, {MORE}, notice_id = gen_random_uuid()"),
        ("grants_total", "uses_total = uses_total + 1"),
        ("grants_total", "uses_left = uses_left - 1, uses_total = uses_total - 1"),
        ("grants_total", f"{NARROW}, uses_left = 2"),
        ("grants_total", f"{NARROW}, uses_left = 2, uses_total = uses_total - 2"),
    ],
)
async def test_a_standing_grant_does_not_move_like_this(desk: Any, app: Connection, rule: str, change: str) -> None:
    grant = await desk.give(uses=5, until=desk.now + timedelta(days=9))
    before = await app.fetchrow("SELECT * FROM grants WHERE grant_id = $1", grant.id)
    assert await move(app, grant, change) == rule
    assert await app.fetchrow("SELECT * FROM grants WHERE grant_id = $1", grant.id) == before


async def test_a_grant_without_a_budget_gets_one_by_an_amendment_only(desk: Any, app: Connection) -> None:
    grant = await desk.give()
    assert await move(app, grant, "uses_left = 3") == "grants_budget"
    assert await move(app, grant, f"{NARROW}, uses_left = 3, uses_total = 3") == ""


async def test_more_takes_a_notice_of_this_subject_that_is_not_used(desk: Any, app: Connection) -> None:
    grant = await desk.give(uses=5, until=desk.now + timedelta(days=9))
    stranger = type(desk)(desk.pool)
    used, strange = await desk.show(desk.offer()), await stranger.show(stranger.offer())
    await desk.approve(used)
    for notice in (used, strange):
        assert await move(app, grant, f"{WIDER}, {NINE}", notice=notice.id) == "grants_notice"
    fresh = await desk.show(desk.wider(grant, uses=9))
    terms = f"{WIDER}, {NINE}, item_version = item_version + 1, {LATER}, {SENSITIVE}"
    assert await move(app, grant, terms, notice=fresh.id) == ""


@pytest.mark.parametrize(
    "changes",
    [
        ["uses_left = uses_left - 1", "uses_left = 0"],
        [f"state = 'paused', {ACT}", f"state = 'live', {ACT}", f"state = 'withdrawn', {ACT}"],
        [f"state = 'paused', {ACT}", NARROW, f"state = 'withdrawn', {ACT}"],
        [f"state = 'revoked', {ACT}"],
        [f"state = 'ended', {ACT}"],
        [f"{NARROW}, {LESS}, categories = '{{}}', ends_at = ends_at - 1, {TWO}", "uses_left = 1"],
    ],
    ids=["used", "paused, resumed, withdrawn", "paused, amended, withdrawn", "revoked", "ended", "narrowed"],
)
async def test_every_legal_move_passes(desk: Any, app: Connection, changes: list[str]) -> None:
    grant = await desk.give(uses=5)
    assert [await move(app, grant, change) for change in changes] == [""] * len(changes)


@pytest.mark.parametrize(
    "change",
    [
        "consumed_at = NULL, grant_ids = NULL, approval = NULL",
        "consumed_at = consumed_at + 1",
        "grant_ids = ARRAY[gen_random_uuid()]",
        "approval = sha256('')",
    ],
)
async def test_article_11_a_used_notice_stays_used(desk: Any, app: Connection, change: str) -> None:
    grant = await desk.give()
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await app.execute(f"UPDATE notice SET {change} WHERE notice_id = $1", grant.notice)  # noqa: S608
    assert caught.value.constraint_name == "notice_used"


async def test_an_open_notice_is_used_with_all_that_belongs_to_it(desk: Any, app: Connection) -> None:
    notice = await desk.show(desk.offer())
    with pytest.raises(asyncpg.CheckViolationError):
        await app.execute("UPDATE notice SET consumed_at = 1 WHERE notice_id = $1", notice.id)
    whole = "UPDATE notice SET consumed_at = 1, grant_ids = '{}', approval = sha256('') WHERE notice_id = $1"
    assert await app.execute(whole, notice.id) == "UPDATE 1"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE grants DISABLE TRIGGER grants_move",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION grants_move() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP TRIGGER grants_move ON grants",
        "CREATE TEMPORARY TABLE notice (notice_id uuid)",
        "DELETE FROM grants",
        "TRUNCATE grants",
    ],
)
async def test_the_serving_role_cannot_get_round_the_rules(app: Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)
