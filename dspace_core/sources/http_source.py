"""A source that a department serves over HTTP, through a translator that the host does not trust.

Not handed on by the room's face: it needs the extra `http`, which a deployment of databases does without.
"""

import contextlib
import re
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

import msgspec

from dspace_core.calendar import legal_day
from dspace_core.catalog import AuthorityId, DataCategory, FieldType, Predicate, PredicateKind
from dspace_core.errors import Refusal
from dspace_core.identifiers import SubjectId
from dspace_core.scenario import FieldName
from dspace_core.sources.asking import Asked, recorded
from dspace_core.sources.breaker import Breaker
from dspace_core.sources.datum import TrustedDatum
from dspace_core.sources.endpoint import Endpoint, read_endpoint
from dspace_core.sources.exchange import Exchange, Failure, Flaw, Limits
from dspace_core.sources.refusals import AnswerUnfit, SourceStale, SourceUnavailable
from dspace_core.sources.tables import years_before
from dspace_core.translation import (
    HttpRequest,
    HttpResponse,
    Record,
    SourceAnswer,
    SourceAsk,
    SourceTranslator,
    Who,
    YesNo,
    YesNoKind,
)
from dspace_core.values import random_id, utc

AHEAD = timedelta(minutes=5)
"""How far a source's statement of completeness may lie ahead of our clock."""
_TRANSLATOR = "translator"
"""The reason where the translator makes no request that the host would send."""
_KINDS = {
    PredicateKind.YEARS_AT_LEAST: YesNoKind.NOT_AFTER,
    PredicateKind.AT_LEAST: YesNoKind.AT_LEAST,
    PredicateKind.IS: YesNoKind.IS,
    PredicateKind.RECORDED: YesNoKind.RECORDED,
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_request = msgspec.msgpack.Decoder(HttpRequest)
_answer = msgspec.msgpack.Decoder(SourceAnswer)


async def open_http_source(
    authority: AuthorityId,
    endpoint: Endpoint,
    translator: SourceTranslator,
    *,
    limits: Limits | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> "HttpSource":
    """Read the endpoint and its files; nothing is sent yet. `clock` is the breaker's. Raises EndpointUnfit."""
    way = read_endpoint(authority, endpoint)
    return HttpSource(authority, translator, Exchange(authority, way, Breaker(clock), limits or Limits()))


class HttpSource:
    """One department's service as a DataSource."""

    def __init__(self, authority: AuthorityId, translator: SourceTranslator, exchange: Exchange) -> None:
        self._authority = authority
        self._translator = translator
        self._paths = frozenset(translator.paths)  # as they are before anybody is asked about
        self._exchange = exchange

    async def close(self) -> None:
        """End the connections."""
        await self._exchange.close()

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
        answer = await self._answered(category, SourceAsk(request=random_id(), category=category.id))
        if answer.as_of is None:
            raise SourceStale(source=self._authority, category=category.id)
        return self._instant(category, answer.as_of)

    async def _data(self, who: SubjectId, asked: Asked) -> Mapping[str, TrustedDatum]:
        """Believe an answer only if (1) its statement of completeness is of the past  (2) it has the asked fields only
        (3) what it says agrees with itself; the rest is `Asked.data`."""
        category = asked.category
        ask = SourceAsk(
            request=random_id(),
            category=category.id,
            who=Who(type=who.type, number=who.value),
            fields=tuple(field.id for field in asked.fields if field.predicate is None),
            questions=tuple(
                _question(field.id, field.predicate, legal_day(asked.at))
                for field in asked.fields
                if field.predicate is not None
            ),
        )
        answer = await self._answered(category, ask)
        as_of = None if answer.as_of is None else self._instant(category, answer.as_of)
        if as_of is not None and as_of > asked.at + AHEAD:  # 1
            raise self._unfit(category, Flaw.AS_OF)
        names = {field.id for field in asked.fields}
        if not all(record.keys() <= names for record in answer.records):  # 2
            raise self._unfit(category, Flaw.FIELDS)
        there = [field.id for field in asked.fields if recorded(field)]
        if any(record.get(name) is not True for record in answer.records for name in there):  # 3
            raise self._unfit(category, Flaw.CONTRADICTION)
        return asked.data(as_of, [_values(asked, record) for record in answer.records])

    async def _answered(self, category: DataCategory, ask: SourceAsk) -> SourceAnswer:
        """The answer to this very ask: it bears its id and, if it is about somebody, their document."""
        got = await self._exchange.send(self._encoded(ask))
        if isinstance(got, Failure):
            raise SourceUnavailable(source=self._authority, reason=got.reason)
        answer = got if isinstance(got, Flaw) else self._decoded(got)
        if isinstance(answer, Flaw):
            raise self._unfit(category, answer)
        if answer.request != ask.request:
            raise self._unfit(category, Flaw.REQUEST)
        if answer.who != ask.who:
            raise self._unfit(category, Flaw.SUBJECT)
        return answer

    # The translator's two functions. What comes out of them is read again as if it came over a wire, and what they
    # raise is dropped whole: it may hold what it was about.

    def _encoded(self, ask: SourceAsk) -> HttpRequest:
        request: HttpRequest | None = None
        with contextlib.suppress(Exception):  # a stranger's code may raise anything
            request = _request.decode(msgspec.msgpack.encode(self._translator.encode(ask)))
        if request is None or request.path not in self._paths:
            raise SourceUnavailable(source=self._authority, reason=_TRANSLATOR)
        return request

    def _decoded(self, response: HttpResponse) -> SourceAnswer | Flaw:
        try:
            return _answer.decode(msgspec.msgpack.encode(self._translator.decode(response)))
        except Exception:  # noqa: BLE001  (a stranger's code)
            return Flaw.UNREADABLE

    def _instant(self, category: DataCategory, stated: datetime) -> datetime:
        try:
            return utc(stated)
        except Refusal:
            raise self._unfit(category, Flaw.AS_OF) from None

    def _unfit(self, category: DataCategory, flaw: Flaw) -> AnswerUnfit:
        return AnswerUnfit(source=self._authority, about=category.id, flaw=flaw.value)


def _question(field: FieldName, predicate: Predicate, today: date) -> YesNo:
    """The question behind a yes-or-no field; an age is reckoned here, by the legal day."""
    operand = predicate.operand
    if predicate.kind is PredicateKind.YEARS_AT_LEAST and isinstance(operand, int):
        operand = years_before(today, operand).isoformat()
    return YesNo(field=field, kind=_KINDS[predicate.kind], of=predicate.of, operand=operand)


def _values(asked: Asked, record: Record) -> Mapping[str, object]:
    """The record with its dates read; what is no date stays as it is, and is refused by its type."""
    dates = {field.id for field in asked.fields if field.type is FieldType.DATE}
    return {name: _date(value) if name in dates else value for name, value in record.items()}


def _date(value: object) -> object:
    """The date written YYYY-MM-DD, and in no other of the forms that ISO 8601 has."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    return value
