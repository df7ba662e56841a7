"""A canary is found in every disguise, and in nothing else."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.testing.canaries import Canaries

VALUE = "东街七号 00-1"
CANARIES = Canaries({"address": VALUE})
RAW = VALUE.encode()
SHA = hashlib.sha256(RAW)


@pytest.mark.parametrize(
    "content",
    [
        RAW,
        repr(VALUE.encode("unicode_escape")).encode().replace(b"\\\\", b"\\"),
        RAW.hex().encode(),
        RAW.hex().upper().encode(),
        SHA.digest(),
        SHA.hexdigest().encode(),
        base64.b64encode(SHA.digest()),
        base64.urlsafe_b64encode(SHA.digest()),
    ],
    ids=["raw", "escaped", "hex", "HEX", "sha256", "sha256 hex", "sha256 base64", "sha256 base64url"],
)
def test_a_disguised_canary_is_found(content: bytes) -> None:
    assert CANARIES.found(b"before " + content + b" after")


@given(st.binary(max_size=40), st.binary(max_size=40), st.booleans())
def test_a_canary_is_found_in_base64_of_whatever_it_stands_in(before: bytes, after: bytes, safe: bool) -> None:
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    assert CANARIES.found(encode(before + RAW + after))


@given(st.binary(max_size=400))
def test_nothing_is_found_where_nothing_is(content: bytes) -> None:
    assert CANARIES.found(content) == []


def test_files_are_searched_and_named(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/log").write_bytes(b"x" + RAW)
    (tmp_path / "clean").write_bytes(b"x")
    assert CANARIES.found_under(tmp_path) == ["deep/log: address as raw"]
