"""The owner's seven packages are declared where their role is, and every declared package is explained."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROLES = {
    "pluggy": ("pyproject.toml", "project.dependencies"),
    "msgspec": ("pyproject.toml", "project.dependencies"),
    "redis": ("pyproject.toml", "project.optional-dependencies.stores"),
    "pytest": ("pyproject.toml", "project.optional-dependencies.testing"),
    "locust": ("pyproject.toml", "dependency-groups.load"),
    "litestar": ("backend/pyproject.toml", "project.dependencies"),
    "authlib": ("backend/pyproject.toml", "project.dependencies"),
}


def declared(file: str, place: str) -> set[str]:
    table: Any = tomllib.loads((ROOT / file).read_text())
    for part in place.split("."):
        table = table[part]
    return {name_of(line) for line in table}


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert found is not None
    return found[0].lower()


def all_declared() -> set[str]:
    names: set[str] = set()
    for file in (ROOT / "pyproject.toml", *ROOT.glob("*/pyproject.toml"), *ROOT.glob("*/*/pyproject.toml")):
        table = tomllib.loads(file.read_text())
        lists = [table["project"].get("dependencies", []), *table["project"].get("optional-dependencies", {}).values()]
        lists += list(table.get("dependency-groups", {}).values())
        names |= {name_of(line) for entries in lists for line in entries}
    return {name for name in names if not name.startswith("dspace-")}


@pytest.mark.parametrize("package", sorted(ROLES))
def test_each_of_the_owners_packages_is_declared_where_its_role_is(package: str) -> None:
    assert package in declared(*ROLES[package])


def test_every_declared_package_is_explained_and_no_other() -> None:
    rows = re.findall(r"^\| ([\w, .-]+) \| (?:dspace|group)", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    assert {name for row in rows for name in row.split(", ")} == all_declared()


def test_every_declared_package_stands_in_the_lock_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    blocks = dict(re.findall(r"^([a-z0-9-]+)==([^\n]*\\\n(?:    --hash=\S+.*\n)+)", lock, re.MULTILINE))
    missing = {name for name in all_declared() if name.replace("_", "-") not in blocks}
    assert not missing


def test_the_uv_that_installs_is_the_uv_that_locks() -> None:
    def version(file: str) -> str:
        found = re.search(r"^uv==(\S+)", (ROOT / file).read_text(), re.MULTILINE)
        assert found is not None
        return found[1]

    assert version("requirements-uv.lock") == version("requirements.lock")


def test_the_core_needs_no_socket_to_be_installed() -> None:
    """A plugin author gets three packages, not a database client."""
    assert declared("pyproject.toml", "project.dependencies") == {"cryptography", "msgspec", "pluggy"}
