"""Canonical JSON against another encoder, and the profile outside of which it refuses."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.evidence import canonical
from dspace_core.evidence.canonical import DEPTH_LIMIT, INTEGER_LIMIT
from dspace_core.evidence.refusals import OutsideProfile

keys = st.text(st.characters(max_codepoint=127), max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
integers = st.integers(-INTEGER_LIMIT + 1, INTEGER_LIMIT - 1)
values = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=20,
)


def oracle(value: object) -> bytes:
    """RFC 8785 inside the profile, by the standard library: sorted ASCII keys, no spaces, the shortest escapes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(values)
def test_inside_the_profile_the_bytes_are_those_of_the_oracle(value: Any) -> None:
    assert canonical(value) == oracle(value)
    assert json.loads(canonical(value)) == value


def test_controls_separators_and_astral_signs_are_written_as_the_standard_says() -> None:
    assert canonical('\x00\x1f\b\t\n\f\r"\\/\x7f\u2028\U0001f600é') == (
        b'"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\x7f\xe2\x80\xa8\xf0\x9f\x98\x80\xc3\xa9"'
    )


@pytest.mark.parametrize(
    "value",
    [
        1.0, 0.5, -0.0, float("inf"), float("nan"), INTEGER_LIMIT, -INTEGER_LIMIT, 10**30, {"é": 1}, {1: 1}, {None: 1},
        "\ud800", {"a": ["\udfff"]}, b"bytes", {1, 2}, 1j, [[{"a": 1.5}]], {"a": {"b": 2**53}},
    ],
    ids=repr,
)  # fmt: skip
def test_outside_the_profile_is_refused(value: object) -> None:
    with pytest.raises(OutsideProfile) as refusal:
        canonical(value)
    assert refusal.value.values == {}


def test_nesting_ends_somewhere() -> None:
    deep: list[Any] = []
    for _ in range(DEPTH_LIMIT - 1):
        deep = [deep]
    assert canonical(deep) == oracle(deep)
    with pytest.raises(OutsideProfile):
        canonical([deep])
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(OutsideProfile):
        canonical(deep)


def test_a_struct_is_written_like_its_values() -> None:
    class Pair(msgspec.Struct):
        b: int
        a: str | None = None

    assert canonical(Pair(1)) == b'{"a":null,"b":1}'
