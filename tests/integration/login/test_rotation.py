"""The signing key is changed while people call: by itself nobody notices, at once everybody has to renew."""

import os
import subprocess
import sys
import time

from dspace_core.testing.deployment import Deployment
from dspace_core.testing.phone import Phone, send


def rotate(deployment: Deployment, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dspace_backend.rotate", *options],
        env={**os.environ, **deployment.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def published(phone: Phone) -> list[str]:
    return [key["kid"] for key in send("GET", f"{phone.base}/jwks").json["keys"]]


def test_a_key_changed_at_once_ends_the_tokens_that_it_signed_and_no_session(
    deployment: Deployment, phone: Phone
) -> None:
    phone.log_in()
    assert phone.call("GET", "/v1/session").status == 200
    new = rotate(deployment, "--at-once")
    deadline = time.monotonic() + 60
    while published(phone) != [new]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert phone.refresh().status == 200
    assert phone.call("GET", "/v1/session").status == 200


def test_a_key_changed_in_its_turn_is_published_and_does_not_sign_yet(deployment: Deployment, phone: Phone) -> None:
    before = published(phone)
    new = rotate(deployment)
    assert {file.name.partition(".")[2] for file in (deployment.home.secrets / "tokens").glob("*.key")} == {
        f"{kid}.key" for kid in [new, *before]
    }


def test_what_cannot_be_done_is_told(deployment: Deployment) -> None:
    stray = deployment.home.secrets / "tokens" / "stray.key"
    stray.write_text("x")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dspace_backend.rotate"],
            env={**os.environ, **deployment.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "tokens.signing_key_unfit" in done.stderr) == (1, True)
    finally:
        stray.unlink()
