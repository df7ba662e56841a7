"""`/health` answers for what the process rests on, and refusals have one shape."""

import asyncio
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dspace_core.machine.addresses import Role
from dspace_core.stores import connect
from dspace_core.testing.deployment import Deployment


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    deployment = Deployment([str(Path(sys.executable).with_name("dspace")), "up"], Path.cwd())
    deployment.start()
    yield deployment
    deployment.interrupt()
    deployment.close()


def ask(deployment: Deployment, path: str, method: str = "GET") -> tuple[int, str, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{deployment.settings.port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], json.loads(error.read())


def test_a_space_that_can_serve_says_so(deployment: Deployment) -> None:
    status, kind, body = ask(deployment, "/health")
    assert (status, kind) == (200, "application/json")
    assert (body["state"], body["mode"]) == ("ready", "development")


def test_an_unknown_address_is_a_problem_in_both_languages(deployment: Deployment) -> None:
    status, kind, body = ask(deployment, "/no/such/place/440100199003070011")
    assert (status, kind, body["code"]) == (404, "application/problem+json", "http.404")
    assert body["title"]["zh"]
    assert body["title"]["en"]
    assert "440100199003070011" not in json.dumps(body)


def test_a_wrong_method_is_a_problem(deployment: Deployment) -> None:
    assert ask(deployment, "/health", "DELETE")[0] == 405


def test_the_server_does_not_name_itself(deployment: Deployment) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{deployment.settings.port}/health", timeout=10) as answer:
        assert "server" not in {name.lower() for name in answer.headers}


def wait_for(deployment: Deployment, wanted: int) -> dict[str, Any]:
    deadline = time.monotonic() + 15
    while (found := ask(deployment, "/health"))[0] != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    body: dict[str, Any] = found[2]
    return body


async def as_owner(deployment: Deployment, statement: str) -> None:
    owner = deployment.address(Role.MIGRATE)
    session = await connect(owner.url, password=owner.password)
    await session.execute(statement)
    await session.close()


def test_evidence_that_waits_for_too_long_makes_the_answer_a_refusal_until_it_is_numbered(
    deployment: Deployment,
) -> None:
    """A record that nobody can read, for 61 s: the notary refuses it with what to do, and is brought back each time."""
    row = "gen_random_uuid(), gen_random_uuid(), current_date - 9, '', now() - interval '61 s'"
    asyncio.run(as_owner(deployment, f"INSERT INTO evidence_pending SELECT {row}"))
    assert wait_for(deployment, 503)["code"] == "gate.evidence_stale"
    deadline = time.monotonic() + 15
    while deployment.output.read_text().count("dspace notary: [evidence.day_key_gone]") < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    asyncio.run(as_owner(deployment, "DELETE FROM evidence_pending"))
    wait_for(deployment, 200)
