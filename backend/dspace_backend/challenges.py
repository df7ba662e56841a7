"""What a refused caller is asked for, in the words of the standards: `WWW-Authenticate` (RFC 9110, 9449, 9470)."""

from collections.abc import Mapping

from dspace_backend.refusals import StepUpNeeded
from dspace_backend.tokens.jose import ALGORITHM
from dspace_backend.tokens.refusals import NonceNeeded, ProofRefused, TokenMissing, TokenRefused
from dspace_core.errors import Refusal

_ERRORS = {
    TokenRefused: "invalid_token",
    ProofRefused: "invalid_dpop_proof",
    NonceNeeded: "use_dpop_nonce",
    StepUpNeeded: "insufficient_user_authentication",
}


def challenge(refusal: Refusal) -> Mapping[str, str]:
    """The headers of the answer to a refusal; none for most."""
    if isinstance(refusal, TokenMissing):  # RFC 6750 section 3.1: no error code for who showed nothing
        return {"WWW-Authenticate": f'DPoP algs="{ALGORITHM}"'}
    error = _ERRORS.get(type(refusal))
    if error is None:
        return {}
    wanted = f', acr_values="dspace:level:{refusal.values["level"]}"' if isinstance(refusal, StepUpNeeded) else ""
    return {"WWW-Authenticate": f'DPoP error="{error}"{wanted}, algs="{ALGORITHM}"'}
