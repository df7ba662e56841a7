"""The pages of the reference that are made from code: docs/errors.md and docs/settings.md.

The functions before `main` turn classes into text and touch no file. `make docs` runs this module; `make check` runs it
with `--check`.
"""

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from pkgutil import iter_modules

import msgspec

from dspace_core.errors import Refusal, family
from dspace_core.machine.settings import SETTINGS, Setting

_CORE = "dspace_core"
_BACKEND = "dspace_backend"
_RENEW = "make docs"

_ERRORS_HEAD = f"""\
# 错误 Errors

<!-- Made by `{_RENEW}` from the refusal classes. Do not edit. -->

每个拒绝都有稳定的代码;`{{…}}` 处填入当时的值,其中没有个人信息。

Every refusal has a code that stays. A value stands in the place of `{{…}}`; none is personal.
"""

_SETTINGS_HEAD = f"""\
# 设置 Settings

<!-- Made by `{_RENEW}` from the list of settings. Do not edit. -->

所有设置均为环境变量,启动时读取一次;以 `DSPACE_` 开头而不在此列的变量会被拒绝。

Every setting is an environment variable, read once at start. A variable that begins with `DSPACE_` and is not listed is
refused.

| 变量 Variable | 默认 Default | 含义 | Meaning |
| --- | --- | --- | --- |
"""


class Unreachable(msgspec.Struct, frozen=True):
    """A module that could not be imported because a package it needs is not installed."""

    module: str
    needs: str


def import_rooms(packages: Iterable[str]) -> tuple[Unreachable, ...]:
    """Import every module of the packages, so that their refusals join the family; answer those out of reach.

    Only a missing package of somebody else puts a module out of reach. Any other failure is a fault and is raised.
    """
    ours = tuple(packages)
    return tuple(lost for package in ours for lost in _import_tree(package, ours))


def refusals_of(packages: Iterable[str]) -> tuple[type[Refusal], ...]:
    """The imported refusals that these packages define, in the order of their codes."""
    ours = set(packages)
    return tuple(refusal for refusal in family().values() if _top(refusal.__module__) in ours)


def render_errors(refusals: Iterable[type[Refusal]]) -> str:
    """The page of errors: a heading per room, and under it each code with its meaning, its texts and its remedy."""
    by_code = sorted(refusals, key=lambda refusal: refusal.code)
    rooms = (
        f"\n## {room}\n{''.join(map(_entry, members))}"
        for room, members in groupby(by_code, lambda one: _top(one.code))
    )
    return _ERRORS_HEAD + "".join(rooms)


def render_settings(settings: Iterable[Setting]) -> str:
    """The page of settings: one row each, in the order in which they are listed."""
    rows = (
        f"| `{one.name}` | {_cell(one.default)} | {_cell(one.meaning.zh)} | {_cell(one.meaning.en)} |\n"
        for one in settings
    )
    return _SETTINGS_HEAD + "".join(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages, or compare them with `--check`. Answer 0 when all is well, 1 when a page is stale or incomplete."""
    chosen = _options(argv)
    packages = chosen.packages or _installed()
    unreachable = import_rooms(packages)
    for lost in unreachable:
        _say(f"{lost.module} needs {lost.needs}, which is not installed; without it the pages would be incomplete")
    if unreachable:
        return 1
    pages = {
        chosen.docs / "errors.md": render_errors(refusals_of(packages)),
        chosen.docs / "settings.md": render_settings(SETTINGS),
    }
    if not chosen.check:
        for path, text in pages.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        _say(f"{path} is stale; renew it with `{_RENEW}`")
    return 1 if stale else 0


class _Options(argparse.Namespace):
    check: bool
    docs: Path
    packages: list[str]


def _options(argv: Sequence[str] | None) -> _Options:
    menu = argparse.ArgumentParser(prog="python -m dspace_core.cli.reference", description=__doc__)
    menu.add_argument("--check", action="store_true", help="write nothing; fail if a page is stale")
    menu.add_argument("--docs", type=Path, default=Path("docs"), help="the folder of the pages (docs)")
    menu.add_argument("packages", nargs="*", help=f"whose refusals to list ({_CORE}, and {_BACKEND} if installed)")
    return menu.parse_args(argv, namespace=_Options())


def _installed() -> list[str]:
    """The core, and the backend if it is there: by name, since the core does not know the backend."""
    if find_spec(_BACKEND) is None:
        _say(f"{_BACKEND} is not installed; its refusals are left out")
        return [_CORE]
    return [_CORE, _BACKEND]


def _import_tree(name: str, ours: tuple[str, ...]) -> Iterator[Unreachable]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is None or _top(missing.name) in ours:
            raise
        yield Unreachable(name, missing.name)
        return
    for found in iter_modules(getattr(module, "__path__", ()), f"{name}."):
        if not found.name.endswith(".__main__"):  # importing one would run it
            yield from _import_tree(found.name, ours)


def _top(dotted: str) -> str:
    return dotted.partition(".")[0]


def _entry(refusal: type[Refusal]) -> str:
    meaning = inspect.cleandoc(refusal.__doc__ or "")
    says, remedy = refusal.says, refusal.remedy
    return (
        f"\n### `{refusal.code}`\n\n{meaning}\n\n"
        f"- 中文:{says.zh}\n- English: {says.en}\n- 处理:{remedy.zh}\n- Remedy: {remedy.en}\n"
    )


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
