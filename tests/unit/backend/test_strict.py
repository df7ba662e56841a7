"""What comes from outside is read by one struct, strictly; refusals say where and repeat nothing of it."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_backend.strict import BodyInvalid, BodyMediaType, QueryInvalid, read_body, read_query

JSON = "application/json"
CANARY = "440100199003070011"


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    names: list[str]


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    inner: Inner
    flag: bool = False


GOOD = {"number": 1, "inner": {"names": ["a"]}}


def body(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def refused(content: bytes, kind: str | None = JSON) -> BodyInvalid:
    with pytest.raises(BodyInvalid) as no:
        read_body(kind, content, Shape)
    assert CANARY not in str(no.value)
    assert CANARY not in repr(no.value.values)
    return no.value


def test_what_fits_is_read() -> None:
    assert read_body(JSON, body(), Shape) == Shape(1, Inner(["a"]))


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", 'application/json;charset="UTF-8"']
)
def test_json_in_utf8_is_taken_however_it_is_said(kind: str) -> None:
    assert read_body(kind, body(), Shape).number == 1


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/json; charset=latin-1", "application/jsonp", "multipart/form-data"]
)
def test_any_other_content_type_is_refused(kind: str | None) -> None:
    with pytest.raises(BodyMediaType):
        read_body(kind, body(), Shape)


@pytest.mark.parametrize(
    ("content", "at"),
    [
        (body(number="1"), "$.number"),
        (body(number=1.0), "$.number"),
        (body(flag="true"), "$.flag"),
        (body(flag=1), "$.flag"),
        (body(inner={"names": [1]}), "$.inner.names[0]"),
        (body(inner={"names": [], CANARY: 1}), "$.inner"),
        (body(more=CANARY), "$"),
        (b'{"inner": {"names": []}}', "$.number"),
        (b'{"number": 1, "inner": {}}', "$.inner.names"),
    ],
)
def test_lax_types_and_unknown_fields_are_refused_with_their_place(content: bytes, at: str) -> None:
    assert refused(content).values["at"] == at


@pytest.mark.parametrize(
    "content",
    [
        b'{"number": 1, "number": 2, "inner": {"names": []}}',
        b'{"number": 1, "inner": {"names": [], "names": []}}',
    ],
)
def test_a_key_that_stands_twice_is_refused(content: bytes) -> None:
    assert "twice" in str(refused(content))


@pytest.mark.parametrize("content", [b"", b"{", b"nonsense", b"\xff", b'{"number": NaN}', b"null", b"[]"])
def test_what_is_no_json_or_no_object_is_refused(content: bytes) -> None:
    assert refused(content).values["at"] == "$"


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a":' * 30 + b"1" + b"}" * 30, b'["' + b"[" * 9 + b'"' + b"[" * 20]
)
def test_deep_json_is_refused(content: bytes) -> None:
    assert "deeply" in str(refused(content))


def test_brackets_within_a_text_are_no_depth() -> None:
    assert read_body(JSON, body(inner={"names": ["[" * 50, '\\"[[[[[[[[[[[[[[[[[[[']}), Shape).number == 1


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read_body(JSON, content, Shape)
    except BodyInvalid:
        return


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    most: int = 20
    before: int | None = None


def test_a_query_is_read_by_its_struct() -> None:
    assert read_query([("most", "5")], Query) == Query(5)


@pytest.mark.parametrize(
    "pairs", [[("most", "x")], [("most", "1"), ("most", "2")], [(CANARY, "1")], [("most", CANARY + "x")]]
)
def test_a_query_that_does_not_fit_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(QueryInvalid) as no:
        read_query(pairs, Query)
    assert CANARY not in str(no.value)
