"""Proofs of possession (DPoP, RFC 9449): that whoever calls holds the key, for this call, now."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated

import msgspec

from dspace_backend.tokens.jose import ALGORITHM, GivenJwk, JoseError, PublicJwk, read, take_apart
from dspace_backend.tokens.refusals import ProofRefused
from dspace_backend.tokens.url import normal_path, normal_url
from dspace_core.crypto import P256Verifier
from dspace_core.values import InstantOutOfRange, from_ms

TYPE = "dpop+jwt"
PAST = timedelta(seconds=60)
FUTURE = timedelta(seconds=10)
"""How far the clock of a phone may be behind and ahead of ours."""
_KEYS = 4_096


class _Header(msgspec.Struct, frozen=True):
    typ: str
    alg: str
    jwk: GivenJwk
    crit: object = None


class _Payload(msgspec.Struct, frozen=True):
    jti: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    htm: str
    htu: str
    iat: int
    ath: str | None = None
    nonce: str | None = None
    exp: int | None = None
    nbf: int | None = None


_HEADER = msgspec.json.Decoder(_Header)
_PAYLOAD = msgspec.json.Decoder(_Payload)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof must be for. `bases` are the addresses under which we are reached, without a path."""

    method: str
    path: str
    bases: tuple[str, ...]
    token: str | None = None
    """The access token that the call carries; None where a token is only being asked for."""

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of the call, in one spelling."""
        path = normal_path(self.path)
        return tuple(f"{base}{path}" for base in self.bases)


class Proof(msgspec.Struct, frozen=True):
    """A proof that holds, but for its nonce and whether it was seen before."""

    jkt: str
    """The thumbprint of the key (RFC 7638)."""
    jti: str
    nonce: str | None


def check_proof(text: str, call: Call, now: datetime) -> Proof:
    """The proof, or ProofRefused with the first of these that fails (RFC 9449 section 4.3):

    (1) one well-formed JWS with all claims  (2) `typ`  (3) `alg` is ES256, and nothing critical that we do not know
    (4) the key is public  (5) it signed  (6) `htm` is the method  (7) `htu` the address  (8) `iat`, and `exp` and `nbf`
    where given, allow for now  (9) `ath` is the hash of the token, and there is none without a token.
    Nonce and replay are for `ReplayGuard`, whose answers need a memory.
    """
    try:
        parts = take_apart(text)  # 1
        header, claims = read(parts.header, _HEADER), read(parts.payload, _PAYLOAD)
        if header.typ != TYPE:  # 2
            raise JoseError("typ")
        if header.alg != ALGORITHM or header.crit is not None:  # 3
            raise JoseError("alg")
        if header.jwk.is_private:  # 4
            raise JoseError("jwk")
        verifier, thumbprint = _known(header.jwk.public)
        parts.check(verifier)  # 5
    except JoseError as error:
        raise ProofRefused(reason=str(error)) from None
    if claims.htm != call.method:  # 6
        raise ProofRefused(reason="htm")
    urls = call.urls
    if claims.htu not in urls and normal_url(claims.htu) not in urls:  # 7
        raise ProofRefused(reason="htu")
    if not _is_now(claims, now):  # 8
        raise ProofRefused(reason="iat")
    if not _is_bound(claims.ath, call.token):  # 9
        raise ProofRefused(reason="ath")
    return Proof(thumbprint, claims.jti, claims.nonce)


@lru_cache(_KEYS)
def _known(jwk: PublicJwk) -> tuple[P256Verifier, str]:
    """What follows from a public key alone, and its thumbprint: a phone sends the same key with each call."""
    return jwk.verifier(), jwk.thumbprint


def token_hash(token: str) -> str:
    """`ath`: SHA-256 of an access token, base64url."""
    digest = hashlib.sha256(token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _is_now(claims: _Payload, now: datetime) -> bool:
    made = _instant(claims.iat)
    ends = None if claims.exp is None else _instant(claims.exp)
    begins = None if claims.nbf is None else _instant(claims.nbf)
    return (
        made is not None
        and now - PAST <= made <= now + FUTURE
        and (claims.exp is None or (ends is not None and now < ends + PAST))
        and (claims.nbf is None or (begins is not None and begins <= now + FUTURE))
    )


def _instant(seconds: int) -> datetime | None:
    try:
        return from_ms(seconds * 1000)
    except InstantOutOfRange:
        return None


def _is_bound(ath: str | None, token: str | None) -> bool:
    if token is None or ath is None:
        return ath is None and token is None
    return ath.isascii() and hmac.compare_digest(ath, token_hash(token))
