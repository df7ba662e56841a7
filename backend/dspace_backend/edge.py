"""The outermost layer: what every answer carries, what is counted, and one line per request that names nobody."""

import logging
import time

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from dspace_backend.metrics import Metrics

_log = logging.getLogger("dspace.access")
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
"""Of every answer that does not set them itself: a page has its own policy."""
UNROUTED = "unrouted"


class Edge:
    """An ASGI layer around the application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, with our headers on its answer; then count it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                named = {name.lower() for name, _ in headers}
                message["headers"] = [*headers, *(one for one in HEADERS if one[0] not in named)]
            await send(message)

        try:
            await self._app(scope, receive, out)
        finally:
            seconds = time.perf_counter() - begun
            self._metrics.answered(_route(scope), scope["method"], status, seconds)
            _log.info("%s %s %d %.1f ms", scope["method"], _route(scope), status, seconds * 1000)


def _route(scope: HTTPScope) -> str:
    """The route as it was declared. What was asked for may hold anything, and is not repeated."""
    return scope.get("path_template") or UNROUTED
