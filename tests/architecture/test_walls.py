"""The walls hold: each contract is kept as the tree is, and a planted violation of each is reported."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
# One line that breaks each contract: where it is planted, and what it says.
PLANTED = {
    "rooms": ("dspace_core/identifiers/planted.py", "import dspace_core.machine"),
    "wheels": ("dspace_core/stores/planted.py", "import dspace_backend"),
    "core-knows-no-web": ("dspace_core/stores/planted.py", "import litestar"),
    "low-rooms-open-no-socket": ("dspace_core/identifiers/planted.py", "import asyncpg"),
    "adapters": ("backend/dspace_backend/routes/planted.py", "import asyncpg"),
    "public-face": ("plugins/social_security/dspace_social_security/planted.py", "import dspace_core.stores"),
    "worker-holds-nothing": ("dspace_core/confine/worker.py", "import dspace_core.stores"),
}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on a tree, with its packages before ours on the path."""
    path = [
        str(tree),
        str(tree / "backend"),
        str(tree / "plugins/social_security"),
        str(tree / "sdk_examples/data_source_http"),
    ]
    code = f"import sys; sys.path[:0] = {path!r}; from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("dspace_core", "backend", "plugins", "sdk_examples"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract["id"] for contract in CONTRACTS} == set(PLANTED)


def test_the_tree_as_it_is_keeps_every_contract(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["id"])
def test_a_planted_violation_is_reported(tree: Path, contract: dict[str, str]) -> None:
    place, line = PLANTED[contract["id"]]
    with (tree / place).open("a") as module:
        module.write(f"{line}\n")
    done = lint(tree)
    assert done.returncode == 1
    assert f"{contract['name']} BROKEN" in done.stdout


def test_a_room_that_no_layer_names_is_reported(tree: Path) -> None:
    (tree / "dspace_core/utils.py").write_text("")
    done = lint(tree)
    assert done.returncode == 1
    assert "dspace_core.utils" in done.stdout


def test_a_plugin_may_import_no_room_of_the_core_at_all() -> None:
    """Only `dspace_core` itself: a room that is added later is behind the wall from its first day."""
    contract = next(one for one in CONTRACTS if one["id"] == "public-face")
    rooms = {
        path.stem
        for path in (ROOT / "dspace_core").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {f"dspace_core.{room}" for room in rooms - {"__init__"}} <= set(contract["forbidden_modules"])
