"""The little of JOSE that we speak: compact JWS (RFC 7515), ES256 (RFC 7518 section 3.4), public P-256 keys (RFC 7517).

It takes one form of everything and no choice of algorithm, so that there is nothing to confuse. On the path of every
call it costs two thirds of what a general library does (ADR 5).
"""

import base64
import binascii
import hashlib
import re
from typing import Annotated, TypeVar

import msgspec

from dspace_core.crypto import P256Signer, P256Verifier
from dspace_core.crypto.refusals import KeyMalformed, SignatureInvalid

ALGORITHM = "ES256"
LONGEST = 4096
"""Characters of a token or proof: many times what ours have."""
_COMPACT = re.compile(r"[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{86}", re.ASCII)
_Coordinate = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{43}$")]
_T = TypeVar("_T")


class JoseError(Exception):
    """Not of the form, or not signed by the key. The message is one word of ours."""


class PublicJwk(msgspec.Struct, frozen=True, kw_only=True):
    """A public key on P-256. The members are in the order in which RFC 7638 hashes them."""

    crv: str
    kty: str
    x: _Coordinate
    y: _Coordinate

    @property
    def thumbprint(self) -> str:
        """The name that follows from the key (RFC 7638): SHA-256, base64url."""
        return encode(hashlib.sha256(msgspec.json.encode(self, order="deterministic")).digest())

    def verifier(self) -> P256Verifier:
        """What checks signatures by this key. Raises JoseError for another curve, or a point off it."""
        if (self.kty, self.crv) != ("EC", "P-256"):
            raise JoseError("jwk")
        try:
            return P256Verifier(b"\x04" + decode(self.x) + decode(self.y))
        except KeyMalformed:
            raise JoseError("jwk") from None

    @classmethod
    def of(cls, signer: P256Signer) -> "PublicJwk":
        """The public half of a signer."""
        return cls(kty="EC", crv="P-256", x=encode(signer.public[1:33]), y=encode(signer.public[33:]))


class GivenJwk(PublicJwk, frozen=True, kw_only=True):
    """A key as somebody sends it: whether anything private or symmetric came along shows."""

    d: object = None
    k: object = None
    p: object = None
    q: object = None
    dp: object = None
    dq: object = None
    qi: object = None
    oth: object = None

    @property
    def is_private(self) -> bool:
        """Whether it holds more than the public half."""
        return any(part is not None for part in (self.d, self.k, self.p, self.q, self.dp, self.dq, self.qi, self.oth))

    @property
    def public(self) -> PublicJwk:
        """The public half alone."""
        return PublicJwk(kty=self.kty, crv=self.crv, x=self.x, y=self.y)


class Compact(msgspec.Struct, frozen=True):
    """A compact JWS taken apart, its signature not yet checked."""

    header: bytes
    payload: bytes
    signed: bytes
    signature: bytes

    def check(self, verifier: P256Verifier) -> None:
        """Return, or raise JoseError."""
        try:
            verifier.verify(self.signed, self.signature)
        except SignatureInvalid:
            raise JoseError("signature") from None


def encode(raw: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of a base64url text, in its one spelling. Raises JoseError."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise JoseError("form") from None
    if encode(raw) != text:
        raise JoseError("form")
    return raw


def take_apart(text: str) -> Compact:
    """A compact JWS with a signature of 64 bytes. Raises JoseError for anything else."""
    if len(text) > LONGEST or _COMPACT.fullmatch(text) is None:
        raise JoseError("form")
    signed, _, signature = text.rpartition(".")
    header, _, payload = signed.partition(".")
    return Compact(decode(header), decode(payload), signed.encode("ascii"), decode(signature))


def read(raw: bytes, decoder: msgspec.json.Decoder[_T]) -> _T:
    """Decode one part strictly. Raises JoseError, which keeps nothing of the part."""
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise JoseError("form") from None


def sign(header: object, payload: object, signer: P256Signer) -> str:
    """A compact JWS over two structs."""
    signed = f"{encode(msgspec.json.encode(header))}.{encode(msgspec.json.encode(payload))}"
    return f"{signed}.{encode(signer.sign(signed.encode('ascii')))}"
