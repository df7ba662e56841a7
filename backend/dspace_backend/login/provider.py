"""The unified identity as its client (OpenID Connect Core, code flow with PKCE), on Authlib.

Its answers are checked twice where the library is lax: the issuer of its metadata is the configured one, algorithms are
pinned, and `iss`, `aud` and `sub` are demanded here and `aud` compared in `claims` (its traps: reference of Authlib 1.9).
"""

import logging
from collections.abc import Mapping

import httpx2
import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import BaseApp
from authlib.integrations.base_client.async_app import AsyncOAuth2Mixin
from authlib.integrations.base_client.async_openid import AsyncOpenIDMixin
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError

from dspace_backend.login.refusals import IdentityRefused, ProviderUnreachable

ALGORITHMS = ["ES256", "PS256", "RS256"]
SCOPE = "openid"
_SECONDS = 5.0
_LEEWAY = 60
for _name in ("httpx2", "httpcore2", "authlib"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # they write URLs, and at DEBUG verifiers (article 9)


class Departure(msgspec.Struct, frozen=True):
    """A person is sent to the provider; what must be kept to know the answer again."""

    url: str
    state: str
    nonce: str
    verifier: str


class _Client(AsyncOAuth2Mixin, AsyncOpenIDMixin, BaseApp):  # type: ignore[misc]
    client_cls = AsyncOAuth2Client


class Provider:
    """One identity provider. Its metadata and keys are fetched when first needed."""

    def __init__(self, issuer: str, client: str, secret: str, back: str) -> None:
        self.client = client
        self.issuer = issuer
        self._back = back
        self._app = _Client(
            framework=None,
            name="idp",
            client_id=client,
            client_secret=secret,
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": SCOPE,
                "code_challenge_method": "S256",
                "timeout": _SECONDS,
                "follow_redirects": False,
                "trust_env": False,
            },
            user_agent="dspace",
        )

    async def send(self, acr: str | None) -> Departure:
        """Where to send somebody, with a wish for how surely he shall be identified. Raises ProviderUnreachable."""
        await self._metadata()
        wish = {} if acr is None else {"acr_values": acr}
        made = await self._app.create_authorization_url(self._back, **wish)
        return Departure(made["url"], made["state"], made["nonce"], made["code_verifier"])

    async def receive(self, code: str, departure: Departure) -> Mapping[str, object]:
        """The claims of the id token for a code. Raises IdentityRefused and ProviderUnreachable."""
        await self._metadata()
        try:
            token = await self._app.fetch_access_token(self._back, code=code, code_verifier=departure.verifier)
        except AuthlibBaseError:
            raise IdentityRefused(reason="code") from None
        except (httpx2.HTTPError, *_ODD):
            raise ProviderUnreachable from None
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": departure.nonce},
        }
        try:
            claims = await self._app.parse_id_token(token, departure.nonce, claims_options=options, leeway=_LEEWAY)
        except (JoseError, AuthlibBaseError, *_ODD) as error:
            reason = getattr(error, "claim", None) or "id_token"
            raise IdentityRefused(
                reason=reason if isinstance(reason, str) and reason in _CLAIMS else "id_token"
            ) from None
        except httpx2.HTTPError:
            raise ProviderUnreachable from None
        if claims is None:  # the library's answer to a response without an id token
            raise IdentityRefused(reason="id_token")
        return dict(claims)

    async def _metadata(self) -> None:
        """Fetch the metadata once, and only take what the configured issuer says of itself."""
        try:
            metadata = await self._app.load_server_metadata()
        except (httpx2.HTTPError, *_ODD):
            raise ProviderUnreachable from None
        if metadata.get("issuer") != self.issuer or not all(isinstance(metadata.get(name), str) for name in _NEEDED):
            self._app.server_metadata.clear()
            raise ProviderUnreachable
        metadata["id_token_signing_alg_values_supported"] = ALGORITHMS


_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_ODD = (ValueError, KeyError, TypeError, AttributeError)
"""What the library lets fall on when an answer is JSON of another shape."""
_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "auth_time", "nonce", "azp", "at_hash"})
