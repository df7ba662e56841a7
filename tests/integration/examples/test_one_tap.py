"""The example runs against a whole deployment by the public API alone, and what it prints is true."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dspace_core.testing.deployment import Deployment

EXAMPLE = Path(__file__).parents[3] / "sdk_examples" / "one_tap" / "one_tap.py"
pytestmark = pytest.mark.skipif(not EXAMPLE.exists(), reason="the examples do not travel with the wheels")


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    command = [str(Path(sys.executable).with_name("dspace")), "up"]
    deployment = Deployment(command, Path.cwd(), also={"DSPACE_PEOPLE": "2000", "DSPACE_WEB": "2"})
    deployment.start()
    deployment.wait_for_authorities()
    yield deployment
    deployment.interrupt()
    deployment.close()


def run(deployment: Deployment, bundle: Path, *more: str) -> Any:
    base = f"http://127.0.0.1:{deployment.settings.port}"
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), "--base-url", base, "--bundle", str(bundle), *more],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_one_tap_prints_what_it_promises(deployment: Deployment, tmp_path: Path) -> None:
    told = run(deployment, tmp_path / "one.bundle")
    assert {
        "case_no",
        "promised_date",
        "released_fields",
        "trail",
        "receipts",
        "withdrawn",
        "refused_after_withdrawal",
        "bundle",
    } <= set(told)
    assert told["decision"] == "approve"
    assert len(told["released_fields"]) == 11
    assert told["withdrawn"]["condition"] == "withdrawn"
    assert told["refused_after_withdrawal"] == {"refused": True, "code": "grants.withdrawn"}
    assert [line["kind"] for line in told["trail"]].count("statutory-use") == 4


def test_the_bundle_holds_before_anybody(deployment: Deployment, tmp_path: Path) -> None:
    bundle = tmp_path / "one.bundle"
    run(deployment, bundle)
    vkey = (deployment.home.evidence / "log.0" / "vkey").read_text().strip()
    verify = [str(Path(sys.executable).with_name("dspace")), "verify", str(bundle), "--vkey", vkey]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 0
    broken = bytearray(bundle.read_bytes())
    broken[len(broken) // 2] ^= 1
    bundle.write_bytes(broken)
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 1


def test_somebody_too_young_is_told_so_with_reasons(deployment: Deployment, tmp_path: Path) -> None:
    assert run(deployment, tmp_path / "one.bundle", "--person", "未到领取年龄")["decision"] == "refuse"


def test_an_account_in_another_name_goes_to_a_human(deployment: Deployment, tmp_path: Path) -> None:
    assert run(deployment, tmp_path / "one.bundle", "--person", "户名")["decision"] == "refer"


def test_the_audit_finds_nothing_afterwards(deployment: Deployment) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dspace")), "audit"],
        env=deployment.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
