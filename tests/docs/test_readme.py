"""The README's commands are run, in their order, in a copy of the tree that has nothing installed."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dspace_core.testing.deployment import free_port
from dspace_core.testing.servers import open_folder

ROOT = Path(__file__).parents[2]
# `make test` here would run this test again, and the whole of `make bench` takes minutes: each runs on one file or figure.
NARROWED = {"make test": "tests/unit/test_values.py", "make bench": "start_warm_seconds"}


def commands(page: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    folder = open_folder()
    tree = folder / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    yield tree
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def environment(copy: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("DSPACE_", "PYTEST_"))}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",  # uv is there: the copy installs faster
        "DSPACE_HOME": str(copy.parent / "home"),
        "DSPACE_RUNTIME": str(copy.parent / "run"),
        "DSPACE_PORT": str(free_port()),
    }


def test_both_languages_give_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh-CN.md")


def test_the_readme_s_commands_work_as_written(copy: Path, environment: dict[str, str]) -> None:
    server: subprocess.Popen[str] | None = None
    try:
        for command in commands("README.md"):
            if command == "make run":
                server = started(copy, environment)
                continue
            line = command.replace(":8000", f":{environment['DSPACE_PORT']}")
            narrowed = {**environment, "ARGS": NARROWED.get(command, "")}
            done = subprocess.run(
                line, shell=True, cwd=copy, env=narrowed, capture_output=True, text=True, check=False, timeout=300
            )
            said = f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            # Figures are judged by `make bench` itself on a quiet machine; here it must measure and print them.
            assert "start_warm_seconds" in done.stdout if command == "make bench" else done.returncode == 0, said
        assert server is not None
        assert server.wait(timeout=20) == 0
    finally:
        if server is not None and server.poll() is None:
            server.terminate()
            server.wait(timeout=20)


def started(copy: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    output = copy.parent / "output"
    with output.open("w") as file:
        server = subprocess.Popen(["make", "run"], cwd=copy, env=environment, stdout=file, stderr=file, text=True)
    deadline = time.monotonic() + 90
    while "dspace ready" not in output.read_text():
        assert server.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)
    return server
