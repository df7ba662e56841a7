"""Plugins written by the tests, each in an environment of its own, behind a real worker process."""

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


@pytest.fixture
def installed_plugin(tmp_path: Path) -> Callable[[str], Path]:
    """Install a plugin `trial` with this source; answer the interpreter of its environment."""

    def install(source: str) -> Path:
        site = tmp_path / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
        package, info = site / "dspace_trial", site / "dspace_trial-1.0.dist-info"
        package.mkdir(parents=True)
        info.mkdir()
        (package / "__init__.py").write_text("")
        (package / "scenario.py").write_text(source)
        (package / "plugin.toml").write_text(MANIFEST.format(name="trial"))
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dspace-trial\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[dspace.plugins]\ntrial = dspace_trial.scenario:Trial\n")
        libraries = [str(CORE), *(entry for entry in sys.path if entry.endswith("site-packages"))]
        (site / "sdk.pth").write_text("\n".join(libraries) + "\n")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "python").symlink_to(Path(sys.executable).resolve())
        home = Path(sys.executable).resolve().parent
        (tmp_path / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = false\n")
        return tmp_path / "bin" / "python"

    return install
