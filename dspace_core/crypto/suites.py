"""Cipher suites: one byte names hash, cipher and signature together, and one tree speaks one suite.

Suite 1 is SHA-256, AES-256-GCM and Ed25519 (P-256 stands beside it where a device can do nothing else). Suite 2 is
kept for SM3, SM4 and SM2 (GB/T 32905, 32907, 32918): it is refused until it exists, and nothing falls back to suite 1.
"""

import hashlib
import hmac
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dspace_core.crypto.refusals import SuiteMixed, SuiteUnavailable, SuiteUnknown
from dspace_core.crypto.secret import Secret
from dspace_core.crypto.signatures import Ed25519Signer, Ed25519Verifier


class SuiteNumber(IntEnum):
    """The suite byte of every format: leaf, sealed record, key file."""

    INTERNATIONAL = 1
    NATIONAL = 2
    """Reserved for SM3, SM4, SM2 (国密)."""


class Hash(Protocol):
    """A 256-bit hash and what is built on it."""

    def digest(self, data: bytes) -> bytes:
        """The 32-byte digest of the data."""
        ...

    def hmac(self, key: Secret, data: bytes) -> bytes:
        """HMAC (RFC 2104) of the data, 32 bytes."""
        ...

    def derive(self, key: Secret, salt: bytes, info: bytes, size: int) -> bytes:
        """HKDF (RFC 5869), extract and expand, `size` bytes."""
        ...


class Aead(Protocol):
    """An authenticated cipher with a 12-byte nonce and a 16-byte tag behind the ciphertext."""

    def encrypt(self, key: Secret, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        """Ciphertext and tag. One key must never see the same nonce twice."""
        ...

    def decrypt(self, key: Secret, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes | None:
        """The plaintext, or None where the tag does not hold."""
        ...


class Signer(Protocol):
    """Holds a private key and signs. A hardware token is one as well."""

    @property
    def public(self) -> bytes:
        """The public key in its raw form."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature of the message."""
        ...


class Verifier(Protocol):
    """Holds a public key and refuses what it did not sign."""

    @property
    def public(self) -> bytes:
        """The public key in its raw form."""
        ...

    def verify(self, message: bytes, signature: bytes) -> None:
        """Return, or refuse with `SignatureInvalid`: a forgotten `if` cannot let a forgery through."""
        ...


class Sha256:
    """SHA-256 (FIPS 180-4), HMAC and HKDF over it."""

    def digest(self, data: bytes) -> bytes:
        """The 32-byte digest of the data."""
        return hashlib.sha256(data).digest()

    def hmac(self, key: Secret, data: bytes) -> bytes:
        """HMAC-SHA-256 of the data."""
        return hmac.digest(key.reveal(), data, "sha256")

    def derive(self, key: Secret, salt: bytes, info: bytes, size: int) -> bytes:
        """HKDF-SHA-256."""
        return HKDF(algorithm=SHA256(), length=size, salt=salt, info=info).derive(key.reveal())


class Aes256Gcm:
    """AES-256-GCM (NIST SP 800-38D). Alone it does not commit to its key; `sealing` adds that."""

    def encrypt(self, key: Secret, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        """Ciphertext and tag."""
        return AESGCM(key.reveal()).encrypt(nonce, plaintext, associated)

    def decrypt(self, key: Secret, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes | None:
        """The plaintext, or None where the tag does not hold."""
        try:
            return AESGCM(key.reveal()).decrypt(nonce, ciphertext, associated)
        except InvalidTag:
            return None


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one suite byte stands for."""

    number: SuiteNumber
    hash: Hash
    aead: Aead
    signer: Callable[[Secret], Signer]
    verifier: Callable[[bytes], Verifier]

    def admit(self, number: int) -> None:
        """Refuse whatever is not of this suite: unknown, not available, or of another suite."""
        if number != self.number:
            suite(number)
            raise SuiteMixed(expected=int(self.number), found=number)


INTERNATIONAL = Suite(
    number=SuiteNumber.INTERNATIONAL,
    hash=Sha256(),
    aead=Aes256Gcm(),
    signer=Ed25519Signer,
    verifier=Ed25519Verifier,
)


def suite(number: int) -> Suite:
    """The suite of that byte. Refuses a reserved number and an unknown one."""
    if number == SuiteNumber.INTERNATIONAL:
        return INTERNATIONAL
    if number == SuiteNumber.NATIONAL:
        raise SuiteUnavailable(number=number)
    raise SuiteUnknown(number=number)
