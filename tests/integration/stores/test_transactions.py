"""Transactions: what stands, what is refused, and by which name."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest

from dspace_core.stores import (
    BrokenWriteError,
    Connection,
    Isolation,
    Pool,
    check_clocks,
    clock_skew,
    clocks,
    open_pool,
    transaction,
)
from dspace_core.stores.refusals import (
    ClocksApart,
    ConcurrentChange,
    LockTimeout,
    OutcomeUnknown,
    Unavailable,
)
from dspace_core.testing.servers import ScratchDatabase

CANARY = "440100199003070011"
AT_ONCE = timedelta(milliseconds=50)
ADD = "UPDATE account SET amount = amount + 1 WHERE name = $1"


@pytest.fixture(autouse=True)
async def account(pool: Pool) -> AsyncIterator[None]:
    await pool.execute("""
        CREATE TABLE account (name text PRIMARY KEY, amount int NOT NULL CHECK (amount < 100));
        INSERT INTO account VALUES ('a', 0), ('b', 0);
    """)
    yield
    await pool.execute("DROP TABLE account")


async def amount(pool: Pool, name: str = "a") -> int:
    found: int = await pool.fetchval("SELECT amount FROM account WHERE name = $1", name)
    return found


async def test_a_block_that_ends_is_committed(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await connection.execute(ADD, "a")
    assert await amount(pool) == 1


async def test_a_block_that_raises_is_undone(pool: Pool) -> None:
    async def fail() -> None:
        async with transaction(pool) as connection:
            await connection.execute(ADD, "a")
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert await amount(pool) == 0


async def test_a_cancelled_block_is_undone_and_its_session_goes_on(pool: Pool) -> None:
    inside = asyncio.Event()

    async def stay() -> None:
        async with transaction(pool) as connection:
            await connection.execute(ADD, "a")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stay())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await amount(pool) == 0


async def test_an_error_that_was_swallowed_is_a_loud_fault(pool: Pool) -> None:
    async def swallow() -> None:
        async with transaction(pool) as connection:
            await connection.execute(ADD, "a")
            with suppress(asyncpg.CheckViolationError):
                await connection.execute("UPDATE account SET amount = 100")

    with pytest.raises(BrokenWriteError):
        await swallow()
    assert await amount(pool) == 0


async def test_a_database_error_passes_without_the_values_it_quotes(pool: Pool) -> None:
    with pytest.raises(asyncpg.UniqueViolationError) as raised:
        async with transaction(pool) as connection:
            await connection.execute("INSERT INTO account VALUES ('a', 1)")
    assert raised.value.constraint_name == "account_pkey"
    assert str(raised.value) == "23505 account_pkey"


async def test_a_lock_that_is_not_had_in_time_is_refused(pool: Pool, other: Connection) -> None:
    await other.execute("BEGIN; UPDATE account SET amount = 5")
    with pytest.raises(LockTimeout) as refused:
        async with transaction(pool, lock_timeout=AT_ONCE) as connection:
            await connection.execute(ADD, "a")
    assert refused.value.code == "stores.lock_timeout"
    await other.execute("ROLLBACK")


async def test_a_serialization_failure_is_a_concurrent_change(pool: Pool, other: Connection) -> None:
    async def collide() -> None:
        async with transaction(pool, Isolation.REPEATABLE_READ) as connection:
            await connection.fetch("SELECT * FROM account")
            await other.execute(ADD, "a")
            await connection.execute(ADD, "a")

    with pytest.raises(ConcurrentChange) as refused:
        await collide()
    assert refused.value.code == "stores.concurrent_change"
    assert await amount(pool) == 1


async def test_write_skew_is_refused_when_serializable(pool: Pool) -> None:
    async def move(read: str, write: str, read_both: asyncio.Barrier) -> None:
        async with transaction(pool, Isolation.SERIALIZABLE) as connection:
            await connection.fetchval("SELECT amount FROM account WHERE name = $1", read)
            await read_both.wait()
            await connection.execute(ADD, write)

    barrier = asyncio.Barrier(2)
    results = await asyncio.gather(move("a", "b", barrier), move("b", "a", barrier), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["ConcurrentChange", "NoneType"]


async def test_a_transaction_that_only_reads_cannot_write(pool: Pool) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with transaction(pool, read_only=True) as connection:
            await connection.execute(ADD, "a")


async def test_a_session_lost_inside_is_unavailable_and_nothing_is_written(pool: Pool, other: Connection) -> None:
    async def lose() -> None:
        async with transaction(pool) as connection:
            await connection.execute(ADD, "a")
            await other.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
            await connection.execute(ADD, "a")

    with pytest.raises(Unavailable) as refused:
        await lose()
    assert refused.value.values["where"] == "session"
    assert await amount(pool) == 0


async def test_a_session_lost_during_the_commit_leaves_the_outcome_unknown(pool: Pool) -> None:
    await pool.execute("""
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER dies AFTER UPDATE ON account DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION die();
    """)
    with pytest.raises(OutcomeUnknown) as refused:
        async with transaction(pool) as connection:
            await connection.execute(ADD, "a")
    assert refused.value.code == "stores.outcome_unknown"
    await pool.execute("DROP FUNCTION die CASCADE")


async def test_a_closed_pool_is_unavailable(database: ScratchDatabase) -> None:
    closed = await open_pool(database.url("app"), password=database.password("app"), size=1)
    await closed.close()
    with pytest.raises(Unavailable):
        async with transaction(closed):
            raise AssertionError


async def test_the_clocks_of_one_machine_agree(pool: Pool, other: Connection) -> None:
    assert abs(await clock_skew(other)) < timedelta(seconds=1)
    await check_clocks(pool)


@pytest.mark.parametrize("seconds", [-3, 3])
async def test_clocks_further_apart_than_the_limit_are_refused(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    real = clocks._now
    monkeypatch.setattr(clocks, "_now", lambda: real() + timedelta(seconds=seconds))
    with pytest.raises(ClocksApart) as refused:
        await check_clocks(pool)
    assert refused.value.code == "stores.clocks_apart"
    assert refused.value.values["limit_ms"] == 2000
    apart = refused.value.values["apart_ms"]
    assert isinstance(apart, int)
    assert 2500 < apart < 3500


@pytest.mark.parametrize("statement", ["SELECT $1::uuid", "SELECT $1::int", "SELECT $1::date"])
async def test_a_value_that_does_not_fit_is_in_no_line_of_the_traceback(pool: Pool, statement: str) -> None:
    """Article 9. The driver's own check of a value raises from the codec's error, which quotes the value."""
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as caught:
        async with transaction(pool) as connection:
            await connection.fetchval(statement, CANARY)
    written = "".join(traceback.format_exception(caught.value))
    assert CANARY not in written


async def test_a_value_that_the_server_refuses_is_in_no_line_of_the_traceback(pool: Pool) -> None:
    with pytest.raises(asyncpg.PostgresError) as caught:
        async with transaction(pool) as connection:
            await connection.fetchval("SELECT $1::text::uuid", CANARY)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
