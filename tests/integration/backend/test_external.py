"""The external form: servers that somebody else runs, reached by URL, the same code path.

A lost one makes the answers refuse until it is back; nothing of ours ends for it (design section 12, item 18).
"""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dspace_core.machine.addresses import Store
from dspace_core.stores import connect
from dspace_core.testing import ScratchDatabase, ScratchServers
from dspace_core.testing.deployment import Deployment
from dspace_core.testing.servers import valkey_url_of

DSPACE = str(Path(sys.executable).with_name("dspace"))


@pytest.fixture(scope="module")
def servers() -> Iterator[ScratchServers]:
    servers = ScratchServers()
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def outside(servers: ScratchServers) -> dict[str, str]:
    """The three URLs, and the passwords as the operator would lay them down."""
    urls = {"DSPACE_REDIS_URL": valkey_url_of(servers.folder)}
    for store, name in ((Store.MAIN, "DSPACE_DATABASE_URL"), (Store.KEYS, "DSPACE_KEYS_DATABASE_URL")):
        database = ScratchDatabase.create(servers.folder, store)
        urls[name] = database.url("app").replace("dspace_app@", "")
    return urls


@pytest.fixture(scope="module")
def deployment(servers: ScratchServers, outside: dict[str, str]) -> Iterator[Deployment]:
    deployment = Deployment([DSPACE, "up"], Path.cwd(), also=outside)
    deployment.home.prepare({})
    for store in Store:
        (deployment.home.secrets / store.value).mkdir(mode=0o700)
        for role in ("dspace_migrate", "dspace_app", "dspace_notary"):
            secret = (servers.folder / "home/secrets" / store.value / role).read_bytes()
            place = deployment.home.secrets / store.value / role
            place.write_bytes(secret)
            place.chmod(0o600)
    deployment.start()
    yield deployment
    deployment.close()


def health(deployment: Deployment) -> tuple[int, str]:
    url = f"http://127.0.0.1:{deployment.settings.port}/health"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.loads(answer.read())["state"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())["code"]


def wait_for(deployment: Deployment, wanted: tuple[int, str]) -> None:
    deadline = time.monotonic() + 15
    while (found := health(deployment)) != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_no_server_of_our_own_is_started(deployment: Deployment) -> None:
    assert deployment.state().servers == {}
    assert health(deployment) == (200, "ready")


def test_a_lost_valkey_makes_the_answer_a_refusal_until_it_is_back(
    servers: ScratchServers, deployment: Deployment
) -> None:
    before = deployment.state().residents
    assert servers.valkey is not None
    servers.valkey.stop()
    wait_for(deployment, (503, "ephemeral.unavailable"))
    servers.valkey.start()
    wait_for(deployment, (200, "ready"))
    assert deployment.state().residents == before


def test_a_lost_database_makes_the_answer_a_refusal_until_it_is_back(
    servers: ScratchServers, outside: dict[str, str], deployment: Deployment
) -> None:
    before, term_before = deployment.state().residents, asyncio.run(term(servers, outside))
    cluster = servers.clusters[Store.MAIN]
    cluster.stop()
    wait_for(deployment, (503, "stores.unavailable"))
    cluster.start()
    wait_for(deployment, (200, "ready"))
    deadline = time.monotonic() + 15
    while asyncio.run(term(servers, outside)) == term_before:  # the notary began anew
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert deployment.state().residents == before


async def term(servers: ScratchServers, outside: dict[str, str]) -> int:
    """Of the notary that numbers: each opening takes another."""
    url = outside["DSPACE_DATABASE_URL"].replace("postgresql://", "postgresql://dspace_app@", 1)
    password = (servers.folder / "home/secrets/main/dspace_app").read_text()
    session = await connect(url, password=password)
    found = int(await session.fetchval("SELECT term FROM log_head"))
    await session.close()
    return found


def test_a_password_that_the_operator_did_not_lay_down_is_named(outside: dict[str, str]) -> None:
    bare = Deployment([DSPACE, "up"], Path.cwd(), also=outside)
    try:
        done = subprocess.run(
            [DSPACE, "up"],
            env={**os.environ, **bare.environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 1
        assert "secrets/main/dspace_migrate" in done.stderr
        assert bare.processes() == {}
    finally:
        bare.close()
