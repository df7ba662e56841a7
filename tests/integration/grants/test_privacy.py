"""What the serving role may do to the three tables, how they are keyed, and that no personal value gets into them."""

import base64
import hashlib
from typing import Any

import asyncpg
import pytest

from dspace_core.errors import Refusal
from dspace_core.grants import Claim, SeparateAct, admit, find_notice, of_subject, withdraw
from dspace_core.grants.refusals import ActNotOffered, DeclineRefused
from dspace_core.stores import Connection, connect, transaction
from dspace_core.testing.servers import ScratchDatabase
from dspace_core.values import EvidenceId, UseId, random_id

TABLES = ("grants", "notice", "use")
FIXED = {
    "grants": {
        "subject_id",
        "grant_id",
        "plugin",
        "recipient",
        "item",
        "purpose",
        "case_id",
        "starts_at",
        "approved_at",
        "approved_evidence_id",
    },
    "notice": {"subject_id", "notice_id", "digest", "shown", "offers", "issued_at", "expires_at"},
    "use": {"subject_id", "use_id", "grant_id", "duty_id", "evidence_id"},
}
CANARY = "440100195511030042"  # a fabricated citizen number
TRACES = [
    CANARY.encode(),
    CANARY.encode().hex().encode(),
    base64.b64encode(CANARY.encode()),
    hashlib.sha256(CANARY.encode()).hexdigest().encode(),
    hashlib.sha256(CANARY.encode()).digest(),
]


async def columns(owner: Connection, table: str) -> set[str]:
    rows = await owner.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = $1", table)
    return {row[0] for row in rows}


@pytest.mark.parametrize("table", TABLES)
async def test_what_a_grant_a_notice_or_a_use_is_about_cannot_be_changed(owner: Connection, table: str) -> None:
    may = "SELECT has_column_privilege('dspace_app', $1, $2, 'UPDATE')"
    fixed = {column for column in await columns(owner, table) if not await owner.fetchval(may, table, column)}
    assert fixed == FIXED[table]


@pytest.mark.parametrize("table", TABLES)
async def test_the_serving_role_adds_and_reads_and_removes_nothing(owner: Connection, table: str) -> None:
    asked = ("SELECT", "INSERT", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    may = "SELECT has_table_privilege('dspace_app', $1, $2)"
    assert [right for right in asked if await owner.fetchval(may, table, right)] == ["SELECT", "INSERT"]


@pytest.mark.parametrize("table", TABLES)
async def test_the_notary_sees_nothing_of_grants(owner: Connection, ready: ScratchDatabase, table: str) -> None:
    session = await connect(ready.url("notary"), password=ready.password("notary"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.fetch(f"SELECT * FROM {table}")  # noqa: S608
    finally:
        await session.close()


@pytest.mark.parametrize("table", TABLES)
async def test_every_key_and_unique_index_starts_with_the_subject(owner: Connection, table: str) -> None:
    rows = await owner.fetch(
        """
        SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = to_regclass($1)
        """,
        table,
    )
    assert [row[0] for row in rows] == ["subject_id"]


async def test_a_budget_below_nothing_is_refused_by_the_table_itself(desk: Any, owner: Connection) -> None:
    grant = await desk.give(uses=1)
    with pytest.raises(asyncpg.CheckViolationError, match="grants_uses_left_check"):
        await owner.execute("UPDATE grants SET uses_left = -1 WHERE grant_id = $1", grant.id)


async def test_a_grant_longer_than_a_year_is_refused_by_the_table_itself(desk: Any, owner: Connection) -> None:
    longer = """
        INSERT INTO grants
        SELECT g.* FROM grants old, jsonb_populate_record(old, jsonb_build_object('grant_id', $2::uuid,
            'ends_at', old.ends_at + 1)) g WHERE old.grant_id = $1
    """
    grant = await desk.give()
    with pytest.raises(asyncpg.CheckViolationError, match="grants_check"):
        await owner.execute(longer, grant.id, random_id())


async def everything(owner: Connection) -> bytes:
    """All rows of the room's tables, texts as they are and bytes as they are."""
    found = b""
    for table in TABLES:
        for row in await owner.fetch(f"SELECT * FROM {table}"):  # noqa: S608
            for value in row:
                found += value if isinstance(value, bytes) else str(value).encode()
    return found


async def _refused(desk: Any, why: type[Refusal], **changes: object) -> Refusal:
    notice = await desk.show(desk.offer())
    with pytest.raises(why) as caught:
        await desk.approve(notice, **changes)
    return caught.value


async def test_article_9_a_value_that_a_phone_sends_gets_nowhere(desk: Any, owner: Connection) -> None:
    """The room takes no values; where an approval could carry one, it is refused and neither kept nor repeated."""
    act = SeparateAct(CANARY, CANARY)
    refusals = [
        await _refused(desk, ActNotOffered, acts=frozenset({act})),
        await _refused(desk, DeclineRefused, declined=frozenset({CANARY})),
    ]
    grant = await desk.give()
    async with transaction(desk.pool) as db:
        made = Claim(
            subject=grant.subject,
            use=UseId(random_id()),
            grant=grant.id,
            version=1,
            budgeted=False,
            evidence=EvidenceId(random_id()),
        )
        await admit(db, [made], desk.now)
    await desk.do(withdraw, grant)
    texts = b"".join(f"{refusal}{refusal.values}{refusal.title.zh}".encode() for refusal in refusals)
    kept = await everything(owner)
    assert str(grant.id).encode() in kept
    assert [trace for trace in TRACES if trace in kept + texts] == []


@pytest.mark.parametrize("trace", TRACES)
async def test_a_planted_value_would_be_found(desk: Any, owner: Connection, trace: bytes) -> None:
    notice = await desk.show(desk.offer())
    await owner.execute("UPDATE notice SET shown = $1 WHERE notice_id = $2", b"..." + trace, notice.id)
    assert trace in await everything(owner)
    await owner.execute("UPDATE notice SET shown = '' WHERE notice_id = $1", notice.id)


async def test_a_subject_sees_its_own_grants_the_newest_first_and_no_others(desk: Any) -> None:
    first = await desk.give()
    second = await desk.approve(await desk.show(desk.offer()), at=desk.now.replace(minute=desk.now.minute + 1))
    mine = await of_subject(desk.pool, desk.subject)
    assert [grant.id for grant in mine] == [second.grants[0].id, first.id]
    stranger = type(desk)(desk.pool)
    assert await of_subject(desk.pool, stranger.subject) == []
    assert await find_notice(desk.pool, stranger.subject, first.notice) is None
