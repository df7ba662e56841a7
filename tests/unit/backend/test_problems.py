"""Every refusal that a caller can meet has one HTTP status; an accident is told loudly and without its words."""

import json
import logging

import pytest
from litestar import get
from litestar.testing import create_test_client

from dspace_backend.problems import STATUS_BY_CODE, on_accident, problem_of
from dspace_core.cli.reference import import_rooms
from dspace_core.errors import family
from dspace_core.stores.refusals import Unavailable

CANARY = "440100199003070011"


@get("/breaks")
async def breaks() -> None:
    raise ValueError(f"no such person: {CANARY}")


def test_each_status_belongs_to_a_refusal_that_exists() -> None:
    assert import_rooms(["dspace_core", "dspace_backend"]) == ()
    assert set(STATUS_BY_CODE) <= set(family())


def test_a_refusal_becomes_a_problem_in_both_languages() -> None:
    problem = problem_of(Unavailable(where="DSPACE_DATABASE_URL", reason="gone"))
    assert (problem.status, problem.code) == (503, "stores.unavailable")
    assert problem.title.zh
    assert problem.remedy is not None


def test_an_accident_is_a_problem_and_is_logged_with_its_place_but_not_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        caplog.at_level(logging.ERROR),
        create_test_client(
            [breaks], exception_handlers={Exception: on_accident}, logging_config=None, raise_server_exceptions=False
        ) as client,
    ):
        answer = client.get("/breaks")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.content)["code"] == "http.500"
    assert "ValueError at " in caplog.text
    assert "test_problems.py" in caplog.text
    assert CANARY not in caplog.text + answer.text


def test_the_application_handles_accidents() -> None:
    from dspace_backend.app import application  # noqa: PLC0415
    from dspace_backend.wiring import open_parts  # noqa: PLC0415
    from dspace_core.machine import read  # noqa: PLC0415

    app = application(lambda: open_parts(read({"HOME": "/nonexistent"})), [])
    assert app.exception_handlers[Exception] is on_accident
