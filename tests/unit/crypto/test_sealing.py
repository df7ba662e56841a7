import hashlib
import hmac
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import assume, given
from hypothesis import strategies as st

from dspace_core.crypto import INTERNATIONAL, Secret, SuiteNumber, seal, unseal
from dspace_core.crypto.refusals import (
    RecordMalformed,
    SuiteMixed,
    SuiteUnavailable,
    SuiteUnknown,
    UnsealFailed,
)
from dspace_core.crypto.sealing import HEADER_BYTES, OVERHEAD_BYTES, _record_keys
from dspace_core.crypto.suites import Suite
from dspace_core.errors import Refusal

DOC = Path(__file__).parents[3] / "docs" / "formats" / "sealed.md"
KEY = Secret(bytes(range(32)))
SALT = bytes(range(64, 88))
KNOWN = bytes.fromhex(
    "0101404142434445464748494a4b4c4d4e4f505152535455565740158045898f2ab05f7bfb4bf5ac7adaae77c82114fe27f76be5bb72"
    "94a84b205d4ef06ab0be388d48e3d42e61dd50c8ca28a786f6621371af74ad79ae"
)
keys = st.binary(min_size=32, max_size=32).map(Secret)
texts = st.binary(max_size=200)


def test_sealing_gives_the_known_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_bytes", lambda size: SALT[:size])
    assert seal(KEY, b"digital space", b"context") == KNOWN
    assert KNOWN.hex() in DOC.read_text("utf-8").replace("\n", "")


def test_the_known_answer_follows_from_the_format_page() -> None:
    """A second implementation, from the page alone: standard HMAC, and AES-GCM without our sealing."""
    info = b"".join(
        len(part).to_bytes(4, "big") + part
        for part in (b"dspace/v1/seal", b"\x01\x01", hashlib.sha256(b"context").digest())
    )
    pseudorandom = hmac.new(SALT, KEY.reveal(), hashlib.sha256).digest()
    drawn, block = b"", b""
    for counter in (1, 2, 3):
        block = hmac.new(pseudorandom, block + info + bytes((counter,)), hashlib.sha256).digest()
        drawn += block
    header = b"\x01\x01" + SALT + drawn[44:76]
    assert header + AESGCM(drawn[:32]).encrypt(drawn[32:44], b"digital space", header) == KNOWN


@given(keys, texts, texts)
def test_what_was_sealed_opens(key: Secret, plaintext: bytes, associated: bytes) -> None:
    record = seal(key, plaintext, associated)
    assert len(record) == len(plaintext) + OVERHEAD_BYTES
    assert unseal(key, record, associated) == plaintext


@given(plaintext=texts, change=st.integers(1, 255), data=st.data())
def test_one_changed_byte_anywhere_is_refused(plaintext: bytes, change: int, data: st.DataObject) -> None:
    record = bytearray(seal(KEY, plaintext, b"context"))
    at = data.draw(st.integers(0, len(record) - 1))
    record[at] ^= change
    with pytest.raises(Refusal) as refused:
        unseal(KEY, bytes(record), b"context")
    allowed = {0: {"crypto.record_malformed"}, 1: {"crypto.suite_unknown", "crypto.suite_unavailable"}}
    assert refused.value.code in allowed.get(at, {"crypto.unseal_failed"})


def test_every_single_byte_counts() -> None:
    for at in range(2, len(KNOWN)):
        changed = KNOWN[:at] + bytes((KNOWN[at] ^ 0x80,)) + KNOWN[at + 1 :]
        with pytest.raises(UnsealFailed):
            unseal(KEY, changed, b"context")


@given(plaintext=st.binary(max_size=60), data=st.data())
def test_a_record_cut_or_lengthened_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    record = seal(KEY, plaintext, b"")
    cut = data.draw(st.integers(0, len(record) - 1))
    for other in (record[:cut], record + record[cut : cut + 1]):
        with pytest.raises((RecordMalformed, UnsealFailed)):
            unseal(KEY, other, b"")


@given(st.binary(max_size=OVERHEAD_BYTES - 1))
def test_what_is_too_short_to_be_a_record_is_malformed(record: bytes) -> None:
    with pytest.raises(RecordMalformed) as refused:
        unseal(KEY, record, b"")
    assert refused.value.code == "crypto.record_malformed"


@given(keys, keys, texts)
def test_another_key_never_opens_the_record(one: Secret, other: Secret, plaintext: bytes) -> None:
    assume(one != other)
    with pytest.raises(UnsealFailed):
        unseal(other, seal(one, plaintext, b""), b"")


@given(texts, texts)
def test_another_associated_text_never_opens_the_record(one: bytes, other: bytes) -> None:
    assume(one != other)
    with pytest.raises(UnsealFailed):
        unseal(KEY, seal(KEY, b"plain", one), other)


def test_every_reason_for_not_opening_looks_the_same() -> None:
    record = seal(KEY, b"plain", b"context")
    attempts = [
        (Secret(bytes(32)), record, b"context"),
        (KEY, record, b"contexT"),
        (KEY, record[:-1] + bytes((record[-1] ^ 1,)), b"context"),
        (KEY, record[:30] + bytes((record[30] ^ 1,)) + record[31:], b"context"),
        (KEY, record[:HEADER_BYTES] + bytes(16), b"context"),
    ]
    answers = []
    for attempt in attempts:
        with pytest.raises(UnsealFailed) as refused:
            unseal(*attempt)
        said = refused.value
        answers.append((said.code, said.values, said.args, str(said), said.__cause__, said.__context__))
    assert answers == [answers[0]] * len(attempts)
    assert answers[0][:2] == ("crypto.unseal_failed", {})


@pytest.mark.parametrize(("number", "refusal"), [(2, SuiteUnavailable), (0, SuiteUnknown), (255, SuiteUnknown)])
def test_a_record_of_a_suite_we_do_not_have_is_refused(number: int, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        unseal(KEY, KNOWN[:1] + bytes((number,)) + KNOWN[2:], b"context")


def watched(decrypted: list[bytes], number: SuiteNumber = SuiteNumber.INTERNATIONAL) -> Suite:
    """The international suite with a cipher that notes what it was asked to decrypt."""

    class Watched:
        encrypt = staticmethod(INTERNATIONAL.aead.encrypt)

        def decrypt(self, key: Secret, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes | None:
            decrypted.append(ciphertext)
            return INTERNATIONAL.aead.decrypt(key, nonce, ciphertext, associated)

    return Suite(
        number=number,
        hash=INTERNATIONAL.hash,
        aead=Watched(),
        signer=INTERNATIONAL.signer,
        verifier=INTERNATIONAL.verifier,
    )


def test_a_key_of_one_suite_does_not_open_a_record_of_another() -> None:
    with pytest.raises(SuiteMixed):
        unseal(KEY, KNOWN, b"context", watched([], SuiteNumber.NATIONAL))


def test_the_commitment_is_checked_before_anything_is_decrypted() -> None:
    decrypted: list[bytes] = []
    with pytest.raises(UnsealFailed):
        unseal(Secret(bytes(32)), KNOWN, b"context", watched(decrypted))
    assert decrypted == []
    unseal(KEY, KNOWN, b"context", watched(decrypted))
    assert decrypted == [KNOWN[HEADER_BYTES:]]


def test_no_two_records_share_salt_or_cipher_key() -> None:
    records = [seal(KEY, b"same", b"same") for _ in range(500)]
    assert len({record[2:26] for record in records}) == 500
    ciphers = {_record_keys(KEY, record[2:26], b"same", INTERNATIONAL).cipher.reveal() for record in records}
    assert len(ciphers) == 500


def multiply(one: int, other: int) -> int:
    """In GF(2^128) as GCM writes it: the first bit is the coefficient of x^0 (NIST SP 800-38D section 6.3)."""
    product = 0
    for place in range(128):
        if one >> (127 - place) & 1:
            product ^= other
        other = other >> 1 ^ (0xE1 << 120 if other & 1 else 0)
    return product


def power(number: int, exponent: int) -> int:
    result = 1 << 127
    while exponent:
        if exponent & 1:
            result = multiply(result, number)
        number, exponent = multiply(number, number), exponent >> 1
    return result


def block_of(key: bytes, block: bytes) -> int:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  (one block, to find the hash key of GCM)
    return int.from_bytes(encryptor.update(block) + encryptor.finalize(), "big")


def test_a_ciphertext_that_gcm_opens_under_two_keys_opens_here_under_one() -> None:
    """The multi-key collision of GCM, built for the derived keys of two sealing keys.

    The attacker knows both sealing keys and chooses the ciphertext: with hash keys h and g and masks s and t, its last
    block solves  GHASH_h(header, body) + s = GHASH_g(header, body) + t,  which is linear in that block.
    """
    mallory, alice = Secret(b"\x01" * 32), Secret(b"\x02" * 32)
    one, other = (_record_keys(key, SALT, b"", INTERNATIONAL) for key in (mallory, alice))
    for committed in (one, other):
        header = b"\x01\x01" + SALT + committed.commitment
        h, g = (block_of(keys.cipher.reveal(), bytes(16)) for keys in (one, other))
        s, t = (block_of(keys.cipher.reveal(), keys.nonce + b"\0\0\0\1") for keys in (one, other))
        padded = header + bytes(-len(header) % 16) + b"chosen at will.."
        lengths = (len(header) * 8).to_bytes(8, "big") + (32 * 8).to_bytes(8, "big")
        known = [int.from_bytes(padded[at : at + 16], "big") for at in range(0, len(padded), 16)]
        total = s ^ t
        for hash_key in (h, g):
            for place, block in enumerate(known):
                total ^= multiply(block, power(hash_key, len(known) + 2 - place))
            total ^= multiply(int.from_bytes(lengths, "big"), hash_key)
        last = multiply(total, power(multiply(h, h) ^ multiply(g, g), 2**128 - 2))
        blocks = [*known, last, int.from_bytes(lengths, "big")]
        tag = s
        for place, block in enumerate(blocks):
            tag ^= multiply(block, power(h, len(blocks) - place))
        ciphertext = b"chosen at will.." + last.to_bytes(16, "big") + tag.to_bytes(16, "big")
        raw = [AESGCM(keys.cipher.reveal()).decrypt(keys.nonce, ciphertext, header) for keys in (one, other)]
        assert raw[0] != raw[1], "the attack works on GCM itself: both keys accept, with two different texts"
        owner, stranger = (mallory, alice) if committed is one else (alice, mallory)
        assert unseal(owner, header + ciphertext, b"") in raw
        with pytest.raises(UnsealFailed):
            unseal(stranger, header + ciphertext, b"")
