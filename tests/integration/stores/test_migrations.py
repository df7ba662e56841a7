"""Migrations on a real database: each file once, whole or not at all, by one process at a time."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from dspace_core.stores import Connection, connect, migrate, pending, schema_version
from dspace_core.stores.refusals import LockTimeout, MigrationChanged, MigrationFailed, MigrationGap
from dspace_core.testing.servers import ScratchDatabase

AT_ONCE = timedelta(milliseconds=50)


@pytest.fixture
def url(database: ScratchDatabase) -> str:
    """The module's database, seen through a schema of the test's own."""
    return f"{database.url('migrate')}&search_path=s{uuid.uuid4().hex}"


@pytest.fixture
async def session(url: str, database: ScratchDatabase) -> AsyncIterator[Connection]:
    opened = await connect(url, password=database.password("migrate"))
    await opened.execute(f"CREATE SCHEMA {url.rpartition('=')[2]}")
    yield opened
    await opened.close()


def put(folder: Path, **files: str) -> Path:
    """Write files; `n0001_a="…"` becomes `0001_a.sql`."""
    for name, sql in files.items():
        (folder / f"{name.removeprefix('n')}.sql").write_text(sql)
    return folder


async def tables(session: Connection) -> set[str]:
    rows = await session.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return {row["tablename"] for row in rows}


async def test_a_fresh_database_is_at_version_nought(session: Connection, tmp_path: Path) -> None:
    folder = put(tmp_path, n0001_a="CREATE TABLE a ()")
    assert await schema_version(session) == 0
    assert [migration.number for migration in await pending(session, folder)] == [1]


async def test_files_are_applied_in_order_and_remembered(session: Connection, tmp_path: Path) -> None:
    folder = put(tmp_path, n0002_b="ALTER TABLE a ADD b int", n0001_a="CREATE TABLE a (); CREATE TABLE c ();")
    applied = await migrate(session, folder)
    assert [migration.name for migration in applied] == ["0001_a.sql", "0002_b.sql"]
    assert await schema_version(session) == 2
    assert await pending(session, folder) == ()
    row = await session.fetchrow("SELECT *, applied_at <= clock_timestamp() AS past FROM schema_migration ORDER BY 1")
    assert row is not None
    assert (row["name"], row["sha256"], row["past"]) == ("0001_a.sql", applied[0].sha256, True)


async def test_migrating_again_does_nothing(session: Connection, tmp_path: Path) -> None:
    folder = put(tmp_path, n0001_a="CREATE TABLE a ()")
    await migrate(session, folder)
    assert await migrate(session, folder) == ()


async def test_a_changed_file_is_named_and_nothing_is_applied(session: Connection, tmp_path: Path) -> None:
    await migrate(session, put(tmp_path, n0001_a="CREATE TABLE a ()"))
    folder = put(tmp_path, n0001_a="CREATE TABLE a () ", n0002_b="CREATE TABLE b ()")
    with pytest.raises(MigrationChanged) as refused:
        await migrate(session, folder)
    assert (refused.value.code, refused.value.values) == ("stores.migration_changed", {"file": "0001_a.sql"})
    assert await tables(session) == {"a", "schema_migration"}
    with pytest.raises(MigrationChanged):
        await pending(session, folder)


async def test_a_renamed_file_is_a_changed_file(session: Connection, tmp_path: Path) -> None:
    await migrate(session, put(tmp_path, n0001_a="CREATE TABLE a ()"))
    (tmp_path / "0001_a.sql").rename(tmp_path / "0001_b.sql")
    with pytest.raises(MigrationChanged):
        await migrate(session, tmp_path)


async def test_a_failure_leaves_what_came_before_and_nothing_of_its_own(session: Connection, tmp_path: Path) -> None:
    folder = put(
        tmp_path,
        n0001_a="CREATE TABLE a ()",
        n0002_b="CREATE TABLE b ();\n\nALTER TABLE nowhere ADD c int;",
        n0003_c="CREATE TABLE c ()",
    )
    with pytest.raises(MigrationFailed) as refused:
        await migrate(session, folder)
    assert refused.value.code == "stores.migration_failed"
    assert refused.value.values["file"] == "0002_b.sql"
    assert refused.value.values["sqlstate"] == "42P01"
    assert await tables(session) == {"a", "schema_migration"}
    assert await schema_version(session) == 1
    put(tmp_path, n0002_b="CREATE TABLE b ()")
    assert [migration.number for migration in await migrate(session, tmp_path)] == [2, 3]


async def test_the_line_of_a_mistake_is_told(session: Connection, tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed) as refused:
        await migrate(session, put(tmp_path, n0001_a="CREATE TABLE a ();\n\nCREATE TABEL b ();"))
    assert refused.value.values == {"file": "0001_a.sql", "sqlstate": "42601", "line": 3}


async def test_what_a_file_defers_fails_under_its_name(session: Connection, tmp_path: Path) -> None:
    sql = "CREATE TABLE a (k int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO a VALUES (1), (1);"
    with pytest.raises(MigrationFailed) as refused:
        await migrate(session, put(tmp_path, n0001_a=sql))
    assert refused.value.values["sqlstate"] == "23505"
    assert await tables(session) == set()


async def test_a_file_may_not_end_the_transaction(session: Connection, tmp_path: Path) -> None:
    with pytest.raises(MigrationFailed) as refused:
        await migrate(session, put(tmp_path, n0001_a="CREATE TABLE a (); COMMIT; CREATE TABLE b ();"))
    assert refused.value.values["sqlstate"] == "transaction ended"
    assert await schema_version(session) == 0


async def test_an_older_release_runs_on_a_newer_schema(session: Connection, tmp_path: Path) -> None:
    await migrate(session, put(tmp_path, n0001_a="CREATE TABLE a ()", n0002_b="CREATE TABLE b ()"))
    (tmp_path / "0002_b.sql").unlink()
    assert await migrate(session, tmp_path) == ()
    assert await pending(session, tmp_path) == ()
    assert await schema_version(session) == 2


async def test_a_file_is_never_applied_below_a_newer_one(session: Connection, tmp_path: Path) -> None:
    await migrate(session, put(tmp_path, n0001_a="CREATE TABLE a ()", n0002_b="CREATE TABLE b ()"))
    await session.execute("DELETE FROM schema_migration WHERE number = 1")
    with pytest.raises(MigrationGap) as refused:
        await migrate(session, tmp_path)
    assert refused.value.values == {"number": 1}


async def test_a_table_in_use_is_waited_for_no_longer_than_asked(
    session: Connection, tmp_path: Path, url: str, database: ScratchDatabase
) -> None:
    await migrate(session, put(tmp_path, n0001_a="CREATE TABLE a ()"))
    reader = await connect(url, password=database.password("migrate"))
    await reader.execute("BEGIN; SELECT * FROM a")
    folder = put(tmp_path, n0002_b="ALTER TABLE a ADD b int")
    with pytest.raises(LockTimeout):
        await migrate(session, folder, lock_timeout=AT_ONCE)
    await reader.close()
    assert [migration.number for migration in await migrate(session, folder)] == [2]


async def test_two_processes_that_start_together_migrate_once(
    session: Connection, tmp_path: Path, url: str, database: ScratchDatabase
) -> None:
    names = {f"n{number:04d}_t": f"CREATE TABLE t{number} (); SELECT pg_sleep(0.01);" for number in range(1, 13)}
    put(tmp_path, **names)
    command = (sys.executable, Path(__file__).with_name("migrate_process.py"))
    arguments = (url, database.password("migrate"), tmp_path)
    pipe = asyncio.subprocess.PIPE
    racers = [await asyncio.create_subprocess_exec(*command, *arguments, stdin=pipe, stdout=pipe) for _ in range(2)]
    for racer in racers:
        assert racer.stdout is not None
        assert await racer.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(racer.communicate(b"go\n") for racer in racers))
    assert [racer.returncode for racer in racers] == [0, 0]
    applied = [int(number) for out, _ in told for number in out.split()]
    assert sorted(applied) == list(range(1, 13))
    assert await schema_version(session) == 12
