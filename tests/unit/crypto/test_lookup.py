import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dspace_core.crypto import Secret, lookup_digest
from dspace_core.crypto.refusals import LookupMalformed

DOC = Path(__file__).parents[3] / "docs" / "formats" / "keys.md"
KEY = Secret(bytes(range(32)))
CITIZEN = "440100199003070011"
KNOWN = "d1b9ca4959af77efaa020c4e94f251de1119968532263844789ccd2fc26c957b"
texts = st.text(min_size=1, max_size=20)


def test_the_digest_gives_the_known_answer() -> None:
    assert lookup_digest(KEY, "citizen_id", CITIZEN).hex() == KNOWN
    assert KNOWN in DOC.read_text("utf-8")


def test_the_digest_is_an_hmac_over_length_prefixed_parts() -> None:
    message = b"\0\0\0\x0acitizen_id\0\0\0\x12" + CITIZEN.encode()
    assert lookup_digest(KEY, "citizen_id", CITIZEN) == hmac.new(KEY.reveal(), message, hashlib.sha256).digest()


@given(texts, texts, texts, texts)
def test_two_identifiers_never_share_a_digest(kind: str, value: str, kind2: str, value2: str) -> None:
    assume((kind, value) != (kind2, value2))
    assert lookup_digest(KEY, kind, value) != lookup_digest(KEY, kind2, value2)


def test_moving_a_character_from_kind_to_value_changes_the_digest() -> None:
    assert lookup_digest(KEY, "uscc9", "1440100MA90002650") != lookup_digest(KEY, "uscc", "91440100MA90002650")


def test_without_the_key_the_digest_tells_nothing() -> None:
    assert lookup_digest(KEY, "citizen_id", CITIZEN) != lookup_digest(Secret(bytes(32)), "citizen_id", CITIZEN)


@pytest.mark.parametrize(("kind", "value"), [("", CITIZEN), ("citizen_id", ""), ("", ""), ("citizen_id", "\ud800")])
def test_an_empty_or_broken_text_is_refused_and_not_repeated(kind: str, value: str) -> None:
    with pytest.raises(LookupMalformed) as refused:
        lookup_digest(KEY, kind, value)
    assert refused.value.code == "crypto.lookup_malformed"
    assert refused.value.values == {}
    assert refused.value.__context__ is None
