"""Kill -9 of the top process at ten moments of a tap over HTTP: started again, the same key gets one case and one answer."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dspace_core.testing.deployment import Deployment
from dspace_core.testing.phone import Answer, Phone

ITEM = "1244000045585999793440514001000"
MOMENTS = (0.0, 0.002, 0.004, 0.006, 0.01, 0.014, 0.02, 0.03, 0.05, 0.1)
"""Seconds after the tap was sent. A whole tap takes 30 to 60 ms."""
DSPACE = str(Path(sys.executable).with_name("dspace"))


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    deployment = Deployment([DSPACE, "up"], Path.cwd(), also={"DSPACE_PEOPLE": "2000"})
    deployment.start()
    deployment.wait_for_authorities()
    yield deployment
    deployment.interrupt()
    deployment.close()


def phone_of(deployment: Deployment) -> Phone:
    phone = Phone(f"http://127.0.0.1:{deployment.settings.port}")
    assert phone.log_in().status == 200
    return phone


def began(phone: Phone) -> dict[str, Any]:
    shown = phone.call("POST", "/v1/notices", {"item": ITEM}).json
    return {
        "case": shown["case"],
        "item": ITEM,
        "notice": shown["notice"]["id"],
        "acts": shown["notice"]["acts"],
    }


def tap(phone: Phone, body: dict[str, Any], key: str) -> Answer:
    return phone.call("POST", "/v1/cases", body, headers={"Idempotency-Key": key})


def settled(phone: Phone, body: dict[str, Any], key: str) -> Answer:
    """The tap, again as long as the lease of whoever died keeps it: a second, and a little."""
    deadline = time.monotonic() + 10
    while True:
        answer = tap(phone, body, key)
        if answer.status not in (409, 503) or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_tap_that_was_cut_off_is_answered_after_the_next_start(deployment: Deployment, moment: float) -> None:
    phone, key = phone_of(deployment), str(uuid4())
    body = began(phone)
    answers: list[Answer] = []

    def send() -> None:
        with suppress(OSError, EOFError, Exception):
            answers.append(tap(phone, body, key))

    sending = threading.Thread(target=send)
    sending.start()
    time.sleep(moment)
    deployment.kill([deployment.state().pid])
    deployment.wait_until_gone()
    sending.join()
    deployment.start()
    again = phone_of(deployment)
    filed = settled(again, body, key)
    assert filed.status == 201, filed.body
    assert tap(again, body, key).json == filed.json
    assert all(answer.json == filed.json for answer in answers if answer.status == 201)
    cases = again.call("GET", "/v1/cases").json["cases"]
    assert [case["case"] for case in cases].count(body["case"]) == 1
    audit = subprocess.run([DSPACE, "audit"], env=deployment.environment, capture_output=True, text=True, check=False)
    assert audit.returncode == 0, audit.stdout
