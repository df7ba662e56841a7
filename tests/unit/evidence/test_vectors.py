"""The published vectors behave as they say, all of them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from dspace_core.evidence import ProofError, verify_consistency, verify_inclusion

VECTORS = Path(__file__).parents[2] / "vectors"


def cases(kind: str) -> list[Any]:
    read = json.loads((VECTORS / f"merkle-{kind}.json").read_text())["cases"]
    return [pytest.param(case, id=case["name"]) for case in read]


def held(encoded: str | None) -> bytes:
    return base64.b64decode(encoded or "")


def test_none_of_the_cases_is_left_out() -> None:
    assert [len(cases("inclusion")), len(cases("consistency"))] == [49, 49]


@pytest.mark.parametrize("case", cases("inclusion"))
def test_an_inclusion_case_behaves_as_it_says(case: dict[str, Any]) -> None:
    proof = [held(each) for each in case["proof"] or []]

    def verify() -> None:
        verify_inclusion(held(case["leafHash"]), case["leafIdx"], case["treeSize"], proof, held(case["root"]))

    if case["wantErr"]:
        with pytest.raises(ProofError):
            verify()
    else:
        verify()


@pytest.mark.parametrize("case", cases("consistency"))
def test_a_consistency_case_behaves_as_it_says(case: dict[str, Any]) -> None:
    proof = [held(each) for each in case["proof"] or []]

    def verify() -> None:
        verify_consistency(case["size1"], held(case["root1"]), case["size2"], held(case["root2"]), proof)

    if case["wantErr"]:
        with pytest.raises(ProofError):
            verify()
    else:
        verify()
