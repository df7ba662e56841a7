"""Article 1, one door: nothing but the gate turns a subject back into a document."""

import ast
from pathlib import Path

import dspace_core.identity

ROOT = Path(__file__).parents[3]
MODULE = "dspace_core.identity.unsealing"


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def culprits(root: Path) -> list[str]:
    files = [path for folder in ("dspace_core", "backend", "plugins") for path in (root / folder).rglob("*.py")]
    return [path.name for path in files if MODULE in imports(path) and path != root / "dspace_core/gate/door.py"]


def test_only_the_gate_imports_it() -> None:
    assert culprits(ROOT) == []


def test_a_planted_import_is_found(tmp_path: Path) -> None:
    for name, line in (("a", f"import {MODULE}"), ("b", "from dspace_core.identity import unsealing")):
        (tmp_path / "backend").mkdir(exist_ok=True)
        (tmp_path / "backend" / f"{name}.py").write_text(line)
    assert sorted(culprits(tmp_path)) == ["a.py", "b.py"]


def test_the_room_does_not_hand_it_out() -> None:
    assert dspace_core.identity.__all__ == ("IdentityBook",)
