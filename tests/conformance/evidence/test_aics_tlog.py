"""PyPI's aics-tlog reads our log: another verifier in Python, in an environment of its own, of version 3.12 or later."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PACKAGE = "aics-tlog==0.2.1"
AUDIT = """
import sys
from aics_tlog import FileSystemTileReader, audit_tiles
report = audit_tiles(FileSystemTileReader(sys.argv[1]), int(sys.argv[2]), bytes.fromhex(sys.argv[3]))
print(report.tiles, report.bundles)
"""


def pythons() -> Iterator[str]:
    """Programs that may be a Python of 3.12 or later: on PATH, then beside the one that runs this."""
    for minor in range(12, 20):
        found = shutil.which(f"python3.{minor}")
        if found:
            yield found
    for place in sorted(Path(sys.base_prefix).parent.glob("3.*")):
        if re.fullmatch(r"3\.(1[2-9])(\.\d+)?", place.name) and (place / "bin/python").exists():
            yield str(place / "bin/python")


def runs(python: str) -> bool:
    """Whether it is there and new enough (a name on PATH may be a shim without anything behind it)."""
    done = subprocess.run(
        [python, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))"], capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the package."""
    python = next(filter(runs, pythons()), None)
    if python is None:
        pytest.skip("no Python 3.12 or later on PATH or beside sys.base_prefix")
    place = tmp_path_factory.mktemp("aics") / "venv"
    subprocess.run([python, "-m", "venv", place], check=True)
    done = subprocess.run(
        [place / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", PACKAGE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"{PACKAGE} cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    return place / "bin"


def told(verifier: Path, *argv: str) -> dict[str, Any]:
    """What a command of theirs answers; its exit code agrees with it."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([verifier / "aics-tlog", *argv], capture_output=True, text=True, env=bare, check=False)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["ok"] == (done.returncode == 0)
    return answer


def audited(verifier: Path, exported: Any) -> subprocess.CompletedProcess[str]:
    """Their walk over every tile and bundle."""
    argv = [verifier / "python", "-c", AUDIT, exported.folder, str(exported.size), exported.root.hex()]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def lines(proof: tuple[bytes, ...], place: Path) -> str:
    place.write_text("".join(base64.b64encode(each).decode() + "\n" for each in proof))
    return str(place)


def test_it_accepts_the_checkpoint_with_its_witness(verifier: Path, exported: Any) -> None:
    note = str(exported.folder / "checkpoint")
    keys = ["--log-key", exported.vkey, "--witness-key", exported.witness, "--quorum", "1"]
    assert told(verifier, "verify-checkpoint", "--note", note, *keys)["ok"]


def test_it_accepts_every_tile_and_every_bundle(verifier: Path, exported: Any) -> None:
    done = audited(verifier, exported)
    assert (done.returncode, done.stdout) == (0, "261 258\n"), done.stderr


def test_it_accepts_our_proofs(verifier: Path, exported: Any, tmp_path: Path) -> None:
    (tmp_path / "leaf").write_bytes(exported.leaf)
    root, old = (base64.b64encode(each).decode() for each in (exported.root, exported.old_root))
    inclusion = [
        "verify-inclusion", "--leaf", str(tmp_path / "leaf"), "--size", str(exported.size), "--root", root,
        "--proof", lines(exported.inclusion, tmp_path / "inclusion"),
    ]  # fmt: skip
    assert told(verifier, *inclusion, "--index", str(exported.index))["ok"]
    assert not told(verifier, *inclusion, "--index", str(exported.index + 1))["ok"]
    growth = [
        "verify-consistency", "--old-size", str(exported.old_size), "--old-root", old, "--new-size", str(exported.size),
        "--new-root", root, "--proof",
    ]  # fmt: skip
    assert told(verifier, *growth, lines(exported.growth, tmp_path / "growth"))["ok"]
    assert not told(verifier, *growth, lines(exported.growth[1:], tmp_path / "cut"))["ok"]


@pytest.mark.parametrize(
    ("path", "at"),
    [
        ("tile/0/000", 0), ("tile/0/257.p/208", 6655), ("tile/1/000", 4096), ("tile/1/001.p/1", 31),
        ("tile/2/000.p/1", 7), ("tile/entries/016", 12_000), ("tile/entries/257.p/208", 1),
    ],
)  # fmt: skip
def test_it_rejects_a_flipped_byte_of_a_tile(verifier: Path, exported: Any, flip: Any, path: str, at: int) -> None:
    with flip(path, at):
        done = audited(verifier, exported)
    assert done.returncode == 1
    assert "TileVerificationError" in done.stderr


@pytest.mark.parametrize("at", [26, 40, 120, 300])
def test_it_rejects_a_flipped_byte_of_the_checkpoint(verifier: Path, exported: Any, flip: Any, at: int) -> None:
    note = str(exported.folder / "checkpoint")
    with flip("checkpoint", at):
        keys = ["--log-key", exported.vkey, "--witness-key", exported.witness, "--quorum", "1"]
        assert not told(verifier, "verify-checkpoint", "--note", note, *keys)["ok"]
