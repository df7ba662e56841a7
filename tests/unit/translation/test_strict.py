"""JSON from outside has one meaning or is refused."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.translation import Scalar, Unreadable, read_json


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    record: dict[str, Scalar]


SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"))


@given(record=st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=9), SCALARS))
def test_what_was_written_is_read_with_its_types(record: dict[str, Scalar]) -> None:
    read = read_json(json.dumps({"record": record}).encode(), Said).record
    assert read == record
    assert [type(value) for value in read.values()] == [type(value) for value in record.values()]


@given(body=st.binary(max_size=200))
def test_whatever_comes_is_read_or_unreadable(body: bytes) -> None:
    try:
        assert isinstance(read_json(body, Said), Said)
    except Unreadable as no:
        assert no.args == ()
        assert no.__context__ is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b'\xef\xbb\xbf{"record": {}}',
        '{"record": {}}'.encode("utf-16"),
        b'{"record": {}} {}',
        b'{"record": {}, "more": 1}',
        b'{"record": {"a": 1.0}}',
        b'{"record": {"a": 1e2}}',
        b'{"record": {"a": NaN}}',
        b'{"record": {"a": [1]}}',
        b'{"record": {"a": 1, "a": 2}}',
        b'{"record": {}, "record": {}}',
        b'{"record": {"a": ' + b"9" * 5_000 + b"}}",
        b"[" * 60_000,
        b'{"record":' * 6_000,
        b'{"record": {"a": ' + b"[" * 20 + b"]" * 20 + b"}}",
    ],
)
def test_what_has_another_meaning_elsewhere_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_json(body, Said)


def test_brackets_within_a_text_are_no_depth() -> None:
    text = '"\\' + "[{" * 50
    assert read_json(json.dumps({"record": {"a": text}}).encode(), Said).record == {"a": text}
