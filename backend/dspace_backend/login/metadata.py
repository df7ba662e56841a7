"""What our authorization server says of itself (RFC 8414)."""

import msgspec

from dspace_backend.login.places import LoginPlaces
from dspace_backend.login.session import LEVEL_NAME
from dspace_backend.tokens.jose import ALGORITHM
from dspace_core.catalog import TrustLevel


class Metadata(msgspec.Struct, frozen=True):
    """The members of RFC 8414 section 2 that have a meaning here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    response_types_supported: tuple[str, ...] = ("code",)
    response_modes_supported: tuple[str, ...] = ("query",)
    grant_types_supported: tuple[str, ...] = ("authorization_code", "refresh_token")
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("none",)
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)
    dpop_signing_alg_values_supported: tuple[str, ...] = (ALGORITHM,)
    acr_values_supported: tuple[str, ...] = tuple(f"{LEVEL_NAME}{int(level)}" for level in TrustLevel)
    ui_locales_supported: tuple[str, ...] = ("zh-CN", "en")
    authorization_response_iss_parameter_supported: bool = True


def metadata_of(places: LoginPlaces) -> Metadata:
    """The metadata of a deployment. In development the issuer is only a name: the addresses are those that answer."""
    base = places.bases[0]
    return Metadata(places.issuer, f"{base}/authorize", f"{base}/token", f"{base}/jwks")
