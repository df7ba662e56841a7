"""The application: which routes, which parts, which answers to a refusal. One screen."""

import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, ControllerRouterHandler, Middleware

from dspace_backend import __version__
from dspace_backend.api import HANDLERS, ROUTES
from dspace_backend.edge import Edge
from dspace_backend.guard import Guard
from dspace_backend.metrics import Metrics
from dspace_backend.problems import on_accident, on_http_exception, on_refusal
from dspace_backend.routes.about import About
from dspace_backend.routes.health import health
from dspace_backend.routes.login import LOGIN
from dspace_backend.strict import BODY_LIMIT
from dspace_backend.wiring import Parts, open_parts
from dspace_core import Refusal
from dspace_core.machine import Settings

Opens = Callable[[], AbstractAsyncContextManager[Parts]]


def create_app(settings: Settings) -> ASGIApp:
    """The application over the servers that the settings name. They are opened at start and closed at the end."""
    metrics = Metrics()
    return Edge(whole(settings, metrics), metrics)


def whole(settings: Settings, metrics: Metrics) -> Litestar:
    """Every route, without the outermost layer."""
    about = About(ROUTES, metrics, __version__)
    return application(lambda: open_parts(settings), [health, *LOGIN, *about.handlers(), *HANDLERS])


def application(
    opens: Opens, handlers: Sequence[ControllerRouterHandler], middleware: Sequence[Middleware] | None = None
) -> Litestar:
    """Routes over parts that are opened when the application starts, behind the guard or another `middleware`."""
    opened: list[Parts] = []

    @asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        async with opens() as parts:
            opened.append(parts)
            # What lives from here on lives as long as the process: keep the collector from walking it.
            gc.collect()
            gc.freeze()
            yield
            opened.clear()

    async def provide_parts() -> Parts:
        return opened[0]

    def guarded(app: ASGIApp) -> ASGIApp:
        return Guard(app, lambda: opened[0].login.access)

    return Litestar(
        route_handlers=handlers,
        middleware=[guarded] if middleware is None else list(middleware),
        dependencies={"parts": Provide(provide_parts)},
        exception_handlers={Refusal: on_refusal, HTTPException: on_http_exception, Exception: on_accident},
        lifespan=[life],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_LIMIT,
    )
