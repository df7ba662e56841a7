"""Access tokens: `at+jwt` (RFC 9068), ES256, 120 seconds, bound to the key of the device by `cnf` (RFC 9449 section 6)."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from dspace_backend.tokens.jose import ALGORITHM, JoseError, read, sign, take_apart
from dspace_backend.tokens.refusals import TokenRefused
from dspace_backend.tokens.signing import SigningKeys
from dspace_core.values import from_ms, random_id, to_ms

TYPE = "at+jwt"
LIFE = timedelta(seconds=120)
_AHEAD = timedelta(seconds=2)
"""How far the clock of another `web` may run ahead (article 13)."""


class _Header(msgspec.Struct, frozen=True, omit_defaults=True):
    typ: str
    alg: str
    kid: str
    crit: object = None


class Confirmation(msgspec.Struct, frozen=True):
    """`cnf`: the thumbprint of the key that every call must prove to hold."""

    jkt: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{43}$")]


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a token says (RFC 9068 section 2.2). `authority` and `roles` are there for staff, and only there."""

    iss: str
    aud: str
    sub: UUID
    client_id: str
    iat: int
    exp: int
    jti: str
    cnf: Confirmation
    sid: UUID
    """The session that it is refreshed by; it ends with it."""
    acr: str
    auth_time: int
    authority: str | None = None
    roles: tuple[str, ...] | None = None

    @property
    def ends(self) -> datetime:
        """From when it is no longer accepted."""
        return from_ms(self.exp * 1000)


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a token is made for."""

    sub: UUID
    client_id: str
    jkt: str
    sid: UUID
    acr: str
    auth_time: int
    authority: str | None = None
    roles: tuple[str, ...] | None = None


_HEADER = msgspec.json.Decoder(_Header)
_CLAIMS = msgspec.json.Decoder(Claims)


class AccessTokens:
    """Makes tokens for one audience and checks them. The issuer of a development deployment begins with `dev.`."""

    def __init__(self, keys: SigningKeys, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience

    def make(self, bearer: Bearer, now: datetime) -> str:
        """A token for the next 120 seconds."""
        key = self._keys.current
        begins = to_ms(now) // 1000
        claims = Claims(
            iss=self._issuer,
            aud=self._audience,
            sub=bearer.sub,
            client_id=bearer.client_id,
            iat=begins,
            exp=begins + LIFE // timedelta(seconds=1),
            jti=random_id().hex,
            cnf=Confirmation(bearer.jkt),
            sid=bearer.sid,
            acr=bearer.acr,
            auth_time=bearer.auth_time,
            authority=bearer.authority,
            roles=bearer.roles,
        )
        return sign(_Header(TYPE, ALGORITHM, key.kid), claims, key.signer)

    def check(self, text: str, now: datetime) -> Claims:
        """The claims of a token, or TokenRefused with the first of these that fails (RFC 9068 section 4):

        (1) one well-formed JWS with all claims  (2) `typ`  (3) `alg` is ES256, and nothing critical that we do not know
        (4) the key is one of ours, published now  (5) it signed  (6) `iss`  (7) `aud`  (8) begun, and not over.
        """
        try:
            parts = take_apart(text)  # 1
            header, claims = read(parts.header, _HEADER), read(parts.payload, _CLAIMS)
            if header.typ != TYPE:  # 2
                raise JoseError("typ")
            if header.alg != ALGORITHM or header.crit is not None:  # 3
                raise JoseError("alg")
            verifier = self._keys.verifier(header.kid)
            if verifier is None:  # 4
                raise JoseError("kid")
            parts.check(verifier)  # 5
        except JoseError as error:
            raise TokenRefused(reason=str(error)) from None
        if claims.iss != self._issuer:  # 6
            raise TokenRefused(reason="iss")
        if claims.aud != self._audience:  # 7
            raise TokenRefused(reason="aud")
        at = to_ms(now)
        if claims.iat * 1000 > at + _AHEAD // timedelta(milliseconds=1) or at >= claims.exp * 1000:  # 8
            raise TokenRefused(reason="exp")
        return claims
