"""A source that is a PostgreSQL database of one authority, entered with a role that can read its record views only."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType

import asyncpg

from dspace_core.calendar import legal_day
from dspace_core.catalog import AuthorityId, DataCategory, DataField, FieldRef, FieldType, PredicateKind
from dspace_core.identifiers import SubjectId
from dspace_core.sources.datum import TrustedDatum, authoritative
from dspace_core.sources.refusals import (
    AnswerOnly,
    AnswerUnfit,
    NoRecord,
    RecordAmbiguous,
    SourceFieldUnknown,
    SourceStale,
    SourceUnavailable,
)
from dspace_core.sources.tables import AS_OF, Bound, select
from dspace_core.stores import Pool, Record, open_pool
from dspace_core.values import DataLevel, Period

STATEMENT_TIMEOUT = timedelta(seconds=2)
_TYPES = {FieldType.TEXT: str, FieldType.INTEGER: int, FieldType.BOOLEAN: bool, FieldType.DATE: date}


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
        """As the port says: (1) every field is known and may leave  (2) the source is fresh  (3) it has one record."""
        asked = [self._askable(category, name) for name in sorted(fields)]  # 1
        if not asked:
            return MappingProxyType({})
        rows = await self._rows(who, category, asked, at)
        validity = self._validity(category, rows[0]["_as_of"] if rows else None, at)  # 2
        answers = self._answers(category, asked, rows)  # 3
        return MappingProxyType(
            {
                field.id: authoritative(
                    FieldRef(category.id, field.id),
                    self._typed(field, answers[field.id]),
                    source=self._authority,
                    fetched_at=at,
                    validity=validity,
                )
                for field in asked
                if answers[field.id] is not None
            }
        )

    async def predicate(self, who: SubjectId, category: DataCategory, field: str, at: datetime) -> TrustedDatum:
        """As the port says."""
        if self._askable(category, field).predicate is None:
            raise SourceFieldUnknown(source=self._authority, category=category.id, field=field)
        answer = (await self.fetch(who, category, frozenset({field}), at)).get(field)
        if answer is None:
            raise NoRecord(source=self._authority, category=category.id)
        return answer

    async def freshness(self, category: DataCategory) -> datetime:
        """As the port says."""
        rows = await self._ask(AS_OF)
        if not rows:
            raise SourceStale(source=self._authority, category=category.id)
        stated: datetime = rows[0]["_as_of"]
        return stated

    def _askable(self, category: DataCategory, name: str) -> DataField:
        field = category.field(name) if category.source == self._authority else None
        if field is None:
            raise SourceFieldUnknown(source=self._authority, category=category.id, field=_shown(name))
        if field.level is DataLevel.L4 and field.predicate is None:
            raise AnswerOnly(category=category.id, field=name)
        return field

    async def _rows(
        self, who: SubjectId, category: DataCategory, fields: Sequence[DataField], at: datetime
    ) -> Sequence[Record]:
        if who.citizen_id is None:  # the registers know people by their citizen number
            raise NoRecord(source=self._authority, category=category.id)
        statement = select(category, fields, legal_day(at))
        return await self._ask(statement.text, who.value, *statement.bound)

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

    def _validity(self, category: DataCategory, as_of: datetime | None, at: datetime) -> Period:
        ends = None if as_of is None else as_of + timedelta(days=category.max_age_days)
        if ends is None or ends <= at:
            raise SourceStale(source=self._authority, category=category.id)
        return Period(at, ends)

    def _answers(
        self, category: DataCategory, asked: Sequence[DataField], rows: Sequence[Record]
    ) -> Mapping[str, object]:
        """What the record says. Without one, "is there a record" is answered by no, and nothing else is answered."""
        if len(rows) > 1:
            raise RecordAmbiguous(source=self._authority, category=category.id)
        if rows[0]["_found"]:
            return {field.id: rows[0][field.id] for field in asked}
        if all(field.predicate is not None and field.predicate.kind is PredicateKind.RECORDED for field in asked):
            return {field.id: False for field in asked}
        raise NoRecord(source=self._authority, category=category.id)

    def _typed(self, field: DataField, value: object) -> str | int | bool | date:
        """The value, if it is of the catalogue's type and of no type that merely resembles it."""
        if type(value) is _TYPES[field.type] and isinstance(value, str | int | bool | date):
            return value
        raise AnswerUnfit(source=self._authority, field=field.id)


def _shown(name: str) -> str:
    """A name that came from outside, if it looks like one: a refusal repeats nothing else."""
    return name if len(name) <= 64 and name.isascii() and name.isidentifier() else "?"
