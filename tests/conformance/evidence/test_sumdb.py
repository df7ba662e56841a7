"""Go's checksum database reads our log: golang.org/x/mod/sumdb, as Debian packages it, without a network."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parent / "sumdb"
PACKAGES = Path("/usr/share/gocode")


@pytest.fixture(scope="module")
def sumdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built from what the system has."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("no `go` on PATH (Debian: golang-go)")
    if not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("no golang.org/x/mod among the system's packages (Debian: golang-golang-x-mod-dev)")
    place = tmp_path_factory.mktemp("go")
    built = place / "built"
    settings = {
        "GOPATH": str(PACKAGES), "GO111MODULE": "off", "GOPROXY": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local",
        "GOCACHE": str(place / "cache"), "CGO_ENABLED": "0",
    }  # fmt: skip
    subprocess.run([go, "build", "-o", built, "."], cwd=SOURCE, env={**os.environ, **settings}, check=True)
    return built


def answer(sumdb: Path, exported: Any, **changed: str) -> tuple[int, str]:
    """Exit code and words of the program."""
    proof = [each.hex() for each in exported.inclusion]
    old, index = changed.get("old", str(exported.old_size)), changed.get("index", str(exported.index))
    argv = [sumdb, exported.folder, changed.get("vkey", exported.vkey), old, index, *proof]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_it_accepts_an_exported_log_and_finds_the_same_proof(sumdb: Path, exported: Any) -> None:
    assert answer(sumdb, exported) == (0, "accepted\n")


@pytest.mark.parametrize("old", ["1", "256", "65536", "65999", "66000"])
def test_it_proves_growth_from_any_size(sumdb: Path, exported: Any, old: str) -> None:
    assert answer(sumdb, exported, old=old) == (0, "accepted\n")


def test_another_index_has_another_proof(sumdb: Path, exported: Any) -> None:
    assert answer(sumdb, exported, index="40001") == (1, "rejected: the proof differs\n")


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("checkpoint", 26), ("checkpoint", 40), ("checkpoint", 120), ("tile/0/000", 0), ("tile/0/257.p/208", 6655),
        ("tile/1/000", 4096), ("tile/1/001.p/1", 31), ("tile/2/000.p/1", 7), ("tile/entries/016", 12_000),
        ("tile/entries/257.p/208", 1),
    ],
)  # fmt: skip
def test_it_rejects_a_flipped_byte(sumdb: Path, exported: Any, flip: Any, path: str, at: int) -> None:
    with flip(path, at):
        code, words = answer(sumdb, exported)
    assert code == 1
    assert words.startswith("rejected: ")
    assert answer(sumdb, exported)[0] == 0
