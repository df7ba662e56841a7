"""The application: which routes, which parts, which answers to a refusal. One screen."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from dspace_backend.guard import Guard
from dspace_backend.problems import on_accident, on_http_exception, on_refusal
from dspace_backend.routes.health import health
from dspace_backend.routes.login import LOGIN
from dspace_backend.routes.session import SESSION
from dspace_backend.wiring import Parts, open_parts
from dspace_core import Refusal
from dspace_core.machine import Settings


def create_app(settings: Settings) -> Litestar:
    """The application over the servers that the settings name. They are opened at start and closed at the end."""
    opened: list[Parts] = []

    @asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        async with open_parts(settings) as parts:
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
        route_handlers=[health, *LOGIN, *SESSION.handlers],
        middleware=[guarded],
        dependencies={"parts": Provide(provide_parts)},
        exception_handlers={Refusal: on_refusal, HTTPException: on_http_exception, Exception: on_accident},
        lifespan=[life],
        openapi_config=None,
        logging_config=None,
    )
