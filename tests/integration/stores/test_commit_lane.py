"""The commit lane on a real database: each good row once, each caller the right answer, whatever its neighbours do."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dspace_core.errors import Refusal, Text
from dspace_core.stores import BrokenWriteError, CommitLane, Connection, Pool
from dspace_core.stores.refusals import (
    ConcurrentChange,
    KeyConflict,
    LaneClosed,
    LaneFull,
    LaneOutcomeUnknown,
    LockTimeout,
    RowRefused,
    Unavailable,
)
from dspace_core.testing.servers import ScratchDatabase


class Row(msgspec.Struct, frozen=True):
    key: str
    body: str = "good"


class Done(msgspec.Struct, frozen=True):
    number: int
    body: str


Write = Callable[[Connection, Sequence[Row]], Awaitable[Sequence[Done]]]
Lane = CommitLane[Row, Done]

INSERT = "INSERT INTO entry (key, body) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING"
READ = "SELECT * FROM entry WHERE key = ANY($1::text[])"


async def write(connection: Connection, rows: Sequence[Row]) -> list[Done]:
    """What a room would write: one INSERT, then what stands under each key, ours or an earlier one."""
    ordered = sorted(rows, key=lambda row: row.key)
    await connection.execute(INSERT, [row.key for row in ordered], [row.body for row in ordered])
    found = await connection.fetch(READ, [row.key for row in ordered])
    standing = {row["key"]: Done(row["number"], row["body"]) for row in found}
    return [standing[row.key] for row in rows]


class Gate:
    """A `write` that holds its batches until it is opened, and remembers them."""

    def __init__(self, inner: Write = write) -> None:
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()
        self.batches: list[list[Row]] = []
        self._inner = inner

    async def __call__(self, connection: Connection, rows: Sequence[Row]) -> Sequence[Done]:
        self.batches.append(list(rows))
        self.entered.set()
        await self.opened.wait()
        return await self._inner(connection, rows)


def a_lane(pool: Pool, how: Write = write, *, capacity: int = 100, batch: int = 100, flushers: int = 1) -> Lane:
    return CommitLane(pool, write=how, key=lambda row: row.key, capacity=capacity, batch=batch, flushers=flushers)


@asynccontextmanager
async def held(
    pool: Pool, how: Write = write, *, capacity: int = 100, batch: int = 100
) -> AsyncIterator[tuple[Lane, Gate]]:
    """A lane whose only flusher is busy with a first row until the gate is opened: what is submitted now queues."""
    gate = Gate(how)
    async with a_lane(pool, gate, capacity=capacity, batch=batch) as lane:
        first = asyncio.create_task(lane.submit(Row("first")))
        await gate.entered.wait()
        try:
            yield lane, gate
        finally:
            gate.opened.set()
            await asyncio.wait([first])


async def queue(lane: Lane, *rows: Row) -> list[asyncio.Task[Done]]:
    """Submit each row in a task of its own, as far as its waiting."""
    tasks = [asyncio.create_task(lane.submit(row)) for row in rows]
    await asyncio.sleep(0)
    return tasks


async def outcomes(tasks: Sequence[asyncio.Task[Done]]) -> list[Done | BaseException]:
    return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(scope="module", autouse=True)
async def entry(pool: Pool) -> None:
    await pool.execute("""
        CREATE TABLE entry (
            key text PRIMARY KEY, body text NOT NULL CONSTRAINT body_is_good CHECK (body <> 'bad'),
            number bigint GENERATED ALWAYS AS IDENTITY
        )
    """)


@pytest.fixture(autouse=True)
async def empty(pool: Pool, entry: None) -> None:
    await pool.execute("TRUNCATE entry")


async def stored(pool: Pool) -> dict[str, int]:
    return {row["key"]: row["number"] for row in await pool.fetch("SELECT key, number FROM entry")}


async def test_a_row_stands_when_its_caller_is_answered(pool: Pool) -> None:
    async with a_lane(pool) as lane:
        done = await lane.submit(Row("a"))
        assert await stored(pool) == {"a": done.number}


async def test_rows_that_queue_during_a_commit_share_the_next_transaction(pool: Pool) -> None:
    async with held(pool) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("b"), Row("c"))
        gate.opened.set()
        await outcomes(tasks)
    assert [len(batch) for batch in gate.batches] == [1, 3]
    assert await pool.fetchval("SELECT count(DISTINCT xmin::text) FROM entry WHERE key <> 'first'") == 1


async def test_a_batch_has_its_limit(pool: Pool) -> None:
    async with held(pool, batch=2) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("b"), Row("c"))
        gate.opened.set()
        await outcomes(tasks)
    assert [len(batch) for batch in gate.batches] == [1, 2, 1]


async def test_equal_rows_under_one_key_share_one_writing(pool: Pool) -> None:
    async with held(pool) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("a"), Row("first"))
        gate.opened.set()
        one, same, in_flight = await asyncio.gather(*tasks)
    assert one is same
    assert [[row.key for row in batch] for batch in gate.batches] == [["first"], ["a"]]
    assert (await stored(pool))["first"] == in_flight.number


async def test_another_row_under_a_key_on_its_way_is_a_conflict(pool: Pool) -> None:
    async with held(pool) as (lane, _):
        with pytest.raises(KeyConflict) as refused:
            await lane.submit(Row("first", "other"))
        assert refused.value.code == "lane.key_conflict"


async def test_a_key_written_before_gets_the_first_answer(pool: Pool) -> None:
    async with a_lane(pool) as lane:
        assert await lane.submit(Row("a")) == await lane.submit(Row("a"))


async def test_a_full_lane_refuses_at_once(pool: Pool) -> None:
    async with held(pool, capacity=1) as (lane, gate):
        (waiting,) = await queue(lane, Row("a"))
        with pytest.raises(LaneFull) as refused:
            await lane.submit(Row("b"))
        assert (refused.value.code, refused.value.values) == ("lane.full", {"capacity": 1})
        gate.opened.set()
        await waiting


async def test_a_bad_row_is_refused_to_its_caller_only(pool: Pool) -> None:
    async with held(pool) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("b", "bad"), Row("c"))
        gate.opened.set()
        before, bad, after = await outcomes(tasks)
    assert isinstance(bad, RowRefused)
    assert (bad.code, bad.values) == ("lane.row_refused", {"sqlstate": "23514", "constraint": "body_is_good"})
    assert isinstance(before, Done)
    assert isinstance(after, Done)
    assert set(await stored(pool)) == {"first", "a", "c"}


async def test_a_key_may_be_submitted_again_while_its_old_batch_is_still_sorted_out(pool: Pool) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow_last(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        if [row.key for row in rows] == ["z"]:
            reached.set()
            await go_on.wait()
        return await write(connection, rows)

    async with held(pool, slow_last) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("b", "bad"), Row("z"))
        gate.opened.set()
        await reached.wait()
        again = await queue(lane, Row("a"))
        go_on.set()
        one, _, _, same = await outcomes([*tasks, *again])
    assert isinstance(one, Done)
    assert one == same


async def test_a_value_that_the_driver_refuses_is_a_refused_row_and_not_repeated(pool: Pool) -> None:
    async def write_number(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        await connection.fetch("SELECT $1::int", rows[0].body)
        return []

    async with a_lane(pool, write_number) as lane:
        with pytest.raises(RowRefused) as refused:
            await lane.submit(Row("a", "secret"))
    assert "secret" not in f"{refused.value}{refused.value!r}"
    assert refused.value.__context__ is None


async def test_a_refusal_of_the_room_reaches_the_caller_of_its_row(pool: Pool) -> None:
    class Unwelcome(Refusal):
        code = "test.unwelcome"
        says = remedy = Text("不", "no")

    async def choosy(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        if any(row.body == "unwelcome" for row in rows):
            raise Unwelcome
        return await write(connection, rows)

    async with held(pool, choosy) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("b", "unwelcome"))
        gate.opened.set()
        good, refused = await outcomes(tasks)
    assert isinstance(good, Done)
    assert isinstance(refused, Unwelcome)


async def test_a_lock_that_is_not_had_costs_only_its_own_row(pool: Pool, other: Connection) -> None:
    await other.execute("BEGIN; INSERT INTO entry (key, body) VALUES ('b', 'theirs')")
    async with held(pool) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("b"), Row("c"))
        gate.opened.set()
        before, locked, after = await outcomes(tasks)
    await other.execute("ROLLBACK")
    assert isinstance(locked, LockTimeout)
    assert isinstance(before, Done)
    assert isinstance(after, Done)


async def test_rows_behind_a_lock_are_not_waited_for_one_second_each(pool: Pool, other: Connection) -> None:
    """The batch waits once; after that its rows are asked with little patience, so that neighbours are not held up."""
    patience: list[str] = []

    async def noting(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        patience.append(await connection.fetchval("SHOW lock_timeout"))
        return await write(connection, rows)

    await other.execute("BEGIN; INSERT INTO entry (key, body) SELECT 'b' || n, 'theirs' FROM generate_series(1, 9) n")
    async with held(pool, noting) as (lane, gate):
        tasks = await queue(lane, *(Row(f"b{number}") for number in range(1, 10)), Row("z"))
        gate.opened.set()
        *locked, innocent = await outcomes(tasks)
    await other.execute("ROLLBACK")
    assert all(isinstance(one, LockTimeout) for one in locked)
    assert len({id(one) for one in locked}) == 9
    assert isinstance(innocent, Done)
    assert patience[:2] == ["1s", "1s"]  # the first row's batch, and the one that met the locks
    assert set(patience[2:]) <= {"50ms", "1ms"}


async def test_a_collision_is_tried_again(pool: Pool) -> None:
    tries: list[int] = []

    async def collide(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        tries.append(len(rows))
        if len(tries) == 1:
            await connection.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")
        return await write(connection, rows)

    async with a_lane(pool, collide) as lane:
        assert isinstance(await lane.submit(Row("a")), Done)
    assert tries == [1, 1]


async def test_a_collision_that_does_not_end_is_refused(pool: Pool) -> None:
    async def collide(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        await connection.execute("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
        return await write(connection, rows)

    async with a_lane(pool, collide) as lane:
        with pytest.raises(ConcurrentChange):
            await lane.submit(Row("a"))


async def test_a_migration_under_a_running_lane_does_no_harm(pool: Pool, other: Connection) -> None:
    async with a_lane(pool) as lane:
        await lane.submit(Row("a"))
        await other.execute("ALTER TABLE entry ADD COLUMN later int")
        assert isinstance(await lane.submit(Row("b")), Done)
    await other.execute("ALTER TABLE entry DROP COLUMN later")


async def test_a_cancelled_caller_harms_no_other_and_loses_no_row(pool: Pool) -> None:
    async with held(pool) as (lane, gate):
        shared, cancelled, alone = await queue(lane, Row("a"), Row("a"), Row("b"))
        cancelled.cancel()
        alone.cancel()
        gate.opened.set()
        assert isinstance(await shared, Done)
    assert set(await stored(pool)) == {"first", "a", "b"}
    assert cancelled.cancelled()


async def test_closing_writes_what_queues_and_refuses_what_comes_later(pool: Pool) -> None:
    async with held(pool) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("b"))
        closing = asyncio.create_task(lane.close())
        await asyncio.sleep(0)
        with pytest.raises(LaneClosed) as refused:
            await lane.submit(Row("late"))
        assert refused.value.code == "lane.closed"
        gate.opened.set()
        await closing
        assert all(task.done() for task in tasks)
    assert set(await stored(pool)) == {"first", "a", "b"}


async def test_a_lane_that_was_not_entered_is_closed(pool: Pool) -> None:
    with pytest.raises(LaneClosed):
        await a_lane(pool).submit(Row("a"))


@pytest.mark.parametrize("answers", [0, 2])
async def test_a_wrong_number_of_answers_is_a_loud_fault_and_undone(pool: Pool, answers: int) -> None:
    async def wrong(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        return (await write(connection, rows)) * answers

    async with a_lane(pool, wrong) as lane:
        with pytest.raises(BrokenWriteError):
            await lane.submit(Row("a"))
    assert await stored(pool) == {}


async def test_a_swallowed_error_is_a_loud_fault_and_undone(pool: Pool) -> None:
    async def swallow(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        done = await write(connection, rows)
        with suppress(asyncpg.DivisionByZeroError):
            await connection.execute("SELECT 1 / 0")
        return done

    async with a_lane(pool, swallow) as lane:
        with pytest.raises(BrokenWriteError):
            await lane.submit(Row("a"))
    assert await stored(pool) == {}


async def test_a_session_lost_before_the_commit_is_unavailable_and_the_next_row_is_written(pool: Pool) -> None:
    async def die(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        done = await write(connection, rows)
        if rows[0].key == "a":
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return done

    async with a_lane(pool, die) as lane:
        with pytest.raises(Unavailable):
            await lane.submit(Row("a"))
        assert isinstance(await lane.submit(Row("b")), Done)
    assert set(await stored(pool)) == {"b"}


async def test_a_session_that_ended_while_the_lane_was_idle_is_replaced(pool: Pool, other: Connection) -> None:
    pids: list[int] = []

    async def tell(connection: Connection, rows: Sequence[Row]) -> list[Done]:
        pids.append(connection.get_server_pid())
        return await write(connection, rows)

    async with a_lane(pool, tell) as lane:
        await lane.submit(Row("a"))
        await other.execute("SELECT pg_terminate_backend($1, 5000)", pids[0])
        with suppress(Unavailable):  # the news of the end may still be on its way
            await lane.submit(Row("b"))
        assert isinstance(await lane.submit(Row("c")), Done)


async def test_a_session_lost_during_the_commit_leaves_the_outcome_unknown_to_the_whole_batch(pool: Pool) -> None:
    await pool.execute("""
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON entry DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.key = 'deadly') EXECUTE FUNCTION die();
    """)
    async with held(pool) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("deadly"))
        gate.opened.set()
        results = await outcomes(tasks)
        await pool.execute("DROP FUNCTION die CASCADE")
        assert [getattr(result, "code", None) for result in results] == ["lane.outcome_unknown"] * 2
        assert results[0] is not results[1]
        assert isinstance(results[0], LaneOutcomeUnknown)
        assert [len(batch) for batch in gate.batches] == [1, 2]  # not run again by the lane
        assert isinstance(await lane.submit(Row("a")), Done)  # but by its caller, under the same key


async def test_a_deferred_constraint_that_fails_at_the_commit_is_its_row_s_own(pool: Pool) -> None:
    await pool.execute("""
        CREATE TABLE kind (body text PRIMARY KEY);
        INSERT INTO kind VALUES ('good');
        ALTER TABLE entry ADD CONSTRAINT known FOREIGN KEY (body) REFERENCES kind DEFERRABLE INITIALLY DEFERRED;
    """)
    async with held(pool) as (lane, gate):
        tasks = await queue(lane, Row("a"), Row("b", "unknown"), Row("c"))
        gate.opened.set()
        one, two, three = await outcomes(tasks)
    await pool.execute("DROP TABLE kind CASCADE")
    assert isinstance(one, Done)
    assert isinstance(two, RowRefused)
    assert two.values["constraint"] == "known"
    assert isinstance(three, Done)


class Submission(msgspec.Struct, frozen=True):
    key: int
    bad: bool
    cancelled: bool


submissions = st.lists(st.builds(Submission, st.integers(0, 7), st.booleans(), st.booleans()), max_size=24)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mix=submissions, batch=st.integers(1, 8), flushers=st.integers(1, 3))
async def test_every_good_key_is_written_once_and_every_caller_hears_of_its_own_row(
    pool: Pool, mix: list[Submission], batch: int, flushers: int
) -> None:
    example = uuid.uuid4().hex
    rows = [Row(f"{example}-{one.key}-{one.bad}", "bad" if one.bad else str(one.key)) for one in mix]
    async with a_lane(pool, batch=batch, flushers=flushers) as lane:
        tasks = await queue(lane, *rows)
        for one, task in zip(mix, tasks, strict=True):
            if one.cancelled:
                task.cancel()
        results = await outcomes(tasks)
    found = {key: number for key, number in (await stored(pool)).items() if key.startswith(example)}
    assert set(found) == {row.key for row in rows if row.body != "bad"}
    for one, row, result in zip(mix, rows, results, strict=True):
        if one.cancelled:
            assert isinstance(result, asyncio.CancelledError)
        elif one.bad:
            assert isinstance(result, RowRefused)
        else:
            assert result == Done(found[row.key], row.body)


async def test_two_processes_on_the_same_keys_write_each_once_and_agree(pool: Pool, database: ScratchDatabase) -> None:
    keys = 200
    command = (sys.executable, Path(__file__).with_name("lane_process.py"))
    arguments = (database.url("migrate"), database.password("migrate"), str(keys))
    pipe = asyncio.subprocess.PIPE
    racers = [await asyncio.create_subprocess_exec(*command, *arguments, stdin=pipe, stdout=pipe) for _ in range(2)]
    for racer in racers:
        assert racer.stdout is not None
        assert await racer.stdout.readline() == b"ready\n"
    told = [msgspec.json.decode((await racer.communicate(b"go\n"))[0], type=dict[str, int]) for racer in racers]
    assert told[0] == told[1] == await stored(pool)
    assert len(told[0]) == keys
