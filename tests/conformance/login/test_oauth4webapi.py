"""oauth4webapi, a client certified for FAPI 2.0 that is none of ours, logs in, calls, renews, and checks our tokens."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dspace_core.testing.deployment import Deployment

HERE = Path(__file__).parent
NODE = shutil.which("node")
NPM = shutil.which("npm")
CHECKS = 23

pytestmark = pytest.mark.skipif(NODE is None or NPM is None, reason="node and npm are not installed on this machine")


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    command = [str(Path(sys.executable).with_name("dspace")), "up"]
    deployment = Deployment(command, Path.cwd(), also={"DSPACE_PEOPLE": "400"})
    deployment.start()
    deployment.wait_for_authorities()
    yield deployment
    deployment.interrupt()
    deployment.close()


@pytest.fixture(scope="module")
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script beside the package that it imports, as the lock names it."""
    folder = tmp_path_factory.mktemp("oauth4webapi")
    for name in ("package.json", "package-lock.json", ".npmrc", "drive.mjs"):
        shutil.copy(HERE / name, folder)
    assert NPM is not None
    subprocess.run(
        [NPM, "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True, capture_output=True, timeout=300
    )
    return folder / "drive.mjs"


def test_every_check_of_the_other_client_passes(deployment: Deployment, drive: Path) -> None:
    assert NODE is not None
    base = f"http://127.0.0.1:{deployment.settings.port}"
    done = subprocess.run([NODE, str(drive), base], capture_output=True, text=True, timeout=120, check=False)
    checks: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [check for check in checks if not check["ok"]] == [], done.stderr
    assert (len(checks), done.returncode) == (CHECKS, 0), done.stderr


def test_the_lock_names_no_host() -> None:
    assert "resolved" not in (HERE / "package-lock.json").read_text()
