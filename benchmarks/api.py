"""The API over HTTP on one `web` process, which has one core; databases, plugin and load are on the other.

Decide: `POST /v1/decide` at 64 connections, each call with a proof of its own, against a raw POST (raw.py) on the same HTTP
server, same requests, in turn. Proofs are made before the clock starts: making one costs the client as much as checking it
costs the server. One person, one grant that stands, one token. The tap: `POST /v1/cases`, from sending to the answer, with the
plugin's process, six uses from four authorities, evidence and case; its notice is shown before.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import uvloop
from keep_alive import Offered, offer, request

from dspace_core.testing.deployment import Deployment, free_port
from dspace_core.testing.phone import Phone, send

ITEM = "1244000045585999793440514001000"
CONNECTIONS = 64
ROUNDS, SECONDS = 5, 1.5
WARM, MOST = 200, 12_000  # requests before the clock starts; requests made for a round, more than it can answer
ALLOWED = b'{"allowed":true,"code":null}'
TAPS_ALONE, TAPS_TOGETHER, TOGETHER = 60, 160, 8
_WEB_CORE, _OTHER_CORE = 0, 1


def measure() -> dict[str, float]:
    """The share of a raw POST that decisions reach; a tap alone; taps a second."""
    deployment = Deployment(
        [str(Path(sys.executable).with_name("dspace")), "up"], Path.cwd(), also={"DSPACE_PEOPLE": "2000"}
    )
    cores = os.sched_getaffinity(0)
    try:
        deployment.start()
        deployment.wait_for_authorities()
        _pin(deployment)
        with raw_server(deployment) as raw:
            return {**_decisions(deployment, raw), **_taps(deployment)}
    finally:
        os.sched_setaffinity(0, cores)
        deployment.interrupt()
        deployment.close()


def _pin(deployment: Deployment) -> None:
    """`web` on one core, everything else, ourselves too, on the other. On one core nothing can be parted."""
    if os.sched_getaffinity(0) < {_WEB_CORE, _OTHER_CORE}:
        print("one core only: server and load share it")
        return
    for pid, arguments in deployment.processes().items():
        core = _WEB_CORE if "dspace_backend.web" in arguments else _OTHER_CORE
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), {core})
    os.sched_setaffinity(0, {_OTHER_CORE})


@contextmanager
def raw_server(deployment: Deployment) -> Iterator[int]:
    """The raw route beside the deployment, on the core of `web`; answer its port."""
    port = free_port()
    raw = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("raw.py")), str(port)], env=deployment.environment
    )
    os.sched_setaffinity(raw.pid, os.sched_getaffinity(next(_webs(deployment))))
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                send("POST", f"http://127.0.0.1:{port}/", body=b"{}")
                break
            except ConnectionRefusedError:
                if raw.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield port
    finally:
        raw.terminate()
        raw.wait()


def _webs(deployment: Deployment) -> Iterator[int]:
    return (pid for pid, arguments in deployment.processes().items() if "dspace_backend.web" in arguments)


def _decisions(deployment: Deployment, raw: int) -> dict[str, float]:
    phone = _phone(deployment)
    port = deployment.settings.port
    pairs = []
    for _ in range(ROUNDS):
        wanted = _wanted(phone)  # a new grant: a case that is decided ends its own a quarter of a minute later
        made = [request(phone, "/v1/decide", wanted) for _ in range(MOST)]
        plain = _offer(raw, made, CONNECTIONS, SECONDS)
        warm = _offer(port, made[:WARM], CONNECTIONS)
        told = _offer(port, made[WARM:], CONNECTIONS, SECONDS)
        if wrong := {(one.status, one.body) for one in (*warm.answers, *told.answers)} - {(200, ALLOWED)}:
            raise AssertionError(wrong)
        pairs.append((plain.rate, told.rate))
    plains, decisions = zip(*pairs, strict=True)
    print(f"raw {statistics.median(plains):,.0f}/s, decide {statistics.median(decisions):,.0f}/s")
    return {
        "api_decide_of_raw": statistics.median(decision / plain for plain, decision in pairs),
        "api_decide_per_second": statistics.median(decisions),
    }


def _taps(deployment: Deployment) -> dict[str, float]:
    phones = [_phone(deployment) for _ in range(TOGETHER)]
    port = deployment.settings.port
    _filed(_offer(port, [_tap(phones[0]) for _ in range(10)], 1))
    alone = _filed(_offer(port, [_tap(phones[0]) for _ in range(TAPS_ALONE)], 1))
    together = _filed(_offer(port, [_tap(phones[n % TOGETHER]) for n in range(TAPS_TOGETHER)], TOGETHER))
    return {
        "api_tap_p50_ms": 1000 * statistics.median(one.seconds for one in alone.answers),
        "api_taps_per_second": together.rate,
    }


def _phone(deployment: Deployment) -> Phone:
    phone = Phone(f"http://127.0.0.1:{deployment.settings.port}")
    if phone.log_in().status != 200:
        raise AssertionError("nobody was logged in")
    return phone


def _began(phone: Phone) -> Mapping[str, Any]:
    shown: dict[str, Any] = phone.call("POST", "/v1/notices", {"item": ITEM}).json
    return {"case": shown["case"], "item": ITEM, "notice": shown["notice"]["id"], "acts": shown["notice"]["acts"]}


def _tap(phone: Phone) -> bytes:
    return request(phone, "/v1/cases", _began(phone), {"Idempotency-Key": str(uuid4())})


def _filed(offered: Offered) -> Offered:
    for one in offered.answers:
        if one.status != 201 or msgspec.json.decode(one.body)["decision"]["verdict"] != "approve":
            raise AssertionError((one.status, one.body))
    return offered


def _wanted(phone: Phone) -> Mapping[str, object]:
    """A use that a fresh grant covers."""
    phone.refresh()  # a token lives for two minutes
    began = _began(phone)
    filed = phone.call("POST", "/v1/cases", began, headers={"Idempotency-Key": str(uuid4())}).json
    grant = filed["grants"][0]
    return {
        "plugin": "social_security",
        "item": ITEM,
        "case": began["case"],
        "category": "bank.account",
        "fields": ["account_no"],
        "purpose": phone.call("GET", f"/v1/grants/{grant}").json["purpose"],
        "grants": [grant],
    }


def _offer(port: int, requests: Sequence[bytes], connections: int, seconds: float = 3600.0) -> Offered:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(offer(port, requests, connections, seconds))


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:<28} {figure:12.3f}")
