import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.crypto import (
    INTERNATIONAL,
    Ed25519Signer,
    Ed25519Verifier,
    P256Signer,
    P256Verifier,
    Secret,
    Signer,
    Verifier,
)
from dspace_core.crypto.refusals import KeyMalformed, SignatureInvalid

SEED = Secret(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
P256_SCALAR = Secret(bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))
PRIME = 2**255 - 19
KINDS: list[tuple[Signer, type[Ed25519Verifier] | type[P256Verifier]]] = [
    (Ed25519Signer(SEED), Ed25519Verifier),
    (P256Signer(P256_SCALAR), P256Verifier),
]
kinds = pytest.mark.parametrize(("signer", "verifier"), KINDS, ids=["ed25519", "p256"])


def test_ed25519_gives_the_known_answer() -> None:
    signer = INTERNATIONAL.signer(SEED)  # RFC 8032 section 7.1, test 2
    assert signer.public == PUBLIC
    assert signer.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_p256_gives_the_known_answer() -> None:
    signer = P256Signer(P256_SCALAR)  # RFC 6979 A.2.5, SHA-256, "sample"
    assert signer.public.hex() == (
        "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    )
    assert signer.sign(b"sample").hex() == (
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    )


@kinds
@given(message=st.binary(max_size=100))
def test_what_was_signed_verifies(
    signer: Signer, verifier: type[Ed25519Verifier] | type[P256Verifier], message: bytes
) -> None:
    held: Verifier = verifier(signer.public)
    held.verify(message, signer.sign(message))
    assert held.public == signer.public


@kinds
@given(message=st.binary(max_size=40), at=st.integers(0, 63), bit=st.integers(0, 7))
def test_one_flipped_bit_of_a_signature_is_refused(
    signer: Signer, verifier: type[Ed25519Verifier] | type[P256Verifier], message: bytes, at: int, bit: int
) -> None:
    signature = bytearray(signer.sign(message))
    signature[at] ^= 1 << bit
    with pytest.raises(SignatureInvalid) as refused:
        verifier(signer.public).verify(message, bytes(signature))
    assert refused.value.code == "crypto.signature_invalid"


@kinds
def test_another_message_is_refused(signer: Signer, verifier: type[Ed25519Verifier] | type[P256Verifier]) -> None:
    with pytest.raises(SignatureInvalid):
        verifier(signer.public).verify(b"another", signer.sign(b"message"))


@kinds
@pytest.mark.parametrize("size", [0, 1, 63, 65, 70, 128])
def test_a_signature_of_another_length_is_refused(
    signer: Signer, verifier: type[Ed25519Verifier] | type[P256Verifier], size: int
) -> None:
    with pytest.raises(SignatureInvalid):
        verifier(signer.public).verify(b"message", signer.sign(b"message").ljust(128, b"\0")[:size])


@kinds
@pytest.mark.parametrize("size", [0, 31, 33, 64, 66])
def test_a_public_key_of_another_length_is_refused(
    signer: Signer, verifier: type[Ed25519Verifier] | type[P256Verifier], size: int
) -> None:
    with pytest.raises(KeyMalformed) as refused:
        verifier(signer.public.ljust(66, b"\0")[:size])
    assert refused.value.code == "crypto.key_malformed"


def test_a_point_off_the_curve_is_refused() -> None:
    public = bytearray(P256Signer(P256_SCALAR).public)
    public[-1] ^= 1
    with pytest.raises(KeyMalformed):
        P256Verifier(bytes(public))


def test_a_compressed_point_is_refused_so_that_one_key_has_one_form() -> None:
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), P256Signer(P256_SCALAR).public)
    with pytest.raises(KeyMalformed):
        P256Verifier(public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))


@pytest.mark.parametrize("scalar", [bytes(32), b"\xff" * 32])
def test_a_scalar_outside_the_order_is_refused(scalar: bytes) -> None:
    with pytest.raises(KeyMalformed):
        P256Signer(Secret(scalar))


def small_order_encodings() -> list[bytes]:
    """Every 32 bytes that a lax decoder may read as a point of small order, found from the curve equation alone."""
    d = -121665 * pow(121666, -1, PRIME) % PRIME

    def root(square: int) -> int | None:
        found = pow(square, (PRIME + 3) // 8, PRIME)
        candidates = found, found * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
        return next((each for each in candidates if each * each % PRIME == square % PRIME), None)

    y_values = {0, 1, PRIME - 1}  # order 4, 1, 2
    eighth = root((1 + d) % PRIME)
    assert eighth is not None
    for sign in (eighth, -eighth):  # order 8: d·y⁴ + 2y² - 1 = 0
        y = root((sign - 1) * pow(d, -1, PRIME) % PRIME)
        if y is not None:
            y_values |= {y, PRIME - y}
    assert len(y_values) == 5
    unreduced = y_values | {y + PRIME for y in y_values if y + PRIME < 2**255}
    return [(y | sign << 255).to_bytes(32, "little") for y in unreduced for sign in (0, 1)]


@pytest.mark.parametrize("public", small_order_encodings(), ids=bytes.hex)
def test_a_public_key_under_which_anything_verifies_is_refused(public: bytes) -> None:
    with pytest.raises(KeyMalformed):
        Ed25519Verifier(public)
