"""An errand is told of when it fails or takes too long, and ends with whoever sent it."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dspace_core.machine.errand import Errand

Module = Callable[[str], str]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """A module with that content, to be run by name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(content: str) -> str:
        (tmp_path / "errand_of_a_test.py").write_text(content)
        return "errand_of_a_test"

    return write


def wait_for(errand: Errand, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        errand.look()
        time.sleep(0.01)


def test_an_errand_does_its_thing_and_nobody_speaks_of_it(
    module: Module, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = tmp_path / "done"
    errand = Errand("milk", module(f"open({str(done)!r}, 'w').close()"), 20)
    wait_for(errand, done.exists)
    wait_for(errand, lambda: errand._process is None)
    assert caplog.records == []


def test_one_that_fails_is_told_of(module: Module, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        errand = Errand("milk", module("raise SystemExit(3)"), 20)
        wait_for(errand, lambda: "milk failed (3)" in caplog.text)


def test_one_that_takes_too_long_is_ended_and_told_of(module: Module, caplog: pytest.LogCaptureFixture) -> None:
    errand = Errand("milk", module("import time; time.sleep(60)"), 0)
    wait_for(errand, lambda: "milk took too long" in caplog.text)
    assert errand._process is None


def test_one_that_is_ended_is_gone(module: Module) -> None:
    errand = Errand("milk", module("import time; time.sleep(60)"), 60)
    process = errand._process
    errand.end()
    assert process is not None
    assert process.returncode == -9
