"""A source that is a PostgreSQL database of one authority, entered with a role that can read its record views only."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

import asyncpg

from dspace_core.calendar import legal_day
from dspace_core.catalog import AuthorityId, DataCategory
from dspace_core.identifiers import SubjectId
from dspace_core.sources.asking import Asked
from dspace_core.sources.datum import TrustedDatum
from dspace_core.sources.refusals import NoRecord, SourceStale, SourceUnavailable
from dspace_core.sources.tables import AS_OF, Bound, select
from dspace_core.stores import Pool, Record, open_pool

STATEMENT_TIMEOUT = timedelta(seconds=2)


async def open_sql_source(
    authority: AuthorityId,
    url: str,
    *,
    password: str | None,
    setting: str,
    size: int = 4,
    statement_timeout: timedelta = STATEMENT_TIMEOUT,
) -> "SqlSource":
    """Enter the database of an authority. Sessions are read-only and a statement that takes too long is ended there.

    `setting` is what refusals call the address. Raises BadUrl, LoginRefused, Unavailable (of the stores).
    """
    session = {
        "application_name": "dspace source",
        "default_transaction_read_only": "on",
        "statement_timeout": str(statement_timeout // timedelta(milliseconds=1)),
    }
    return SqlSource(authority, await open_pool(url, password=password, size=size, setting=setting, session=session))


class SqlSource:
    """One authority's database as a DataSource. Statements are prepared by the driver, once per session."""

    def __init__(self, authority: AuthorityId, pool: Pool, *, patience: timedelta = timedelta(seconds=5)) -> None:
        self._authority = authority
        self._pool = pool
        self._patience = patience.total_seconds()

    async def close(self) -> None:
        """End the sessions."""
        await self._pool.close()

    async def fetch(
        self, who: SubjectId, category: DataCategory, fields: frozenset[str], at: datetime
    ) -> Mapping[str, TrustedDatum]:
        """As the port says."""
        asked = Asked.of(self._authority, category, fields, at)
        return await self._data(who, asked) if asked.fields else MappingProxyType({})

    async def predicate(self, who: SubjectId, category: DataCategory, field: str, at: datetime) -> TrustedDatum:
        """As the port says."""
        asked = Asked.by_yes_or_no(self._authority, category, field, at)
        return asked.only(await self._data(who, asked))

    async def freshness(self, category: DataCategory) -> datetime:
        """As the port says."""
        rows = await self._ask(AS_OF)
        if not rows:
            raise SourceStale(source=self._authority, category=category.id)
        stated: datetime = rows[0]["_as_of"]
        return stated

    async def _data(self, who: SubjectId, asked: Asked) -> Mapping[str, TrustedDatum]:
        if who.citizen_id is None and who.uscc is None:  # the registers know nobody by another number
            raise NoRecord(source=self._authority, category=asked.category.id)
        statement = select(asked.category, asked.fields, legal_day(asked.at))
        rows = await self._ask(statement.text, who.value, *statement.bound)
        return asked.data(rows[0]["_as_of"] if rows else None, [dict(row) for row in rows if row["_found"]])

    async def _ask(self, text: str, *bound: Bound) -> Sequence[Record]:
        try:
            async with self._pool.acquire(timeout=self._patience) as session:
                return await session.fetch(text, *bound)
        except (
            TimeoutError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            OSError,
        ) as error:
            reason = type(error).__name__
        raise SourceUnavailable(source=self._authority, reason=reason)
