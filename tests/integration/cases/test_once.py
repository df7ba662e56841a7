"""Once: twins in one process and in two, holders that live and that died, kills at every point."""

import asyncio
import signal
import sys
from collections import Counter as Counts
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dspace_core.audit import audit
from dspace_core.cases import Filed, Filing, State, attempt_tables, attempts
from dspace_core.cases.refusals import AlreadyFiled, InProgress
from dspace_core.errors import Refusal
from dspace_core.evidence.trail import read_page
from dspace_core.grants import of_subject as grants_of
from dspace_core.points import Point, arm, disarm
from dspace_core.stores import Connection, Isolation, transaction
from dspace_core.testing.counter import Counter, outcome
from dspace_core.testing.space import ScratchSpace, SpaceProcess
from dspace_core.values import random_id

pytestmark = pytest.mark.usefixtures("numbering")
PROGRAM = Path(__file__).with_name("file_process.py")
_HOLDERS = "SELECT process FROM idempotency WHERE subject_id = $1"
ROUNDS = 50
KILLS = 20


async def counted(owner: Connection, counter: Counter) -> dict[str, int]:
    """How many rows the subject has, and how many entries of each kind."""
    tables = ("cases", "grants", "idempotency", "use")
    found = {
        table: await owner.fetchval(f"SELECT count(*) FROM {table} WHERE subject_id = $1", counter.subject)  # noqa: S608
        for table in tables
    }
    page = await read_page(counter.db, counter.keyring, counter.subject)
    found |= Counts(line.record.meta.kind.value for line in page.lines if line.record is not None)
    return {name: count for name, count in found.items() if count}


ONE_TAP = {
    "cases": 1,
    "grants": 1,
    "idempotency": 1,
    "grant-approved": 1,
    "case-filed": 1,
    "case-decided": 1,
    "case-closed": 1,
    "grant-ended": 1,
}
ONE_CLAIM = {**ONE_TAP, "use": 1, "use-released": 1}
"""The same of somebody whose account was asked for."""


async def people(process: SpaceProcess, citizens: Iterator[str], number: int) -> list[Counter]:
    return [Counter(process, await process.subject(next(citizens))) for _ in range(number)]


async def test_twins_in_one_process_file_once(counter: Counter, owner: Connection) -> None:
    for _ in range(ROUNDS):
        twin = counter.another()
        filing = twin.filing(await twin.prepare())
        answers = await asyncio.gather(*(twin.intake.file(filing) for _ in range(3)))
        assert answers[0] == answers[1] == answers[2]
        assert await counted(owner, twin) == ONE_TAP
        assert [hook for hook, _ in twin.script.called].count("decide") == 1


async def test_two_keys_at_once_for_one_case_file_once(counter: Counter, owner: Connection) -> None:
    for _ in range(ROUNDS):
        twin = counter.another()
        filing = twin.filing(await twin.prepare())
        filings = [filing, msgspec.structs.replace(filing, key="other")]
        answers = await asyncio.gather(*(twin.intake.file(each) for each in filings), return_exceptions=True)
        assert [type(answer) for answer in answers if not isinstance(answer, Filed)] == [AlreadyFiled]
        assert await counted(owner, twin) in (ONE_TAP, {**ONE_TAP, "idempotency": 2})


@pytest.fixture
async def processes(space: ScratchSpace, counter: Counter) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    work = msgspec.json.encode({"space": space, "now": counter.keyring.clock()}, enc_hook=str).decode()
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, str(PROGRAM), work, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    yield started
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0


async def say(process: asyncio.subprocess.Process, line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line + b"\n")


async def hear(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    return (await process.stdout.readline()).strip()


def order(filings: list[Filing], kill_at: Point | None = None) -> bytes:
    return msgspec.json.encode({"filings": filings, "kill_at": kill_at})


async def test_two_processes_that_file_under_one_key_file_once(
    process: SpaceProcess,
    citizens: Iterator[str],
    owner: Connection,
    processes: list[asyncio.subprocess.Process],
) -> None:
    claimants = await people(process, citizens, ROUNDS)
    filings = [one.filing(await one.prepare()) for one in claimants]
    for each in processes:
        await say(each, order(filings))
        assert await hear(each) == b"ready"
    for each in processes:
        await say(each, b"go")
    one, two = [msgspec.json.decode(await hear(each), type=list[str]) for each in processes]
    assert one == two
    assert len(set(one)) == ROUNDS
    assert not [answer for answer in one if "." in answer]
    for claimant in claimants:
        assert await counted(owner, claimant) == ONE_CLAIM


@pytest.mark.parametrize("point", [Point.GRANT, Point.FETCH, Point.EVIDENCE, Point.LEASE, Point.RELEASE, Point.CASE])
async def test_whoever_is_killed_is_taken_over_and_nothing_is_there_twice(
    process: SpaceProcess,
    citizens: Iterator[str],
    owner: Connection,
    processes: list[asyncio.subprocess.Process],
    point: Point,
) -> None:
    """Twenty are killed at the point; then each filing is repeated twice, with no word to the room that anybody died."""
    claimants = await people(process, citizens, KILLS)
    filings = [one.filing(await one.prepare()) for one in claimants]
    await say(processes[0], order(filings, point))
    assert msgspec.json.decode(await hear(processes[0]), type=list[int]) == [signal.SIGKILL] * KILLS
    filed = await asyncio.gather(*(one.intake.file(filing) for one, filing in zip(claimants, filings, strict=True)))
    used = point in (Point.LEASE, Point.RELEASE, Point.CASE)
    expected = {**ONE_CLAIM, "use-redelivered": 1} if used else ONE_CLAIM
    for claimant, filing, first in zip(claimants, filings, filed, strict=True):
        assert await claimant.intake.file(filing) == first
        assert await counted(owner, claimant) == expected


@pytest.mark.parametrize("point", [Point.GRANT, Point.CASE])
async def test_what_fails_before_a_commit_leaves_nothing_of_that_step(
    counter: Counter, owner: Connection, point: Point
) -> None:
    class PlantedError(RuntimeError):
        pass

    def fail() -> None:
        raise PlantedError

    filing = counter.filing(await counter.prepare())
    arm(point, fail)
    try:
        with pytest.raises(PlantedError):
            await counter.intake.file(filing)
    finally:
        disarm(point)
    given = {"grants": 1, "grant-approved": 1} if point is Point.CASE else {}
    assert await counted(owner, counter) == {"idempotency": 1, **given}
    await counter.intake.file(filing)
    assert await counted(owner, counter) == ONE_TAP


async def test_a_holder_that_lives_is_waited_for_and_then_told(
    counter: Counter, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing = counter.filing(await counter.prepare())
    with pytest.raises(Refusal):
        await counter.intake.file(msgspec.structs.replace(filing, answers={"phone": "1"}))
    other = random_id()
    await owner.execute("INSERT INTO lease (process, until) VALUES ($1, clock_timestamp() + interval '1 day')", other)
    await owner.execute("UPDATE idempotency SET process = $2 WHERE subject_id = $1", counter.subject, other)
    monkeypatch.setattr(attempts, "PATIENCE", 0.0)
    again = msgspec.structs.replace(filing, answers={"phone": "1"})
    with pytest.raises(InProgress):
        await counter.intake.file(again)
    await owner.execute("UPDATE lease SET until = clock_timestamp() - interval '1 second' WHERE process = $1", other)
    with pytest.raises(Refusal) as caught:
        await counter.intake.file(again)
    assert caught.value.code == "cases.answer_unasked"


async def test_a_twin_gets_the_answer_of_whoever_it_waited_for(counter: Counter) -> None:
    going, on = asyncio.Event(), asyncio.Event()

    async def stop(hook: str) -> None:
        if hook == "decide":
            going.set()
            await on.wait()

    counter.script.before = stop
    filing = counter.filing(await counter.prepare())
    first = asyncio.create_task(counter.intake.file(filing))
    await going.wait()
    second = asyncio.create_task(counter.intake.file(filing))
    await asyncio.sleep(0)
    on.set()
    assert await first == await second


async def test_a_caller_that_goes_away_frees_the_filing(counter: Counter, owner: Connection) -> None:
    going = asyncio.Event()

    async def stop(hook: str) -> None:
        going.set()
        await asyncio.Event().wait()

    counter.script.before = stop
    filing = counter.filing(await counter.prepare())
    filing_task = asyncio.create_task(counter.intake.file(filing))
    await going.wait()
    filing_task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filing_task
    counter.script.before = None
    assert (await counter.intake.file(filing)).state is State.APPROVED
    assert await counted(owner, counter) == ONE_TAP


async def test_whoever_was_taken_over_stores_nothing_and_gives_the_others_answer(
    space: ScratchSpace, counter: Counter, owner: Connection
) -> None:
    """A process stopped for so long that its lease was lost: another files, then the first goes on."""
    filing = counter.filing(await counter.prepare())
    answers: list[Filed] = []
    async with space.process(counter.keyring.clock) as elsewhere:

        async def overtaken(hook: str) -> None:
            if hook == "decide" and not answers:
                await owner.execute("DELETE FROM lease WHERE process = $1", counter.process.lease.process)
                other = Counter(elsewhere, counter.subject)
                other.script.asks = {}
                answers.append(await other.intake.file(filing))

        counter.script.before = overtaken
        assert [await counter.intake.file(filing)] == answers
    assert await counted(owner, counter) == ONE_TAP


async def test_a_twin_that_comes_between_the_look_and_the_entry_gets_the_answer(
    counter: Counter, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One finds no row under its key, sleeps, and goes on when the other is through."""
    find, answers = attempt_tables.find, list[Filed]()
    filing = counter.filing(await counter.prepare())

    async def late(db: Any, key: Any) -> Any:
        found = await find(db, key)
        if not answers:
            monkeypatch.setattr(attempt_tables, "find", find)
            answers.append(await counter.intake.file(filing))
        return found

    monkeypatch.setattr(attempt_tables, "find", late)
    assert [await counter.intake.file(filing)] == answers
    assert await counted(owner, counter) == ONE_TAP


async def test_a_filing_given_up_for_another_key_says_that_the_case_is_filed(
    claimant: Counter, owner: Connection
) -> None:
    """Its grants are ended by then, and no data is asked for to find that out."""
    first = claimant.filing(await claimant.prepare())
    decision = claimant.script.answers["decide"]
    claimant.script.answers["decide"] = RuntimeError("planted")
    with pytest.raises(RuntimeError, match="planted"):
        await claimant.intake.file(first)
    claimant.script.answers["decide"] = decision
    await claimant.intake.file(msgspec.structs.replace(first, key="another"))
    given = len(claimant.script.given.values)
    with pytest.raises(AlreadyFiled):
        await claimant.intake.file(first)
    assert len(claimant.script.given.values) == given


@pytest.mark.parametrize("fault", [InProgress(), ConnectionResetError("planted: lost")])
async def test_a_database_that_was_away_when_an_attempt_failed_leaves_the_filing_free(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    async def away(*_: object) -> None:
        raise fault

    monkeypatch.setattr("dspace_core.cases.attempt_tables.let_go", away)
    filing = counter.filing(await counter.prepare())
    counter.script.answers["decide"] = RuntimeError("planted")
    with pytest.raises(RuntimeError, match="planted"):
        await counter.intake.file(filing)
    counter.script.answers["decide"] = outcome()
    assert (await counter.intake.file(filing)).state is State.APPROVED


async def test_a_session_that_was_lost_when_an_attempt_failed_keeps_the_filing_from_nobody(
    counter: Counter, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go, calls = attempt_tables.let_go, list[int]()

    async def once_away(*told: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionResetError
        await let_go(*told)

    monkeypatch.setattr(attempt_tables, "let_go", once_away)
    counter.script.answers["decide"] = RuntimeError("planted")
    with pytest.raises(RuntimeError, match="planted"):
        await counter.file()
    assert [row[0] for row in await owner.fetch(_HOLDERS, counter.subject)] == [None]


async def test_a_twin_that_comes_while_a_filing_is_given_up_does_not_lose_it(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both hold it under the name of one lease: what gives it up for the first must not give it up for the second."""
    let_go, twins = attempt_tables.let_go, list[asyncio.Task[Filed]]()
    filing = counter.filing(await counter.prepare())

    async def meanwhile(*told: Any) -> None:
        counter.script.answers["decide"] = outcome()
        twins.append(asyncio.create_task(counter.intake.file(filing)))
        await asyncio.sleep(0.1)  # long enough for a twin that does not wait to be working on it
        await let_go(*told)

    monkeypatch.setattr(attempt_tables, "let_go", meanwhile)
    counter.script.answers["decide"] = RuntimeError("planted")
    deciding = asyncio.Event()

    async def slow(hook: str) -> None:
        if hook == "decide" and twins:
            await asyncio.wait_for(deciding.wait(), 1)

    counter.script.before = slow
    with pytest.raises(RuntimeError, match="planted"):
        await counter.intake.file(filing)
    deciding.set()
    assert (await twins[0]).state is State.APPROVED
    assert [hook for hook, _ in counter.script.called].count("decide") == 2


async def test_a_caller_that_goes_away_while_it_takes_a_filing_leaves_it_to_everybody(
    counter: Counter, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commit may stand all the same; the row would name a living process that does not work on it."""

    @asynccontextmanager
    async def cut_off(db: Any) -> AsyncIterator[Any]:
        async with transaction(db) as connection:
            yield connection
        raise asyncio.CancelledError

    filing = counter.filing(await counter.prepare())
    with monkeypatch.context() as planted:
        planted.setattr(attempts, "transaction", cut_off)
        with pytest.raises(asyncio.CancelledError):
            await counter.intake.file(filing)
    assert [row[0] for row in await owner.fetch(_HOLDERS, counter.subject)] == [None]
    assert (await counter.intake.file(filing)).state is State.APPROVED


async def test_no_entry_of_a_tap_is_there_twice(counter: Counter) -> None:
    filing = counter.filing(await counter.prepare())
    await counter.intake.file(filing)
    await counter.intake.file(filing)
    page = await read_page(counter.db, counter.keyring, counter.subject)
    assert len({line.entry for line in page.lines}) == len(page.lines) == 5


_WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


async def test_article_3_a_withdrawal_waits_for_a_case_that_is_being_stored(
    counter: Counter, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the grants and the commit nobody withdraws: either the case is first, or it is not stored."""
    answer, tasks, waited = attempt_tables.answer, list[asyncio.Task[None]](), list[bool]()

    async def meanwhile(*told: Any) -> None:
        (grant,) = await grants_of(counter.db, counter.subject)
        tasks.append(asyncio.create_task(counter.withdraw(grant)))
        while not tasks[0].done() and not waited:
            if await owner.fetchval(_WAITING):
                waited.append(True)
        await answer(*told)

    monkeypatch.setattr(attempt_tables, "answer", meanwhile)
    await counter.file()
    await tasks[0]
    assert waited == [True]


async def test_the_audit_finds_nothing_wrong_with_what_the_tests_above_left(counter: Counter) -> None:
    """Kills, twins and all: every invariant that needs no receipts."""
    await counter.file()
    async with transaction(counter.db, Isolation.REPEATABLE_READ, read_only=True) as db:
        report = await audit(db, keyring=counter.keyring)
    assert [(finding.invariant.name, finding.rows) for finding in report.findings if finding.broken] == []
    looked_at = {finding.invariant.name: finding.checked for finding in report.findings if finding.unchecked is None}
    assert looked_at["cases"] > 0
    assert looked_at["held"] > 0
