"""What is kept, how, and what cannot be taken back: sealed contents, erasure, and what the serving role may not do."""

from datetime import date
from typing import Any

import asyncpg
import msgspec
import pytest

from dspace_core.cases import MOVES, By, Change, State, ask, find
from dspace_core.cases.refusals import AlreadyFiled, AnswerGone
from dspace_core.errors import Text
from dspace_core.scenario import Fact, Filled, Prefill, Question, Settlement
from dspace_core.stores import Connection, Pool, transaction
from dspace_core.testing.canaries import Canaries
from dspace_core.testing.counter import Counter, outcome
from dspace_core.testing.ledger import Session
from dspace_core.values import EvidenceId, random_id

CANARIES = ("canary-account-6222", "canary-answer-13800", "canary-reason-text", "canary-step-text", "canary-key-1101")
FORM = Prefill(
    filled=(
        Filled(
            name="account", label=Text("账号", "Account"), value=CANARIES[0], fact=Fact("bank.account", "account_no")
        ),
    ),
    questions=(Question(name="phone", label=Text("电话", "Telephone"), why=Text("通知", "to tell you")),),
)


async def tap(counter: Counter) -> Any:
    """A tap whose every part carries a value of its own."""
    counter.script.answers["prefill"] = FORM
    (reason,) = outcome().reasons
    says = Text(CANARIES[2], CANARIES[2])
    counter.script.answers["decide"] = msgspec.structs.replace(
        outcome(), reasons=(msgspec.structs.replace(reason, says=says),)
    )
    counter.script.answers["settle"] = Settlement(next_steps=(Text(CANARIES[3], CANARIES[3]),))
    filing = counter.filing(await counter.prepare(), key=CANARIES[4], answers={"phone": CANARIES[1]})
    return filing, await counter.intake.file(filing)


async def dump(owner: Connection) -> bytes:
    """Every row of every table, as text and as bytes."""
    tables = [row[0] for row in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    out = b""
    for table in tables:
        for row in await owner.fetch(f'SELECT * FROM "{table}"'):  # noqa: S608
            for value in row.values():
                out += value if isinstance(value, bytes) else str(value).encode()
                out += b"\n"
    return out


async def test_article_9_no_value_of_a_case_stands_in_clear(counter: Counter, owner: Connection) -> None:
    await tap(counter)
    dumped = await dump(owner)
    assert Canaries(dict(zip(CANARIES, CANARIES, strict=True))).found(dumped) == []


async def test_a_planted_leak_would_be_found(counter: Counter, owner: Connection) -> None:
    await owner.execute("CREATE TABLE planted (value text)")
    try:
        for canary in CANARIES:
            await owner.execute("INSERT INTO planted VALUES ($1)", canary)
        dumped = await dump(owner)
    finally:
        await owner.execute("DROP TABLE planted")
    assert len(Canaries(dict(zip(CANARIES, CANARIES, strict=True))).found(dumped)) >= len(CANARIES)


async def test_an_erased_case_answers_no_repeat_and_cannot_be_filed_again(
    counter: Counter, owner: Connection, erase: Any
) -> None:
    filing, filed = await tap(counter)
    await erase(counter.subject, filed.case)
    with pytest.raises(AnswerGone):
        await counter.intake.file(filing)
    with pytest.raises(AlreadyFiled):
        await counter.intake.file(msgspec.structs.replace(filing, key="another"))
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert (case.content, case.number) == (None, filed.number)


async def test_a_case_erased_before_it_was_stored_cannot_be_filed(counter: Counter, erase: Any) -> None:
    counter.script.answers["decide"] = RuntimeError("planted")
    filing = counter.filing(await counter.prepare())
    with pytest.raises(RuntimeError, match="planted"):
        await counter.intake.file(filing)
    await erase(counter.subject, filing.case)
    with pytest.raises(AnswerGone):
        await counter.intake.file(filing)
    with pytest.raises(AnswerGone):
        await counter.intake.file(msgspec.structs.replace(filing, key="another"))


async def test_the_content_of_one_case_does_not_open_as_anothers(counter: Counter, owner: Connection) -> None:
    _, first = await tap(counter)
    second = await counter.file(key="second", answers={"phone": "1"})
    await owner.execute("ALTER TABLE cases DISABLE TRIGGER cases_move")
    try:
        await owner.execute(
            "UPDATE cases SET content = (SELECT content FROM cases WHERE case_id = $2) WHERE case_id = $1",
            first.case,
            second.case,
        )
    finally:
        await owner.execute("ALTER TABLE cases ENABLE TRIGGER cases_move")
    with pytest.raises(Exception, match=r"crypto\.unseal_failed"):
        await find(counter.db, counter.keyring, counter.subject, first.case)


# The serving role

FINAL = [
    ("cases_final", "UPDATE cases SET state = 'referred' WHERE case_id = $1"),
    ("cases_final", "UPDATE cases SET state = 'withdrawn' WHERE case_id = $1"),
    ("cases_final", "UPDATE cases SET released = false WHERE case_id = $1"),
    ("cases_final", "UPDATE cases SET content = '\\x00' WHERE case_id = $1"),
    ("cases_final", "UPDATE cases SET evidence_id = gen_random_uuid() WHERE case_id = $1"),
    ("cases_final", "UPDATE cases SET ended_on = NULL WHERE case_id = $1"),
    ("idempotency_answered", "UPDATE idempotency SET answer = '\\x00' WHERE case_id = $1"),
    ("idempotency_answered", "UPDATE idempotency SET state = 'started', answer = NULL WHERE case_id = $1"),
    ("idempotency_answered", "UPDATE idempotency SET process = gen_random_uuid() WHERE case_id = $1"),
]
"""What the serving role may not do to a case that is closed, and by which rule."""
FORBIDDEN = [
    "DELETE FROM cases WHERE case_id = $1",
    "DELETE FROM idempotency WHERE case_id = $1",
    "UPDATE cases SET number = 'x' WHERE case_id = $1",
    "UPDATE cases SET grant_ids = '{}' WHERE case_id = $1",
    "UPDATE cases SET accepted_on = '2026-12-01' WHERE case_id = $1",
    "UPDATE cases SET authority_id = 'x' WHERE case_id = $1",
    "UPDATE idempotency SET grant_ids = '{}' WHERE case_id = $1",
    "UPDATE idempotency SET body = '\\x00' WHERE case_id = $1",
]


async def broken(db: Pool, statement: str, *values: object) -> str | None:
    """By which rule the database refuses a statement of the serving role."""
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await db.execute(statement, *values)
    return caught.value.constraint_name


@pytest.mark.parametrize(("rule", "statement"), FINAL)
async def test_the_serving_role_undoes_nothing_that_is_final(counter: Counter, rule: str, statement: str) -> None:
    filed = await counter.file()
    assert await broken(counter.db, statement, filed.case) == rule


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_serving_role_changes_nothing_that_never_changes(counter: Counter, statement: str) -> None:
    counter.script.answers["decide"] = outcome(held=None)
    filed = await counter.file()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await counter.db.execute(statement, filed.case)


LEGAL = {(move.start.value, move.to.value) for move in MOVES}


@pytest.mark.parametrize("end", [state.value for state in State])
async def test_the_database_knows_the_moves_that_the_table_names(counter: Counter, owner: Connection, end: str) -> None:
    """Each row of the table, tried by the serving role on a row that stands there, and each that is not in it."""
    filed = await counter.file()
    for start in (state.value for state in State if state is not State.CLOSED):
        await owner.execute("ALTER TABLE cases DISABLE TRIGGER cases_move")
        await owner.execute(
            "UPDATE cases SET state = $2, released = false, ended_on = NULL WHERE case_id = $1", filed.case, start
        )
        await owner.execute("ALTER TABLE cases ENABLE TRIGGER cases_move")
        over = end in ("approved", "refused", "closed", "withdrawn")
        statement = f"""
            UPDATE cases SET state = '{end}', evidence_id = gen_random_uuid(), released = {end == "closed"},
                ended_on = {"'2026-05-06'" if over else "NULL"}
            WHERE case_id = $1
        """  # noqa: S608
        if (start, end) in LEGAL:
            await counter.db.execute(statement, filed.case)
        else:
            with pytest.raises(asyncpg.CheckViolationError):
                await counter.db.execute(statement, filed.case)


BROKEN = [
    ("cases_evidence", "state = 'supplement'"),
    ("cases_evidence", "evidence_id = gen_random_uuid()"),
    ("cases_evidence", "changed_at = 0"),
    ("cases_content", "content = '\\x00'"),
    ("cases_clock", "stopped_on = '{2026-05-07}'"),
    ("cases_clock", "ended_on = '2026-05-07'"),
    ("cases_clock", "state = 'approved', evidence_id = gen_random_uuid()"),
    ("cases_check1", "released = true"),
]


@pytest.mark.parametrize(("rule", "change"), BROKEN)
async def test_the_serving_role_changes_a_case_by_whole_acts_only(counter: Counter, rule: str, change: str) -> None:
    counter.script.answers["decide"] = outcome(held=None)
    filed = await counter.file()
    assert await broken(counter.db, f"UPDATE cases SET {change} WHERE case_id = $1", filed.case) == rule  # noqa: S608


async def test_the_serving_role_gives_no_stretch_of_the_clock_back(counter: Counter, clock: Any) -> None:
    counter.script.answers["decide"] = outcome(held=None)
    filed = await counter.file()
    told = Change(
        subject=counter.subject,
        case=filed.case,
        by=By.STAFF,
        authority="human_resources",
        at=clock(),
        evidence=EvidenceId(random_id()),
        act=random_id(),
    )
    async with transaction(counter.db) as db:
        await ask(db, counter.keyring, told, (Text("请补充", "more"),))
    moved = "UPDATE cases SET state = 'referred', evidence_id = gen_random_uuid(), stopped_on = $2, resumed_on = $3"
    for stopped, resumed in (([], []), ([date(2026, 5, 1)], [date(2026, 5, 8)])):
        assert await broken(counter.db, f"{moved} WHERE case_id = $1", filed.case, stopped, resumed) == "cases_clock"


@pytest.mark.parametrize("table", ["cases", "idempotency"])
async def test_the_notary_sees_no_case(ledger: Any, table: str) -> None:
    async with ledger.session("notary") as notary:
        held: Session = notary
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await held.db.execute(f"SELECT * FROM {table}")  # noqa: S608
