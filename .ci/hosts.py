"""Refuse what ties the project to one machine: a registry's host, a lock that records hosts, a path of some machine.

Run by `make check`. It reads every file that git tracks or would track.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Written in parts, since this file is read too.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("pypi", "python", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"), ("deb", "debian", "org"), ("crates", "io"),
    )
]  # fmt: skip
FORBIDDEN = {
    "a registry's host": re.compile("|".join(map(re.escape, HOSTS)), re.IGNORECASE),
    "an index address": re.compile(r"https?://\S+/simple\b|index-url\s*=?\s*https?:", re.IGNORECASE),
    "a recorded download": re.compile(r'"?(resolved|url)"?\s*[:=]\s*"https?://[^"]+\.(whl|tgz|tar\.gz)'),
    "a path of some machine": re.compile(r"(?<![\w./-])/(work|root|farm)/\w"),
}
LOCKS = {"uv.lock", "pylock.toml"}


def problems(root: Path) -> list[str]:
    """What stands where it must not, as `file:line: what`."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],  # noqa: S607
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    found = []
    for name in filter(None, listed.split("\0")):
        path = root / name
        if path.name in LOCKS:
            found.append(f"{name}: records hosts; use requirements.lock (make lock)")
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for number, line in enumerate(lines, 1):
            found += [f"{name}:{number}: {what}" for what, pattern in FORBIDDEN.items() if pattern.search(line)]
    return found


if __name__ == "__main__":
    said = problems(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
    print("\n".join(said) or "no host, no lock with hosts, no machine's path")
    sys.exit(bool(said))
