"""The whole API in this process over a scratch space, for tests: who asks is what the test says, all else is real."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from dspace_backend.api import HANDLERS, ROUTES
from dspace_backend.app import application
from dspace_backend.edge import Edge
from dspace_backend.login.opening import open_login
from dspace_backend.metrics import Metrics
from dspace_backend.principal import Principal, Staff
from dspace_backend.routes.about import About
from dspace_backend.wiring import Parts
from dspace_core.calendar import WorkingCalendar
from dspace_core.cases import Closure, Intake, Means
from dspace_core.catalog import TrustLevel
from dspace_core.confine.crew import Crew
from dspace_core.confine.process import executed
from dspace_core.crypto import Secret
from dspace_core.machine.home import Home
from dspace_core.stores import ValkeyEphemeral
from dspace_core.testing.claims import PLUGIN
from dspace_core.testing.counter import CONTACTS
from dspace_core.testing.servers import settings_for, valkey_url_of
from dspace_core.testing.space import CLAIM, ScratchSpace, SpaceProcess
from dspace_core.values import Subject

SESSION = UUID(int=7)
"""The session in which everybody asks; nobody ever began it."""
T = TypeVar("T")


class Somebody:
    """Lets a request be whose the test says it is: who asks is settled before a route is reached."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set who asks by the headers `x-subject` and `x-level`; or by `x-staff`, an authority and roles."""
        if scope["type"] == ScopeType.HTTP:
            headers = dict(scope["headers"])
            if b"x-staff" in headers:
                authority, *roles = headers[b"x-staff"].decode().split()
                scope["auth"] = Staff(SESSION, SESSION, authority, frozenset(roles), "thumbprint")
            else:
                level = TrustLevel(int(headers.get(b"x-level", b"4")))
                subject = Subject(UUID(headers.get(b"x-subject", str(UUID(int=0)).encode()).decode()))
                scope["auth"] = Principal(subject, SESSION, "dev.phone", level, "thumbprint")
            scope["user"] = None
        await self._app(scope, receive, send)


@asynccontextmanager
async def parts_of(space: ScratchSpace, process: SpaceProcess) -> AsyncIterator[Parts]:
    """What the routes are given, over a process of a scratch space, with the real plugin."""
    session = process.session
    crew = Crew({PLUGIN: executed(Path(sys.executable))})
    await crew.start()
    try:
        async with AsyncExitStack() as opened:
            ephemeral = await opened.enter_async_context(await ValkeyEphemeral.open(valkey_url_of(space.servers)))
            means = Means(
                db=session.db,
                keyring=session.keyring,
                catalogue=lambda: process.catalogue,
                calendar=WorkingCalendar.load(),
                contacts=CONTACTS,
                gate=process.gate,
                lease=process.lease,
                plugins=crew,
            )
            closure = Closure(means)
            settings = settings_for(space.servers)
            home = Home(settings)
            home.secret("idp", make=True)
            login = await opened.enter_async_context(
                open_login(
                    settings,
                    home,
                    session.db,
                    ephemeral,
                    subject_of=process.book.subject_of,
                    staff_key=Secret(bytes(32)),
                )
            )
            yield Parts(
                settings=settings,
                main=session.db,
                keys=session.keyring.keys,
                ephemeral=ephemeral,
                keyring=session.keyring,
                book=process.book,
                catalogue=lambda: process.catalogue,
                calendar=means.calendar,
                gate=process.gate,
                intake=Intake(means, closure),
                closure=closure,
                log=space.ledger.place / "logs",
                version="test",
                login=login,
            )
    finally:
        await crew.close()


@asynccontextmanager
async def served(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """The API and its description over these parts, with a client of it."""

    @asynccontextmanager
    async def opens() -> AsyncIterator[Parts]:
        yield parts

    metrics = Metrics()
    app = application(opens, [*About(ROUTES, metrics, "test").handlers(), *HANDLERS], [Somebody])
    async with in_one_task(app.lifespan):
        transport = httpx.ASGITransport(app=Edge(app, metrics))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://space.test") as client:
            yield client


@asynccontextmanager
async def in_one_task(opens: Callable[[], AbstractAsyncContextManager[T]]) -> AsyncIterator[T]:
    """A context between its two ends, both in one task: a fixture's two halves run in two."""
    found: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def live() -> None:
        async with opens() as opened:
            found.set_result(opened)
            await over.wait()

    task = asyncio.create_task(live())
    await asyncio.wait((task, found), return_when=asyncio.FIRST_COMPLETED)
    if not found.done():
        await task
    yield found.result()
    over.set()
    await task


class Person:
    """Somebody with a phone."""

    def __init__(self, http: httpx.AsyncClient, subject: Subject, level: int = 4) -> None:
        self.http = http
        self.headers = {"x-subject": str(subject), "x-level": str(level)}

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Read."""
        return await self.http.get(path, headers={**self.headers, **headers})

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Write; without a body it is an empty object."""
        return await self.http.post(path, json={} if body is None else body, headers={**self.headers, **headers})

    async def notice(self) -> Any:
        """Begin a tap."""
        return (await self.post("/v1/notices", {"item": CLAIM})).json()

    async def tap(self, began: Any, key: str | None = None, **changes: object) -> httpx.Response:
        """File what a notice began."""
        body = {
            "case": began["case"],
            "item": CLAIM,
            "notice": began["notice"]["id"],
            "acts": began["notice"]["acts"],
            **changes,
        }
        return await self.post("/v1/cases", body, **{"idempotency-key": key or str(uuid4())})
