#!/usr/bin/env python3
"""Make `.venv` from nothing: Python 3.11 or newer and its standard library are enough.

Every third-party package comes by hash from `requirements.lock`; our own wheels are installed editable, offline. uv
does it when it can be had (on PATH, or installed by pip from the hash in `requirements-uv.lock`), else pip alone. No
index is named anywhere: each machine's own configuration says where packages come from.

Usage: python3 bootstrap.py          (silent when there is nothing to do)
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  (the message is for those whose Python is older)
    sys.exit("需要 Python 3.11 或更高版本 / Python 3.11 or newer is needed; this is %s" % sys.version.split()[0])

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin/python"
BASE = Path(sys.executable).resolve()  # the interpreter itself, also when called from inside a virtual environment
STAMP = VENV / ".stamp"
LOCK = ROOT / "requirements.lock"
UV_LOCK = ROOT / "requirements-uv.lock"
MEMBERS = ("backend", "plugins/*", "sdk_examples/*")
# What pip was told about the index, in uv's words; uv reads none of pip's.
TOLD = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX", "PIP_CERT": "SSL_CERT_FILE"}
OF_ANOTHER_PYTHON = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")
OF_ANOTHER_PLACE = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV")


def projects() -> list[Path]:
    """The folders of our own wheels, the root first."""
    found = [folder for member in MEMBERS for folder in sorted(ROOT.glob(member))]
    return [ROOT, *(folder for folder in found if (folder / "pyproject.toml").exists())]


def fingerprint() -> str:
    """Changes when the lock, a pyproject, the interpreter or the place changes."""
    digest = hashlib.sha256(f"{sys.version} {BASE} {ROOT}".encode())
    for path in (LOCK, *(folder / "pyproject.toml" for folder in projects())):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def environment() -> dict[str, str]:
    """The caller's environment; downloads of interpreters off, our own programs on PATH for the build backend."""
    env = {name: text for name, text in os.environ.items() if name not in OF_ANOTHER_PYTHON + OF_ANOTHER_PLACE}
    env |= {"UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    env["UV_COMPILE_BYTECODE"] = (
        "1"  # as pip does: every later start would pay for it again where nothing may be written
    )
    for theirs, uvs in TOLD.items():
        if env.get(theirs):
            env.setdefault(uvs, env[theirs])
    env.setdefault("UV_SYSTEM_CERTS", "1")
    env["PATH"] = f"{PYTHON.parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    return env


def run(*command: str | Path) -> bool:
    """Run a command; whether it succeeded."""
    return subprocess.run(command, env=environment(), cwd=ROOT, check=False).returncode == 0


def third_party() -> str | Path | None:
    """Install what the lock names; answer the uv that did it, or None for pip."""
    sync = ("pip", "sync", "-q", "--python", PYTHON, "--require-hashes", LOCK)
    pip = (PYTHON, "-m", "pip", "install", "-q", "--only-binary=:all:", "--require-hashes", "-r")
    uv = shutil.which("uv")
    if uv and run(uv, "venv", "-q", "--python", BASE, VENV) and run(uv, *sync):
        return uv
    shutil.rmtree(VENV, ignore_errors=True)
    if not run(BASE, "-m", "venv", VENV):
        sys.exit("python3 -m venv 失败,请安装系统的 python3-venv / failed: install your system's python3-venv package")
    ours = PYTHON.with_name("uv")
    if run(*pip, UV_LOCK) and run(ours, *sync):
        return ours
    if not run(*pip, LOCK):
        sys.exit("安装依赖失败,原因见上 / the packages could not be installed; the reason stands above")
    return None


def our_own(uv: str | Path | None) -> None:
    """Install our wheels editable, without index and without dependencies: the lock has them all."""
    install = (
        (uv, "pip", "install", "--offline", "--python", PYTHON)
        if uv
        else (PYTHON, "-m", "pip", "install", "--no-index")
    )
    editable = [part for folder in projects() for part in ("-e", folder)]
    if not run(*install, "-q", "--no-deps", "--no-build-isolation", *editable):
        sys.exit("安装本项目失败,原因见上 / our own packages could not be installed; the reason stands above")


def main() -> None:
    """Install when something changed; the stamp comes last, so that half an installation is never taken for one."""
    with (ROOT / ".bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once would remove each other's work
        install()


def install() -> None:
    """What `main` does, by one process at a time."""
    want = fingerprint()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == want:
        return
    print("正在安装 / installing into .venv …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    our_own(third_party())
    STAMP.write_text(want)


if __name__ == "__main__":
    main()
