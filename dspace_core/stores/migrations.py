"""Forward-only migrations: numbered files of plain SQL, each applied once, in order, in a transaction of its own.

`schema_migration` remembers the digest of every file. Rows above the newest file are newer releases' and no matter:
code N-1 runs on schema N. Each transaction takes one advisory lock first, so processes that start together take turns.
"""

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import asyncpg
import msgspec

from dspace_core.stores.failures import refusal_for, sqlstate, unsay
from dspace_core.stores.refusals import (
    MigrationChanged,
    MigrationFailed,
    MigrationGap,
    MigrationMisnamed,
    MigrationTwice,
)
from dspace_core.stores.sessions import Connection
from dspace_core.stores.transactions import begin, commit, roll_back

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql", re.ASCII)
_LOCK = int.from_bytes(b"dspace-m", "big")
_LEDGER = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        number integer PRIMARY KEY,
        name text NOT NULL,
        sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""
_REMEMBER = "INSERT INTO schema_migration (number, name, sha256) VALUES ($1, $2, $3)"


class Migration(msgspec.Struct, frozen=True):
    """One file: its number, its name, the lower-case hex SHA-256 of its bytes, and its SQL."""

    number: int
    name: str
    sha256: str
    sql: str


def read_folder(folder: Path) -> tuple[Migration, ...]:
    """The migrations of a folder, in order. Raises MigrationMisnamed, MigrationTwice, MigrationGap."""
    found: dict[int, Migration] = {}
    for file in sorted(folder.glob("*.sql")):
        named = _NAME.fullmatch(file.name)
        if named is None:
            raise MigrationMisnamed(file=file.name)
        number, content = int(named[1]), file.read_bytes()
        if number in found:
            raise MigrationTwice(number=number)
        found[number] = Migration(number, file.name, hashlib.sha256(content).hexdigest(), content.decode())
    for expected, number in enumerate(found, start=1):
        if number != expected:
            raise MigrationGap(number=expected)
    return tuple(found.values())


async def migrate(
    connection: Connection, folder: Path, *, lock_timeout: timedelta = timedelta(minutes=1)
) -> tuple[Migration, ...]:
    """Apply what the database lacks; answer what this call applied. `connection` must be in no transaction.

    A file that fails leaves those before it applied and nothing of its own. `lock_timeout` bounds the wait for another
    process that migrates and for tables in use. Raises the refusals of `read_folder`, MigrationChanged (before anything
    is applied), MigrationFailed, LockTimeout, Unavailable.
    """
    migrations = read_folder(folder)
    applied: list[Migration] = []
    while (step := await _step(connection, migrations, lock_timeout)) is not None:
        applied.append(step)
    return tuple(applied)


async def pending(connection: Connection, folder: Path) -> tuple[Migration, ...]:
    """What `migrate` would apply. Needs SELECT on `schema_migration`, where there is one. Raises MigrationChanged."""
    return _missing(read_folder(folder), await _ledger(connection))


async def schema_version(connection: Connection) -> int:
    """The highest number applied; 0 for a database that was never migrated."""
    return max(await _ledger(connection), default=0)


async def _step(connection: Connection, migrations: tuple[Migration, ...], wait: timedelta) -> Migration | None:
    """Apply the next missing migration, if there is one, under the lock and on what others left."""
    try:
        await begin(connection, lock_timeout=wait)
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        missing = _missing(migrations, await _ledger(connection))
        if missing:
            await _apply(connection, missing[0])
    except BaseException as error:
        await roll_back(connection)
        refusal = refusal_for(error, connection)
        if refusal is not None:
            raise refusal from None
        raise
    await commit(connection)
    return missing[0] if missing else None


async def _apply(connection: Connection, migration: Migration) -> None:
    """Run one file and remember it, in the open transaction, which the file must leave open."""
    await connection.execute(_LEDGER)
    try:
        await connection.execute(migration.sql)
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what was deferred fails here, under this name
    except asyncpg.PostgresError as error:
        if refusal_for(error, connection) is not None:
            raise
        unsay(error)
        raise MigrationFailed(file=migration.name, sqlstate=sqlstate(error), line=_line(error, migration)) from error
    if not connection.is_in_transaction():
        raise MigrationFailed(file=migration.name, sqlstate="transaction ended", line=0)
    await connection.execute(_REMEMBER, migration.number, migration.name, migration.sha256)


def _line(error: asyncpg.PostgresError, migration: Migration) -> int:
    """The line of the file that the server points at; 0 when it points at none."""
    return migration.sql.count("\n", 0, int(error.position) - 1) + 1 if error.position else 0


async def _ledger(connection: Connection) -> dict[int, tuple[str, str]]:
    """Name and digest of every migration applied, by number."""
    if await connection.fetchval("SELECT to_regclass('schema_migration')") is None:
        return {}
    rows = await connection.fetch("SELECT number, name, sha256 FROM schema_migration")
    return {row["number"]: (row["name"], row["sha256"]) for row in rows}


def _missing(migrations: tuple[Migration, ...], ledger: dict[int, tuple[str, str]]) -> tuple[Migration, ...]:
    """The migrations that the ledger lacks: all above its newest, never one in between."""
    for migration in migrations:
        known = ledger.get(migration.number)
        if known is None:
            if ledger and migration.number < max(ledger):
                raise MigrationGap(number=migration.number)
        elif known != (migration.name, migration.sha256):
            raise MigrationChanged(file=migration.name)
    return tuple(migration for migration in migrations if migration.number not in ledger)
