"""A source that is entered when it is first asked: its authority may not be there yet when a process starts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from dspace_core.catalog import AuthorityId, DataCategory
from dspace_core.errors import Refusal
from dspace_core.identifiers import SubjectId
from dspace_core.sources.datum import TrustedDatum
from dspace_core.sources.refusals import SourceUnavailable
from dspace_core.sources.sql import SqlSource


class LaterSource:
    """A DataSource over one that is opened by the first ask. What cannot be opened is unavailable, and tried again."""

    def __init__(self, authority: AuthorityId, opens: Callable[[], Awaitable[SqlSource]]) -> None:
        self._authority = authority
        self._opens = opens
        self._opened: SqlSource | None = None
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        """Leave it, if it was entered."""
        if self._opened is not None:
            await self._opened.close()

    async def fetch(
        self, who: SubjectId, category: DataCategory, fields: frozenset[str], at: datetime
    ) -> Mapping[str, TrustedDatum]:
        """As the port says."""
        return await (await self._source()).fetch(who, category, fields, at)

    async def predicate(self, who: SubjectId, category: DataCategory, field: str, at: datetime) -> TrustedDatum:
        """As the port says."""
        return await (await self._source()).predicate(who, category, field, at)

    async def freshness(self, category: DataCategory) -> datetime:
        """As the port says."""
        return await (await self._source()).freshness(category)

    async def _source(self) -> SqlSource:
        async with self._opening:
            if self._opened is None:
                try:
                    self._opened = await self._opens()
                except Refusal as no:
                    raise SourceUnavailable(source=self._authority, reason=no.code) from None
            return self._opened
