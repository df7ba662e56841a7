"""One database per authority and the role that reads its record views. Run by a superuser of the cluster.

In production these databases are the authorities' own; here they stand in for them in development and tests.
"""

from importlib.resources import files

from dspace_core.catalog import AuthorityId
from dspace_core.stores import Connection

AUTHORITIES = (
    "public_security",
    "civil_affairs",
    "health",
    "human_resources",
    "bank",
    "medical_insurance",
    "market_regulation",
    "taxation",
    "disabled_persons",
    "education",
    "natural_resources",
    "credit",
    "justice",
    "provident_fund",
)
"""The authorities for which a schema ships."""
_LOCK = int.from_bytes(b"dspace-s", "big")


def role_of(authority: AuthorityId) -> str:
    """The read-only role of an authority, which is also the usual name of its database."""
    return f"dspace_src_{authority}"


async def create_database(admin: Connection, authority: AuthorityId, *, password: str, name: str) -> None:
    """Make the role and its database, or leave them as they are; the password is set anew.

    `admin` is a superuser's session in no transaction; `password` and `name` are our own, without quotes.
    """
    role = role_of(authority)
    await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        if not await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", role):
            await admin.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION")
        await admin.execute(f"ALTER ROLE {role} PASSWORD '{password}'")
        await admin.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
        await admin.execute(f"ALTER ROLE {role} SET statement_timeout = '2s'")
        if not await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name):
            await admin.execute(f'CREATE DATABASE "{name}"')
            await admin.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
            await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {role}')
    finally:
        await admin.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def lay_schema(inside: Connection, authority: AuthorityId) -> None:
    """Lay the tables and views of an authority into its database, unless they are there."""
    if await inside.fetchval("SELECT to_regclass('exchange')") is None:
        folder = files(__package__).joinpath("schema")
        parts = (folder.joinpath(name).read_text("utf-8") for name in ("made.sql", f"{authority}.sql"))
        await inside.execute("\n".join(parts))
