"""The authorization endpoint (RFC 6749 section 4.1, RFC 7636, RFC 9207) and the way back from the identity provider."""

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from dspace_backend.login import claims
from dspace_backend.login.clients import Audience, Clients
from dspace_backend.login.keeping import Attempt, Keeping, Ticket, Wish, digest
from dspace_backend.login.provider import Provider
from dspace_backend.login.refusals import AttemptUnknown, ClientUnknown, IdentityRefused, ProviderUnreachable
from dspace_backend.login.session import Identity, level_of
from dspace_core.catalog import TrustLevel
from dspace_core.crypto import INTERNATIONAL, Secret
from dspace_core.errors import Refusal
from dspace_core.identifiers import SubjectId
from dspace_core.values import Subject

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_STATE = re.compile(r"[ -~]{1,2048}", re.ASCII)
_PASSED_ON = frozenset({"access_denied", "temporarily_unavailable", "unmet_authentication_requirements"})
_UNMET = "unmet_authentication_requirements"


class Turned(msgspec.Struct, frozen=True):
    """Where a browser is sent next, and the cookie that it is given or that it gives back."""

    url: str
    cookie: str | None = None
    """The name of the cookie."""
    value: str = ""
    """Empty: it is taken away."""


class AskedWrongError(Exception):
    """A request that goes back to the app with an error of RFC 6749 section 4.1.2.1."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class Authorization:
    """Sends people to the identity provider, knows them when they come back, and gives their app a code."""

    def __init__(
        self,
        clients: Clients,
        provider: Provider,
        keeping: Keeping,
        *,
        issuer: str,
        levels: Mapping[str, int],
        subject_of: Callable[[SubjectId], Awaitable[Subject]],
        staff_key: Secret,
        clock: Callable[[], datetime],
    ) -> None:
        self._clients = clients
        self._provider = provider
        self._keeping = keeping
        self._issuer = issuer
        self._levels = levels
        self._subject_of = subject_of
        self._staff_key = staff_key
        self._clock = clock

    async def begin(self, asked: Mapping[str, str]) -> Turned:
        """Send somebody to the identity provider. Raises ClientUnknown, which alone does not go back to the app.

        (1) a registered app and address  (2) a code is asked for, in the query, with nothing that we do not do  (3) PKCE
        by S256  (4) the provider knows how to identify somebody as surely as is wished  (5) what is needed to know the
        answer again is kept, bound to this browser.
        """
        client = self._clients.find(asked.get("client_id", ""))  # 1
        redirect = asked.get("redirect_uri", "")
        if redirect not in client.redirects:
            raise ClientUnknown
        state = asked.get("state")
        if state is not None and _STATE.fullmatch(state) is None:
            return self._back(redirect, None, error="invalid_request", error_description="state")
        try:
            wish = _wish(client.id, redirect, asked)  # 2, 3
            departure = await self._provider.send(self._acr(wish.level))  # 4
        except AskedWrongError as wrong:
            return self._back(redirect, state, error=wrong.error, error_description=wrong.description)
        except ProviderUnreachable as refusal:
            return self._back(redirect, state, **_told(refusal))
        cookie = secrets.token_urlsafe(32)
        await self._keeping.keep_attempt(Attempt(wish, departure, digest(cookie)))  # 5
        return Turned(departure.url, _cookie_name(departure.state), cookie)

    async def finish(self, answered: Mapping[str, str], cookies: Mapping[str, str]) -> Turned:
        """Take somebody back from the identity provider, and send him to his app with a code. Raises AttemptUnknown.

        (1) we sent him, not long ago, and he comes once  (2) in the same browser  (3) the answer is our provider's
        (4) it names somebody  (5) as surely as was wished.
        """
        state = answered.get("state", "")
        attempt = await self._keeping.take_attempt(state)  # 1
        name = _cookie_name(state)
        if attempt is None or not hmac.compare_digest(digest(cookies.get(name, "")), attempt.browser):  # 2
            raise AttemptUnknown
        wish = attempt.wish
        try:
            identity = await self._identified(answered, attempt)  # 3, 4
            if wish.level is not None and identity.level < wish.level:  # 5
                raise AskedWrongError(_UNMET, "the identity provider did not identify as surely as was wished")
        except AskedWrongError as wrong:
            turned = self._back(wish.redirect, wish.state, error=wrong.error, error_description=wrong.description)
        except (IdentityRefused, ProviderUnreachable) as refusal:
            turned = self._back(wish.redirect, wish.state, **_told(refusal))
        else:
            code = secrets.token_urlsafe(32)
            await self._keeping.keep_code(code, Ticket(wish, identity))
            turned = self._back(wish.redirect, wish.state, code=code)
        return Turned(turned.url, name)

    async def _identified(self, answered: Mapping[str, str], attempt: Attempt) -> Identity:
        error, code = answered.get("error"), answered.get("code")
        if error is not None or code is None:
            passed = error if error in _PASSED_ON else "server_error"
            raise AskedWrongError(passed or "server_error", "the identity provider did not name anybody")
        if answered.get("iss", self._provider.issuer) != self._provider.issuer:
            raise IdentityRefused(reason="iss")
        said = claims.read(await self._provider.receive(code, attempt.departure), self._provider.client)
        now = self._clock()
        level, authenticated = claims.level_of(said, self._levels), claims.authenticated_at(said, now)
        if self._clients.find(attempt.wish.client).audience is Audience.STAFF:
            authority, roles = claims.office_of(said)
            return Identity(
                subject=self._staff_id(said.sub),
                level=level,
                authenticated=authenticated,
                authority=authority,
                roles=roles,
            )
        subject = await self._subject_of(claims.document_of(said, now))
        return Identity(subject=subject, level=level, authenticated=authenticated)

    def _staff_id(self, sub: str) -> UUID:
        """The same id for the same member of staff, which leads back to nobody."""
        said = f"{self._provider.issuer}\n{sub}".encode()
        return UUID(bytes=INTERNATIONAL.hash.hmac(self._staff_key, said)[:16], version=4)

    def _acr(self, level: int | None) -> str | None:
        """The provider's name for the lowest level that will do."""
        if level is None:
            return None
        enough = sorted((known, acr) for acr, known in self._levels.items() if known >= level)
        if not enough:
            raise AskedWrongError(_UNMET, "nobody here identifies as surely as is wished")
        return enough[0][1]

    def _back(self, redirect: str, state: str | None, **said: str) -> Turned:
        told = {**said, **({} if state is None else {"state": state}), "iss": self._issuer}
        return Turned(f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(told)}")


def _wish(client: str, redirect: str, asked: Mapping[str, str]) -> Wish:
    if asked.get("response_type") != "code":
        raise AskedWrongError("unsupported_response_type", "response_type is code")
    if asked.get("response_mode", "query") != "query":
        raise AskedWrongError("invalid_request", "response_mode is query")
    for name, error in (("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")):
        if name in asked:
            raise AskedWrongError(error, f"{name} is not taken here")
    if "scope" in asked:
        raise AskedWrongError("invalid_scope", "there are no scopes: what an app may do is for the person to grant")
    challenge, jkt = asked.get("code_challenge", ""), asked.get("dpop_jkt")
    if asked.get("code_challenge_method") != "S256" or _CHALLENGE.fullmatch(challenge) is None:
        raise AskedWrongError("invalid_request", "PKCE by S256 is needed: code_challenge and code_challenge_method")
    if jkt is not None and _CHALLENGE.fullmatch(jkt) is None:
        raise AskedWrongError("invalid_request", "dpop_jkt is a thumbprint by SHA-256")
    wished: list[TrustLevel] = [level for acr in asked.get("acr_values", "").split() if (level := level_of(acr))]
    return Wish(
        client=client,
        redirect=redirect,
        state=asked.get("state"),
        challenge=challenge,
        jkt=jkt,
        level=int(wished[0]) if wished else None,
    )


def _told(refusal: Refusal) -> dict[str, str]:
    """A refusal as an error for the app."""
    error = "temporarily_unavailable" if isinstance(refusal, ProviderUnreachable) else "access_denied"
    return {"error": error, "error_description": refusal.title.en}


def _cookie_name(state: str) -> str:
    """One cookie for each attempt, so that two tabs do not take each other's."""
    return f"dspace-login-{digest(state)[:16]}"
