"""Plugins in environments of their own, each behind a real worker process."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CORE = Path(__file__).parents[3]
MANIFEST = """
id = "{name}"
sdk = 1
title = {{ zh = "测试", en = "test" }}
authority = {{ zh = "测试部门", en = "a test authority" }}
"""


class Site:
    """An environment with the SDK in it, and nothing else until a test puts it there."""

    def __init__(self, folder: Path) -> None:
        self.python = folder / "bin" / "python"
        self.packages = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
        self.packages.mkdir(parents=True)
        libraries = [str(CORE), *(entry for entry in sys.path if entry.endswith("site-packages"))]
        (self.packages / "sdk.pth").write_text("\n".join(libraries) + "\n")
        self.python.parent.mkdir()
        self.python.symlink_to(Path(sys.executable).resolve())
        home = Path(sys.executable).resolve().parent
        (folder / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")

    def add(self, name: str, source: str) -> None:
        """Install a plugin of this name with this source, in which its class is called Trial."""
        package, info = self.packages / f"dspace_{name}", self.packages / f"dspace_{name}-1.0.dist-info"
        package.mkdir()
        info.mkdir()
        (package / "__init__.py").write_text("")
        (package / "scenario.py").write_text(source)
        (package / "plugin.toml").write_text(MANIFEST.format(name=name))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dspace-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[dspace.plugins]\n{name} = dspace_{name}.scenario:Trial\n")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def installed_plugin(site: Site) -> Callable[[str], Path]:
    """Install a plugin `trial` with this source; answer the interpreter of its environment."""

    def install(source: str) -> Path:
        site.add("trial", source)
        return site.python

    return install
