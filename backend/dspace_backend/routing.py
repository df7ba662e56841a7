"""A route of ours: named once, with what it takes, gives and refuses, in both languages.

The strict decoder, the framework's handler and the API description all come from that one naming, so they cannot differ.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from dspace_backend.principal import Principal, Staff, person, staff
from dspace_backend.refusals import PersonOnly, RoleMissing, StaffOnly
from dspace_backend.strict import HeaderInvalid, read_body, read_query
from dspace_backend.wiring import Parts
from dspace_core import Refusal, Text

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Asked = Request[object, Principal | Staff | None, State]


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body or a query with nothing in it."""


class Call(Generic[T_co]):
    """One request as a route sees it: who asks, the path, what was read, and what the route works with."""

    def __init__(self, request: Asked, parts: Parts, taken: T_co) -> None:
        self.request = request
        self.parts = parts
        self.taken = taken
        """The body of a write, the query of a read."""

    @property
    def who(self) -> Principal:
        """The person who asks; the guard lets nobody unknown through to a route that is not listed as public.

        Raises PersonOnly for staff.
        """
        return person(self.request.auth)

    @property
    def desk(self) -> Staff:
        """The member of staff who asks. Raises StaffOnly for a person."""
        return staff(self.request.auth)

    def id(self, name: str) -> UUID:
        """An id in the path."""
        found: UUID = self.request.path_params[name]
        return found

    def text(self, name: str) -> str:
        """A word in the path."""
        found: str = self.request.path_params[name]
        return found

    @property
    def key(self) -> str:
        """The idempotency key of a write. Raises HeaderInvalid: 1 to 64 printable ASCII characters."""
        key = self.request.headers.get("idempotency-key", "")
        if not (1 <= len(key) <= 64 and key.isascii() and key.isprintable()):
            raise HeaderInvalid(name="Idempotency-Key")
        return key


Answer = Callable[[Call[T]], Awaitable[object]]
Admit = Callable[[object, str], None]
"""Refuses a caller whom the route of a name is not for, before anything of the request is read."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What the API description says of a route."""

    method: str
    path: str
    """As the framework writes it, `/v1/grants/{grant:uuid}`."""
    name: str
    tag: str
    summary: Text
    takes: type
    """The struct of the body of a write, of the query of a read."""
    gives: type | None
    status: int
    refuses: tuple[type[Refusal], ...]
    keyed: bool
    """Whether it needs an idempotency key."""
    turns_away: tuple[type[Refusal], ...]
    """What a caller is refused with whom it is not for."""
    example: object


class Routes:
    """The routes of one module, in their order; `admit` is asked of each call."""

    def __init__(self, tag: str, admit: Admit | None = None) -> None:
        self._tag = tag
        self._admit = admit
        self.named: list[Route] = []
        self.handlers: list[HTTPRouteHandler] = []

    def read(
        self,
        path: str,
        summary: Text,
        *,
        takes: type[T],
        gives: type | None,
        refuses: Sequence[type[Refusal]] = (),
        personal: bool = True,
    ) -> Callable[[Answer[T]], Answer[T]]:
        """Name a GET; `takes` is its query."""

        def named(answer: Answer[T]) -> Answer[T]:
            self._add(
                Route(
                    method="GET",
                    path=path,
                    name=answer.__name__,
                    tag=self._tag,
                    summary=summary,
                    takes=takes,
                    gives=gives,
                    status=200,
                    refuses=tuple(refuses),
                    keyed=False,
                    turns_away=self._turns_away(personal),
                    example=None,
                ),
                answer,
            )
            return answer

        return named

    def write(
        self,
        path: str,
        summary: Text,
        *,
        takes: type[T],
        gives: type | None,
        example: T,
        status: int = 200,
        refuses: Sequence[type[Refusal]] = (),
        keyed: bool = False,
        personal: bool = True,
    ) -> Callable[[Answer[T]], Answer[T]]:
        """Name a POST; `takes` is its body, `example` one of it."""

        def named(answer: Answer[T]) -> Answer[T]:
            self._add(
                Route(
                    method="POST",
                    path=path,
                    name=answer.__name__,
                    tag=self._tag,
                    summary=summary,
                    takes=takes,
                    gives=gives,
                    status=status,
                    refuses=tuple(refuses),
                    keyed=keyed,
                    turns_away=self._turns_away(personal),
                    example=example,
                ),
                answer,
            )
            return answer

        return named

    def _turns_away(self, personal: bool) -> tuple[type[Refusal], ...]:
        if self._admit is not None:
            return (StaffOnly, RoleMissing)
        return (PersonOnly,) if personal else ()

    def _add(self, route: Route, answer: Answer[Any]) -> None:
        self.named.append(route)
        self.handlers.append(_handler(route, answer, self._admit))


def _handler(route: Route, answer: Answer[Any], admit: Admit | None) -> HTTPRouteHandler:
    async def handle(request: Asked, parts: NamedDependency[Parts]) -> Response[bytes]:
        if admit is not None:
            admit(request.auth, route.name)
        if route.method == "GET":
            taken: object = read_query(list(request.query_params.multi_items()), route.takes)
        else:
            taken = read_body(request.headers.get("content-type"), await request.body(), route.takes)
        given = await answer(Call(request, parts, taken))
        if isinstance(given, Response):
            return given
        content = b"" if given is None else msgspec.json.encode(given)
        return Response(content, status_code=route.status, media_type="application/json")

    handle.__name__ = route.name
    decorate = HTTPRouteHandler(route.path, http_method=[route.method], status_code=route.status)  # type: ignore[list-item]
    return decorate(handle)
