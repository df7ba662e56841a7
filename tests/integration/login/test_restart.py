"""A restart of the ephemeral store: what was given out before is refused, what is in PostgreSQL goes on."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from dspace_core.testing import ScratchServers
from dspace_core.testing.deployment import Deployment
from dspace_core.testing.phone import Phone, send
from dspace_core.testing.servers import valkey_url_of


@pytest.fixture(scope="module")
def servers() -> Iterator[ScratchServers]:
    servers = ScratchServers()
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def deployment(servers: ScratchServers) -> Iterator[Deployment]:
    """Our own databases, and a Valkey that somebody else runs: losing that one ends nothing."""
    dspace = str(Path(sys.executable).with_name("dspace"))
    also = {"DSPACE_REDIS_URL": valkey_url_of(servers.folder), "DSPACE_PEOPLE": "400"}
    deployment = Deployment([dspace, "up"], Path.cwd(), also=also)
    deployment.start()
    deployment.wait_for_authorities()
    yield deployment
    deployment.interrupt()
    deployment.close()


def restart(servers: ScratchServers, phone: Phone) -> None:
    """Another run of the store, and a server that has found it."""
    assert servers.valkey is not None
    servers.valkey.stop()
    servers.valkey.start()
    deadline = time.monotonic() + 15
    while send("GET", f"{phone.base}/health").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def patiently(phone: Phone) -> int:
    """The status of a call once the store's first second is over, in which it cannot tell what is new."""
    deadline = time.monotonic() + 15
    while (answer := phone.call("GET", "/v1/session")).status == 401 and "use_dpop_nonce" in str(answer.headers):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer.status


def test_codes_ways_back_and_proofs_of_before_are_refused_and_sessions_go_on(
    servers: ScratchServers, deployment: Deployment
) -> None:
    base = f"http://127.0.0.1:{deployment.settings.port}"
    inside, at_the_door, on_the_way = Phone(base), Phone(base), Phone(base)
    inside.log_in()
    assert inside.call("GET", "/v1/session").status == 200
    url = f"{base}/v1/session"
    unused = inside.device.proof("GET", url, at=time.time(), nonce=inside.nonce, token=inside.access_token)
    code, verifier = at_the_door.authorize()
    begun = send("GET", f"{base}/authorize?{urlencode(on_the_way.wish('v' * 43))}")
    back = on_the_way.choose(begun.headers["location"], "p0")

    restart(servers, inside)

    shown = {"Authorization": f"DPoP {inside.access_token}", "DPoP": unused}
    assert send("GET", url, headers=shown).json["code"] == "tokens.nonce_needed"
    cookie = {"Cookie": begun.headers["set-cookie"].partition(";")[0]}
    assert send("GET", back, headers=cookie).json["code"] == "login.attempt_unknown"
    assert patiently(inside) == 200
    assert at_the_door.redeem(code, verifier).json["error"] == "invalid_grant"
    assert inside.refresh().status == 200
    assert at_the_door.log_in().status == 200


def test_without_the_store_nobody_is_let_in_and_nobody_is_told_otherwise(
    servers: ScratchServers, deployment: Deployment
) -> None:
    phone = Phone(f"http://127.0.0.1:{deployment.settings.port}")
    phone.log_in()
    assert servers.valkey is not None
    servers.valkey.stop()
    try:
        assert phone.call("GET", "/v1/session").json["code"] == "ephemeral.unavailable"
        refused = phone.refresh()
        assert (refused.status, refused.json["error"]) == (503, "temporarily_unavailable")
        begun = send("GET", f"{phone.base}/authorize?{urlencode(phone.wish('v' * 43))}")
        assert (begun.status, begun.json["code"]) == (503, "ephemeral.unavailable")
    finally:
        servers.valkey.start()
    deadline = time.monotonic() + 15
    while phone.refresh().status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_login_that_ended_while_a_process_was_deaf_is_known_when_it_hears_again(
    servers: ScratchServers, deployment: Deployment
) -> None:
    """The ending is read from the database: announced it was to nobody."""
    phone = Phone(f"http://127.0.0.1:{deployment.settings.port}")
    phone.log_in()
    restart(servers, phone)
    assert patiently(phone) == 200
    assert phone.call("POST", "/v1/session/end", {}).status == 200
    assert phone.call("GET", "/v1/session").json["code"] == "tokens.refused"
