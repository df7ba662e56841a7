"""Every route is guarded or on the list; a route that nobody thought of is guarded (design 12.13)."""

import json
from typing import Any, cast

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from dspace_backend.app import whole
from dspace_backend.guard import Guard
from dspace_backend.metrics import Metrics
from dspace_backend.public import PUBLIC
from dspace_backend.tokens.refusals import TokenMissing
from dspace_core.machine import read


@pytest.fixture(scope="module")
def app() -> Litestar:
    return whole(read({"HOME": "/nonexistent", "DSPACE_MODE": "development"}), Metrics())


def paths(app: Litestar) -> set[str]:
    return {route.path_format for route in app.routes if isinstance(route, HTTPRoute)}


def test_every_path_on_the_list_is_a_route(app: Litestar) -> None:
    """What is listed and does not exist would open whatever is put there later."""
    assert paths(app) >= PUBLIC


def test_nothing_under_v1_is_on_the_list() -> None:
    assert not [path for path in PUBLIC if path.startswith("/v1")]


def test_every_other_route_has_the_guard_before_it(app: Litestar) -> None:
    guarded = paths(app) - PUBLIC
    assert guarded
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            assert len(handler.resolve_middleware()) >= 1, route.path


class _Shut:
    """An access that knows nobody."""

    class security:  # noqa: N801
        @staticmethod
        def note(_: object) -> None: ...

    @staticmethod
    def nonce() -> str:
        return "n"

    @staticmethod
    async def admit(*_: object) -> None:
        raise TokenMissing


async def test_each_of_them_refuses_whoever_shows_nothing(app: Litestar) -> None:
    """Asked through the guard itself: it has to answer before any route is reached."""

    async def inside(*_: object) -> None:
        raise AssertionError("the route was reached")

    guard = Guard(cast("Any", inside), lambda: cast("Any", _Shut))
    for path in paths(app) - PUBLIC:
        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "headers": []}
        await guard(cast("Any", scope), cast("Any", None), cast("Any", send))
        assert sent[0]["status"] == 401
        assert json.loads(sent[1]["body"])["code"] == "tokens.missing"


def test_an_unknown_path_is_nothing_and_not_a_way_in(app: Litestar) -> None:
    client: TestClient[Litestar] = TestClient(app, raise_server_exceptions=False)
    assert client.get("/v1/no-such-thing").status_code == 404
