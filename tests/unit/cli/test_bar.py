"""What shows how far a filling is."""

import pytest

from dspace_core.cli.demo import _Bar
from dspace_core.sources import Loaded

HALF = Loaded(rows=1_234_567, seconds=10.0, share=0.5, table="person")


def test_a_terminal_shows_a_bar_that_moves_and_leaves_the_line_free(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    bar = _Bar()
    bar.tell(HALF)
    shown = capsys.readouterr().err
    assert shown.startswith("\r[" + "█" * 15 + "·" * 15 + "]  50%")
    assert "1,234,567 rows" in shown
    assert "123,457 rows/s person" in shown
    assert "\n" not in shown
    bar.end()
    assert capsys.readouterr().err.strip() == ""


def test_elsewhere_nothing_is_said_that_soon(capsys: pytest.CaptureFixture[str]) -> None:
    bar = _Bar()
    bar.tell(HALF)
    bar.end()
    assert capsys.readouterr().err == ""
