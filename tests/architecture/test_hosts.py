"""A registry's host, a lock that records hosts and a path of some machine are refused by `make check`."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def checked(repository: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".ci/hosts.py"), str(repository)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_make_check_runs_it() -> None:
    shown = subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ".ci/hosts.py" in shown


def test_a_clean_tree_passes(repository: Path) -> None:
    (repository / "page.md").write_text("Packages come from wherever your machine says.\n")
    assert checked(repository).returncode == 0


@pytest.mark.parametrize(
    "line",
    [
        "see https://" + "pypi" + ".org" + "/project/x",
        "index-url = https" + "://mirror.example/simple",
        '"resolved": "https' + '://mirror.example/x-1.0.tgz"',
        "cd /" + "work/main",
    ],
    ids=["registry", "index", "download", "path"],
)
def test_a_planted_line_is_refused_with_its_place(repository: Path, line: str) -> None:
    (repository / "page.md").write_text(f"first\n{line}\n")
    done = checked(repository)
    assert done.returncode == 1
    assert "page.md:2:" in done.stdout


def test_a_lock_that_records_hosts_is_refused(repository: Path) -> None:
    (repository / "uv.lock").write_text("version = 1\n")
    assert checked(repository).returncode == 1
