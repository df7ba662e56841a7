"""Signatures of the international suite: Ed25519 for logs and witnesses, P-256 where hardware knows nothing else."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dspace_core.crypto.refusals import KeyMalformed, SignatureInvalid
from dspace_core.crypto.secret import Secret


class Ed25519Signer:
    """Signs by Ed25519 (RFC 8032 section 5.1): 64-byte signatures, the same for the same message."""

    def __init__(self, seed: Secret) -> None:
        self._key = ed25519.Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The signature of the message."""
        return self._key.sign(message)


_P = 2**255 - 19
_Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y = {0, 1, _P - 1, _Y8, _P - _Y8}
"""The y coordinates of the eight points whose order divides the cofactor: roots of y(y²-1)(d·y⁴+2y²-1) mod p."""


class Ed25519Verifier:
    """Verifies by Ed25519. Refuses public keys of small order: under such a key a signature proves nothing."""

    def __init__(self, public: bytes) -> None:
        if len(public) != 32 or (int.from_bytes(public, "little") & (2**255 - 1)) % _P in _SMALL_ORDER_Y:
            raise KeyMalformed
        self._key = ed25519.Ed25519PublicKey.from_public_bytes(public)
        self.public = public

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return, or refuse with `SignatureInvalid`."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            raise SignatureInvalid from None


class P256Signer:
    """Signs by ECDSA on P-256 with SHA-256, nonce by RFC 6979. The signature is r‖s, 64 bytes (RFC 7518 section 3.4).

    The public form is the uncompressed point, 65 bytes (SEC 1 section 2.3.3).
    """

    def __init__(self, scalar: Secret) -> None:
        try:
            self._key = ec.derive_private_key(int.from_bytes(scalar.reveal(), "big"), ec.SECP256R1())
        except ValueError:  # zero, or not below the order of the curve
            raise KeyMalformed from None
        self.public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, message: bytes) -> bytes:
        """The signature of the message."""
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class P256Verifier:
    """Verifies r‖s signatures by ECDSA on P-256 with SHA-256. Takes the uncompressed point only: one key, one form."""

    def __init__(self, public: bytes) -> None:
        if len(public) != 65:
            raise KeyMalformed
        try:
            self._key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        except ValueError:  # not on the curve
            raise KeyMalformed from None
        self.public = public

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return, or refuse with `SignatureInvalid`."""
        if len(signature) != 64:
            raise SignatureInvalid
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
        except InvalidSignature:
            raise SignatureInvalid from None
