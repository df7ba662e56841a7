"""A phone as the server sees it: a key of its own, and a proof by it for each call (RFC 9449). For tests and load."""

import base64
import hashlib
import secrets
from collections.abc import Mapping

import msgspec

from dspace_core.crypto import P256Signer, Secret


class Device:
    """A key on P-256 and the proofs that it signs."""

    def __init__(self) -> None:
        self.signer = P256Signer(Secret.random())
        x, y = self.signer.public[1:33], self.signer.public[33:]
        self.jwk = {"crv": "P-256", "kty": "EC", "x": base64url(x), "y": base64url(y)}

    @property
    def jkt(self) -> str:
        """The thumbprint of the key (RFC 7638)."""
        return base64url(hashlib.sha256(msgspec.json.encode(self.jwk, order="sorted")).digest())

    def proof(
        self, method: str, url: str, *, at: float, nonce: str | None = None, token: str | None = None, jti: str = ""
    ) -> str:
        """A proof for one call at an instant, in seconds since 1970."""
        claims: dict[str, object] = {
            "jti": jti or secrets.token_urlsafe(16),
            "htm": method,
            "htu": url,
            "iat": int(at),
        }
        if nonce is not None:
            claims["nonce"] = nonce
        if token is not None:
            claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
        return self.sign({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk}, claims)

    def sign(self, header: Mapping[str, object], claims: Mapping[str, object]) -> str:
        """A compact JWS over whatever is given."""
        signed = f"{base64url(msgspec.json.encode(header))}.{base64url(msgspec.json.encode(claims))}"
        return f"{signed}.{base64url(self.signer.sign(signed.encode()))}"


def base64url(raw: bytes) -> str:
    """base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
