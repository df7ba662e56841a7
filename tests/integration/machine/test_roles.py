"""Least privilege: each role sees what a migration names, nothing else (design section 4)."""

import asyncpg
import pytest

from dspace_core.stores import Connection, connect
from dspace_core.testing import ScratchDatabase


@pytest.fixture(scope="module")
def migrated(database: ScratchDatabase) -> ScratchDatabase:
    return database.migrate()


async def entered(database: ScratchDatabase, role: str) -> Connection:
    return await connect(database.url(role), password=database.password(role))


@pytest.mark.parametrize("role", ["app", "notary"])
async def test_a_serving_role_makes_no_table_and_sees_none_that_was_not_named(
    migrated: ScratchDatabase, role: str
) -> None:
    owner = await entered(migrated, "migrate")
    await owner.execute("CREATE TABLE IF NOT EXISTS unnamed (n int)")
    await owner.close()
    session = await entered(migrated, role)
    for statement in ("SELECT * FROM unnamed", "CREATE TABLE mine (n int)", "CREATE TEMP TABLE mine (n int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(statement)
    assert await session.fetchval("SELECT count(*) FROM schema_migration") >= 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute("DELETE FROM schema_migration")
    await session.close()


@pytest.mark.parametrize("role", ["app", "notary", "migrate"])
async def test_no_role_of_ours_may_make_roles_or_databases(migrated: ScratchDatabase, role: str) -> None:
    session = await entered(migrated, role)
    for statement in ("CREATE ROLE another", "CREATE DATABASE another", "COPY (SELECT 1) TO PROGRAM 'true'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(statement)
    await session.close()


async def test_a_forgotten_transaction_of_a_serving_role_is_ended(migrated: ScratchDatabase) -> None:
    session = await entered(migrated, "app")
    assert await session.fetchval("SHOW idle_in_transaction_session_timeout") == "500ms"
    await session.close()


async def test_a_wrong_password_is_refused(migrated: ScratchDatabase) -> None:
    with pytest.raises(Exception, match=r"stores\.login_refused"):
        await connect(migrated.url("app"), password="wrong")
