"""Tokens and proofs: what a caller must show, made and checked here with nothing but keys and a clock.

Access tokens (RFC 9068) are bound to a key of the caller's device; each call carries a fresh proof by that key (RFC 9449).
Both are ES256. The room knows no database and no request; only the folder of signing keys touches a disk.
"""

from dspace_backend.tokens.access import LIFE, AccessTokens, Bearer, Claims
from dspace_backend.tokens.jose import PublicJwk
from dspace_backend.tokens.nonces import Nonces
from dspace_backend.tokens.proof import Call, Proof, check_proof
from dspace_backend.tokens.replay import ReplayGuard, settled
from dspace_backend.tokens.signing import SigningKey, SigningKeys
from dspace_backend.tokens.url import normal_path, normal_url

__all__ = (
    "LIFE",
    "AccessTokens",
    "Bearer",
    "Call",
    "Claims",
    "Nonces",
    "Proof",
    "PublicJwk",
    "ReplayGuard",
    "SigningKey",
    "SigningKeys",
    "check_proof",
    "normal_path",
    "normal_url",
    "settled",
)
