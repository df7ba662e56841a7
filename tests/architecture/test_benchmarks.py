"""Every figure has a budget, every budget a figure, and every benchmark is run by `make bench`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
NAMES = "import json, run; print(json.dumps([sorted(run.BUDGETS), sorted(sum(run.GROUPS, ())), run.BUDGETS]))"
PARTS = {"run", "commit_lane", "keep_alive"}
"""`run` itself, what it measures by a function of its own, and the client of `api`."""


@pytest.fixture(scope="module")
def told() -> Any:
    done = subprocess.run([sys.executable, "-c", NAMES], cwd=FOLDER, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_figures_and_budgets_are_the_same(told: Any) -> None:
    budgets, figures, _ = told
    assert figures == budgets


def test_a_budget_is_one_bound_and_says_of_what(told: Any) -> None:
    for name, budget in told[2].items():
        assert {*budget} in ({"at_least", "of"}, {"at_most", "of"}), name


def test_no_benchmark_is_left_out() -> None:
    ran = (FOLDER / "run.py").read_text()
    modules = {path.stem for path in FOLDER.glob("*.py")} - PARTS
    assert {name for name in modules if f"{name}.measure," not in ran} == set()


@pytest.mark.parametrize(
    ("name", "bound", "value"),
    [
        ("notary_entries_per_second", "at_least", 5000),
        ("notary_signed_p99_ms", "at_most", 50),
        ("decide_allowed_us", "at_most", 20),
        ("evidence_verify_ms", "at_most", 0.1),
        ("evidence_inclusion_p99_ms", "at_most", 1.5),
    ],
)
def test_what_was_promised_is_the_budget(told: Any, name: str, bound: str, value: float) -> None:
    assert told[2][name][bound] == value
