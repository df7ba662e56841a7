import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.crypto import INTERNATIONAL, Secret, SuiteNumber, suite
from dspace_core.crypto.refusals import SuiteMixed, SuiteUnavailable, SuiteUnknown
from dspace_core.crypto.suites import Suite

SM3_OF_ABC = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905 A.1
keys = st.binary(min_size=32, max_size=32)


def hkdf(key: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869 by hand, as an oracle."""
    pseudorandom = hmac.new(salt or bytes(32), key, hashlib.sha256).digest()
    drawn, block, counter = b"", b"", 1
    while len(drawn) < size:
        block = hmac.new(pseudorandom, block + info + bytes((counter,)), hashlib.sha256).digest()
        drawn, counter = drawn + block, counter + 1
    return drawn[:size]


def test_the_oracle_knows_the_answer_of_the_rfc() -> None:
    drawn = hkdf(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)  # RFC 5869 A.1
    expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    assert drawn.hex() == expected


@given(keys, st.binary(max_size=40), st.binary(max_size=40), st.integers(1, 120))
def test_derivation_is_hkdf(key: bytes, salt: bytes, info: bytes, size: int) -> None:
    assert INTERNATIONAL.hash.derive(Secret(key), salt, info, size) == hkdf(key, salt, info, size)


@given(keys, st.binary(max_size=200))
def test_the_keyed_hash_is_hmac_sha_256(key: bytes, data: bytes) -> None:
    assert INTERNATIONAL.hash.hmac(Secret(key), data) == hmac.new(key, data, hashlib.sha256).digest()


def test_suite_one_hashes_by_sha_256() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4, "abc"
    assert suite(1).hash.digest(b"abc").hex() == expected


def test_the_national_suite_is_refused_and_nothing_answers_in_its_place() -> None:
    with pytest.raises(SuiteUnavailable) as refused:
        suite(SuiteNumber.NATIONAL)
    assert refused.value.code == "crypto.suite_unavailable"
    assert refused.value.values == {"number": 2}
    assert suite(1).hash.digest(b"abc").hex() != SM3_OF_ABC


@pytest.mark.parametrize("number", [number for number in range(-1, 257) if number not in {1, 2}])
def test_an_unknown_suite_is_refused(number: int) -> None:
    with pytest.raises(SuiteUnknown) as refused:
        suite(number)
    assert refused.value.code == "crypto.suite_unknown"


def another_suite() -> Suite:
    return Suite(
        number=SuiteNumber.NATIONAL,
        hash=INTERNATIONAL.hash,
        aead=INTERNATIONAL.aead,
        signer=INTERNATIONAL.signer,
        verifier=INTERNATIONAL.verifier,
    )


def test_a_tree_admits_its_own_suite_only() -> None:
    another_suite().admit(2)
    with pytest.raises(SuiteMixed) as refused:
        another_suite().admit(1)
    assert refused.value.code == "crypto.suite_mixed"
    assert refused.value.values == {"expected": 2, "found": 1}


@pytest.mark.parametrize(("number", "refusal"), [(2, SuiteUnavailable), (0, SuiteUnknown), (3, SuiteUnknown)])
def test_a_tree_refuses_what_no_suite_here_wrote(number: int, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        INTERNATIONAL.admit(number)
