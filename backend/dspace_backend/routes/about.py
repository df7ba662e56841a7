"""What is told about the service itself: its description, the page made from it, and figures for operators."""

import ipaddress

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

from dspace_backend.metrics import Metrics
from dspace_backend.openapi import describe
from dspace_backend.reference import page
from dspace_backend.routing import Route

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
_Request = Request[object, object, State]


class About:
    """The routes about the service, over the routes of the API."""

    def __init__(self, routes: tuple[Route, ...], metrics: Metrics, version: str) -> None:
        self._routes = routes
        self._metrics = metrics
        self._version = version

    def handlers(self) -> list[HTTPRouteHandler]:
        """As the application takes them."""

        @get("/openapi.json")
        async def openapi(request: _Request) -> Response[bytes]:
            content = msgspec.json.encode(describe(self._routes, self._version, str(request.base_url).rstrip("/")))
            return Response(content, media_type="application/json")

        @get("/docs")
        async def docs(request: _Request) -> Response[str]:
            shown = page(describe(self._routes, self._version, str(request.base_url).rstrip("/")))
            return Response(shown, media_type="text/html", headers={"Content-Security-Policy": _PAGE_POLICY})

        @get("/metrics")
        async def metrics(request: _Request) -> Response[str]:
            """For a collector on this machine. From anywhere else there is nothing here."""
            peer = request.client
            if peer is None or not ipaddress.ip_address(peer.host).is_loopback or "x-forwarded-for" in request.headers:
                raise NotFoundException
            return Response(self._metrics.render(), media_type="text/plain; version=0.0.4")

        return [openapi, docs, metrics]
