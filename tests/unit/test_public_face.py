"""What a plugin author imports: whole, and light enough for a plugin's process to start with it."""

import subprocess
import sys

import msgspec
import pytest

import dspace_core
from dspace_core.scenario import HOOKS

IMPORTED = subprocess.run(
    [sys.executable, "-c", "import sys, dspace_core; print(*sorted(sys.modules))"],
    capture_output=True,
    text=True,
    check=True,
).stdout.split()


@pytest.mark.parametrize("heavy", ["asyncio", "asyncpg", "cryptography", "hypothesis", "pytest", "redis", "ssl"])
def test_the_face_brings_nothing_heavy(heavy: str) -> None:
    assert heavy not in IMPORTED


def test_the_face_opens_four_rooms_and_no_other() -> None:
    rooms = {name.split(".")[1] for name in IMPORTED if name.startswith("dspace_core.")}
    assert rooms == {"errors", "scenario", "translation", "values"}


def test_everything_named_is_there_and_sorted() -> None:
    assert all(hasattr(dspace_core, name) for name in dspace_core.__all__)
    assert list(dspace_core.__all__) == sorted(dspace_core.__all__, key=lambda name: (name.islower(), name))


def structs_in(kind: object) -> set[type]:
    """The structs that a struct is made of, itself among them."""
    found: set[type] = set()
    waiting = [msgspec.inspect.type_info(kind)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, msgspec.inspect.StructType) and one.cls not in found:
            found.add(one.cls)
            waiting += [field.type for field in one.fields]
        for inner in ("item_type", "key_type", "value_type"):
            waiting += [getattr(one, inner)] if hasattr(one, inner) else []
        waiting += getattr(one, "types", ()) or getattr(one, "item_types", ())
    return found


@pytest.mark.parametrize("hook", HOOKS)
def test_all_that_a_hook_takes_and_gives_is_on_the_face(hook: str) -> None:
    handed_on = {getattr(dspace_core, name) for name in dspace_core.__all__}
    needed = structs_in(HOOKS[hook].gives) | structs_in(dspace_core.Case)
    assert HOOKS[hook].gives in needed
    assert needed <= handed_on
