"""A department's service for tests: a real HTTP server on 127.0.0.1 that answers honestly, or misbehaves as it is told.

Written from docs/formats/department.md and from nothing else of ours, so that it is a second opinion on the wire.
"""

import asyncio
import contextlib
import gzip
import json
import ssl
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec

from dspace_core.testing.registers import View

_LIMIT = 1 << 16


class Conduct(Enum):
    """How one request is met. Whatever is not HONEST is a fault that real services have, or a lie."""

    HONEST = auto()
    # It does not answer, or not in time.
    SILENT = auto()
    LATE = auto()
    DRIPS = auto()
    HANGS_UP = auto()
    CUTS = auto()
    # It answers that it cannot.
    FAILS = auto()
    OVERLOADED = auto()
    AWAY_FOR_HOURS = auto()
    REFUSES_LOGIN = auto()
    REDIRECTS = auto()
    # Its answer is another one than asked for.
    REPEATS_OLD = auto()
    OTHER_SUBJECT = auto()
    NO_SUBJECT = auto()
    OTHER_TYPE = auto()
    FURTHER_FIELD = auto()
    TWO_RECORDS = auto()
    NO_RECORD = auto()
    CONTRADICTS = auto()
    STALE = auto()
    STATES_NOTHING = auto()
    AHEAD_OF_TIME = auto()
    # Its answer is none.
    NOT_HTTP = auto()
    MANY_HEADERS = auto()
    OTHER_MEDIA = auto()
    OTHER_CHARSET = auto()
    COMPRESSED = auto()
    HUGE = auto()
    ENDLESS = auto()
    DEEP = auto()
    KEY_TWICE = auto()
    MALFORMED = auto()


class Query(msgspec.Struct, frozen=True):
    """What was asked, read from a body."""

    request: str
    category: str
    subject: Mapping[str, str] | None
    fields: Sequence[str]
    questions: Sequence[Mapping[str, Any]]


class Reply(msgspec.Struct):
    """What is answered, before it is written."""

    request: str
    as_of: datetime | None
    subject: Mapping[str, str] | None
    records: list[dict[str, Any]]


class Dialect(Protocol):
    """How a department writes what it is asked and what it answers."""

    def read(self, path: str, body: bytes) -> Query:
        """The query in a body."""
        ...

    def write(self, reply: Reply) -> bytes:
        """The body of a reply."""
        ...


class Seen(msgspec.Struct, frozen=True):
    """One request as it arrived: its head, byte by byte, and its body."""

    head: bytes
    body: bytes
    query: Query


class Plain:
    """The dialect of docs/formats/department.md."""

    def read(self, _path: str, body: bytes) -> Query:
        """See `Dialect`."""
        said = json.loads(body)
        asked = (said.get("subject"), said.get("fields", []), said.get("questions", []))
        return Query(said["request"], said["category"], *asked)

    def write(self, reply: Reply) -> bytes:
        """See `Dialect`."""
        said: dict[str, Any] = {"request": reply.request, "as_of": reply.as_of and reply.as_of.isoformat()}
        if reply.subject is not None:
            said |= {"subject": reply.subject, "records": reply.records}
        return json.dumps(said, ensure_ascii=False, default=date.isoformat).encode()


class Department:
    """The service. Use it as an async context manager; `origin` is where it is then."""

    def __init__(
        self,
        views: Mapping[str, View],
        as_of: datetime,
        *,
        dialect: Dialect | None = None,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`views` by category, as `registers.views_of` makes them; `token` is what callers have to show, if any."""
        self._views = views
        self._as_of = as_of
        self._dialect = dialect or Plain()
        self._token = token
        self._tls = tls
        self._next: deque[Conduct] = deque()
        self._talks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._first: bytes | None = None
        self.port = 0
        self.always = Conduct.HONEST
        """How requests are met for which nothing else was arranged."""
        self.late = 1.0
        """Seconds after which LATE answers, and over which DRIPS sends each byte."""
        self.seen: list[Seen] = []
        """Every request that arrived whole."""
        self.connections = 0
        """How many were ever opened."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def origin(self) -> str:
        """The address to configure."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    def arrange(self, *conducts: Conduct) -> None:
        """Meet the next requests like this, one after the other."""
        self._next.extend(conducts)

    async def open(self) -> None:
        """Begin to serve; again on the same port after `close`."""
        self._server = await asyncio.start_server(
            self._met, "127.0.0.1", self.port, limit=_LIMIT, ssl=self._tls, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Go down: nobody is answered any more, also not those who wait."""
        if self._server is not None:
            self._server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        talk = asyncio.current_task()
        assert talk is not None  # noqa: S101
        self._talks.add(talk)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._talk(reader, writer):
                    pass
        finally:
            self._talks.discard(talk)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Meet one request; whether the connection goes on."""
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        query = self._dialect.read(lines[0].split(" ")[1], body)
        self.seen.append(Seen(head, body, query))
        conduct = self._next.popleft() if self._next else self.always
        if self._token is not None and headers.get("authorization") != f"Bearer {self._token}":
            conduct = Conduct.REFUSES_LOGIN
        written = _STATUSES.get(conduct) or self._answer(query, conduct)
        match conduct:
            case Conduct.SILENT:
                await reader.read()  # until the other side gives up
                return False
            case Conduct.LATE:
                await asyncio.sleep(self.late)
            case Conduct.DRIPS:
                for at in range(len(written)):
                    writer.write(written[at : at + 1])
                    await writer.drain()
                    await asyncio.sleep(self.late)
                return False
            case Conduct.HANGS_UP:
                return False
            case Conduct.CUTS:
                written = written[:-20]
            case Conduct.ENDLESS:
                writer.write(_head(b"Transfer-Encoding: chunked\r\nContent-Type: application/json"))
                while True:
                    writer.write(b"1000\r\n" + b" " * 0x1000 + b"\r\n")
                    await writer.drain()
        writer.write(written)
        await writer.drain()
        if conduct is Conduct.CUTS:
            writer.close()
            await writer.wait_closed()
        return conduct is not Conduct.CUTS

    def _answer(self, query: Query, conduct: Conduct) -> bytes:
        """The whole response to a query, bent as the conduct wants."""
        reply = self._honest(query)
        _LIES.get(conduct, _nothing)(reply)
        body = self._dialect.write(reply)
        if self._first is None:
            self._first = body
        if conduct is Conduct.REPEATS_OLD:
            body = self._first
        headers, body = _BENT.get(conduct, _whole)(body)
        return _head(headers + b"\r\nContent-Length: %d" % len(body)) + body

    def _honest(self, query: Query) -> Reply:
        if query.subject is None:
            return Reply(query.request, self._as_of, None, [])
        row = self._views[query.category].get(query.subject["number"])
        if row is None:
            return Reply(query.request, self._as_of, query.subject, [])
        record: dict[str, Any] = {name: row[name] for name in query.fields}
        record |= {asked["field"]: _holds(asked, row) for asked in query.questions}
        return Reply(query.request, self._as_of, query.subject, [record])


def _holds(asked: Mapping[str, Any], row: Mapping[str, Any]) -> bool | None:
    """The answer to one question; None where the record says nothing."""
    kind = asked["kind"]
    if kind == "recorded":
        return True
    value = row[asked["of"]]
    if value is None:
        return None
    if kind == "not_after":
        return bool(value.isoformat() <= asked["operand"])
    return bool(value >= asked["operand"] if kind == "at_least" else value == asked["operand"])


def _head(headers: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + headers + b"\r\n\r\n"


_EMPTY = b"Content-Length: 0"
_STATUSES = {
    Conduct.FAILS: _head(_EMPTY, b"500 Internal Server Error"),
    Conduct.OVERLOADED: _head(b"Retry-After: 1\r\n" + _EMPTY, b"429 Too Many Requests"),
    Conduct.AWAY_FOR_HOURS: _head(b"Retry-After: 86400\r\n" + _EMPTY, b"503 Service Unavailable"),
    Conduct.REFUSES_LOGIN: _head(_EMPTY, b"401 Unauthorized"),
    Conduct.REDIRECTS: _head(b"Location: /v1/elsewhere\r\n" + _EMPTY, b"307 Temporary Redirect"),
    Conduct.NOT_HTTP: b"220 mail.example ESMTP\r\n\r\n",
    Conduct.MANY_HEADERS: _head(b"\r\n".join(b"X-%d: 1" % at for at in range(200)) + b"\r\n" + _EMPTY),
}


def _nothing(_reply: Reply) -> None:
    """No lie."""


def _other_subject(reply: Reply) -> None:
    if reply.subject is not None:
        reply.subject = {**reply.subject, "number": reply.subject["number"][::-1]}


def _no_subject(reply: Reply) -> None:
    reply.subject = None


def _other_type(reply: Reply) -> None:
    """Numbers become texts, everything else a number: each resembles what it should be."""
    reply.records = [
        {name: str(value) if type(value) is int else 1 for name, value in record.items()} for record in reply.records
    ]


def _further_field(reply: Reply) -> None:
    reply.records = [{**record, "citizen_id": "?"} for record in reply.records]


def _two_records(reply: Reply) -> None:
    reply.records *= 2


def _no_record(reply: Reply) -> None:
    reply.records = []


def _contradicts(reply: Reply) -> None:
    """There is a record, which says that there is none."""
    reply.records = [dict.fromkeys(record, False) for record in reply.records]


def _stale(reply: Reply) -> None:
    reply.as_of = datetime(2000, 1, 1, tzinfo=UTC)


def _states_nothing(reply: Reply) -> None:
    reply.as_of = None


def _ahead_of_time(reply: Reply) -> None:
    reply.as_of = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


_LIES: Mapping[Conduct, Callable[[Reply], None]] = {
    Conduct.OTHER_SUBJECT: _other_subject,
    Conduct.NO_SUBJECT: _no_subject,
    Conduct.OTHER_TYPE: _other_type,
    Conduct.FURTHER_FIELD: _further_field,
    Conduct.TWO_RECORDS: _two_records,
    Conduct.NO_RECORD: _no_record,
    Conduct.CONTRADICTS: _contradicts,
    Conduct.STALE: _stale,
    Conduct.STATES_NOTHING: _states_nothing,
    Conduct.AHEAD_OF_TIME: _ahead_of_time,
}

_JSON = b"Content-Type: application/json"


def _whole(body: bytes) -> tuple[bytes, bytes]:
    return _JSON + b"; charset=utf-8", body


_BENT: Mapping[Conduct, Callable[[bytes], tuple[bytes, bytes]]] = {
    Conduct.OTHER_MEDIA: lambda body: (b"Content-Type: text/html", body),
    Conduct.OTHER_CHARSET: lambda body: (_JSON + b"; charset=gb18030", body),
    Conduct.COMPRESSED: lambda body: (_JSON + b"\r\nContent-Encoding: gzip", gzip.compress(body)),
    Conduct.HUGE: lambda body: (_JSON, body + b" " * (1 << 17)),
    Conduct.DEEP: lambda _: (_JSON, b"[" * 30_000 + b"]" * 30_000),
    Conduct.KEY_TWICE: lambda body: (_JSON, body.replace(b"{", b'{"request": "0", ', 1)),
    Conduct.MALFORMED: lambda body: (_JSON, body[:-1]),
}
