"""What every answer carries, and what is written of a request."""

import logging
from collections.abc import Iterator

import pytest
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.testing import TestClient

from dspace_backend.edge import HEADERS, Edge
from dspace_backend.metrics import Metrics

CANARY = "440100199003070011"


@get("/thing/{name:str}")
async def thing(request: Request[object, object, State]) -> str:
    return str(request.path_params["name"])


@get("/page")
async def page() -> Response[str]:
    return Response("x", headers={"Content-Security-Policy": "default-src 'self'"})


@get("/breaks")
async def breaks() -> None:
    raise RuntimeError(CANARY)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(metrics: Metrics) -> Iterator[TestClient[Edge]]:
    app = Edge(Litestar([thing, page, breaks], logging_config=None), metrics)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def test_every_answer_carries_the_headers(client: TestClient[Edge]) -> None:
    for path in ("/thing/a", "/no/such", "/breaks"):
        answer = client.get(path)
        for name, value in HEADERS:
            assert answer.headers[name.decode()] == value.decode()


def test_a_page_keeps_its_own_policy(client: TestClient[Edge]) -> None:
    assert client.get("/page").headers.get_list("content-security-policy") == ["default-src 'self'"]


def test_article_9_neither_path_nor_query_nor_error_is_written(
    client: TestClient[Edge], metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "dspace.access"):
        for path in (f"/thing/{CANARY}?q={CANARY}", f"/{CANARY}", "/breaks"):
            client.get(path)
    written = "\n".join(record.getMessage() for record in caplog.records if record.name == "dspace.access")
    assert CANARY not in written + metrics.render()
    assert "GET /thing/{name} 200" in written
    assert "GET unrouted 404" in written
    assert "GET /breaks 500" in written
