"""The OpenID Connect side: discovery, keys, authorization, token. One process, so its memory is a dictionary."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from urllib.parse import unquote_plus, urlencode

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from dspace_backend.devidp import page
from dspace_backend.devidp.people import RESIDENT, STAFF, DemoPerson, DemoStaff, People
from dspace_backend.devidp.refusals import DevelopmentOnly
from dspace_backend.login.form import FormError, is_form, read_form
from dspace_backend.login.places import LoginPlaces
from dspace_backend.problems import on_accident, on_http_exception
from dspace_backend.tokens.jose import ALGORITHM, PublicJwk, encode, sign
from dspace_core.calendar import legal_day
from dspace_core.crypto import INTERNATIONAL, P256Signer, Secret
from dspace_core.errors import Refusal
from dspace_core.machine import Mode, Settings

_Asked = Request[object, object, State]
_T = TypeVar("_T")
_MOST = 10_000
_ATTEMPT_LIFE = timedelta(minutes=10)
_CODE_LIFE = timedelta(seconds=60)
_TOKEN_LIFE = timedelta(minutes=5)
_HTML = {"Content-Security-Policy": page.POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Pending(msgspec.Struct, frozen=True):
    """A request that waits for somebody to choose; `people` is the list as it was shown to him."""

    state: str
    nonce: str
    challenge: str
    people: tuple[DemoPerson, ...] = ()


class Chosen(msgspec.Struct, frozen=True):
    """What a code stands for."""

    pending: Pending
    claims: dict[str, object]


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    typ: str = "JWT"


class Shelf(Generic[_T]):
    """Keeps things for a while, each under a fresh name; the oldest go when there are too many."""

    def __init__(self, life: timedelta, clock: Callable[[], datetime]) -> None:
        self._life = life
        self._clock = clock
        self._kept: OrderedDict[str, tuple[datetime, _T]] = OrderedDict()

    def keep(self, thing: _T) -> str:
        """Keep it and answer its name."""
        name = secrets.token_urlsafe(24)
        self._kept[name] = (self._clock() + self._life, thing)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return name

    def take(self, name: str) -> _T | None:
        """Hand it out, once, while its time is not over."""
        until, thing = self._kept.pop(name, (None, None))
        return thing if until is not None and self._clock() < until else None


class DevelopmentProvider:
    """The provider's memory, key and answers."""

    def __init__(self, settings: Settings, secret: str, people: People, clock: Callable[[], datetime]) -> None:
        """Raises DevelopmentOnly."""
        if settings.mode is not Mode.DEVELOPMENT:
            raise DevelopmentOnly
        places = LoginPlaces.of(settings)
        self.issuer = places.provider
        self.people = people
        self.clock = clock
        self._callback = places.callback
        self._client, self._secret = settings.login.client, secret
        self._levels = dict(settings.login.levels)
        self._signer = P256Signer(Secret.random())
        self._jwk = PublicJwk.of(self._signer)
        self._kid = f"dev.{self._jwk.thumbprint}"
        self._pending: Shelf[Pending] = Shelf(_ATTEMPT_LIFE, clock)
        self._codes: Shelf[Chosen] = Shelf(_CODE_LIFE, clock)

    def discovery(self) -> dict[str, object]:
        """OpenID Connect Discovery section 3."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid"],
            "acr_values_supported": sorted(self._levels),
            "authorization_response_iss_parameter_supported": True,
        }

    def key_set(self) -> dict[str, object]:
        """The key that signs id tokens; it is as old as this process."""
        return {"keys": [{**msgspec.to_builtins(self._jwk), "kid": self._kid, "use": "sig", "alg": ALGORITHM}]}

    async def ask(self, asked: Mapping[str, str]) -> str | None:
        """The page for a request; None for one that is not our client's."""
        fits = (
            asked.get("client_id") == self._client
            and asked.get("redirect_uri") == self._callback
            and asked.get("response_type") == "code"
            and "openid" in asked.get("scope", "").split()
            and asked.get("code_challenge_method") == "S256"
            and {"state", "nonce", "code_challenge"} <= asked.keys()
        )
        if not fits:
            return None
        people = tuple(await self.people.shown(legal_day(self.clock())))
        pending = Pending(asked["state"], asked["nonce"], asked["code_challenge"], people)
        return page.choose(self._pending.keep(pending), people, self._levels, asked.get("acr_values"))

    async def choose(self, said: Mapping[str, str]) -> str | None:
        """Where to send whoever chose; None when nothing of that kind is waiting."""
        pending = self._pending.take(said.get("request", ""))
        if pending is None:
            return None
        told = {"state": pending.state, "iss": self.issuer}
        who, acr = said.get("who", ""), said.get("acr", "")
        claims = await self._claims(who, said.get("number", "").strip().upper(), pending)
        if claims is None or acr not in self._levels:
            return f"{self._callback}?{urlencode({'error': 'access_denied', **told})}"
        code = self._codes.keep(Chosen(pending, {**claims, "acr": acr}))
        return f"{self._callback}?{urlencode({'code': code, **told})}"

    def token(self, authorization: str, said: Mapping[str, str]) -> dict[str, object] | None:
        """The answer of the token endpoint; None for what is not granted."""
        if not self._is_client(authorization) or said.get("grant_type") != "authorization_code":
            return None
        chosen = self._codes.take(said.get("code", ""))
        made = encode(hashlib.sha256(said.get("code_verifier", "").encode()).digest())
        if chosen is None or said.get("redirect_uri") != self._callback or made != chosen.pending.challenge:
            return None
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self._client,
            "iat": now,
            "exp": now + int(_TOKEN_LIFE.total_seconds()),
            "auth_time": now,
            "nonce": chosen.pending.nonce,
            **chosen.claims,
        }
        return {
            "id_token": sign(_Header(ALGORITHM, self._kid), claims, self._signer),
            "access_token": secrets.token_urlsafe(24),
            "token_type": "Bearer",
            "expires_in": int(_TOKEN_LIFE.total_seconds()),
        }

    async def _claims(self, who: str, number: str, pending: Pending) -> dict[str, object] | None:
        """What is claimed of whoever was chosen: by the place in the list, or by a number that is registered."""
        listed: dict[str, DemoPerson | DemoStaff] = {
            **{f"p{at}": one for at, one in enumerate(pending.people)},
            **{f"s{at}": one for at, one in enumerate(STAFF)},
        }
        match listed.get(who):
            case DemoPerson(number=chosen):
                return self._person(chosen)
            case DemoStaff() as staff:
                return {"sub": f"staff-{staff.id}", "authority": staff.authority, "roles": list(staff.roles)}
            case _ if who == "number" and await self.people.knows(number):
                return self._person(number)
        return None

    def _person(self, number: str) -> dict[str, object]:
        sub = INTERNATIONAL.hash.hmac(Secret(hashlib.sha256(self._secret.encode()).digest()), number.encode())
        return {"sub": encode(sub[:18]), "document_type": RESIDENT, "document_number": number}

    def _is_client(self, authorization: str) -> bool:
        """HTTP Basic with form-encoded parts (RFC 6749 section 2.3.1)."""
        scheme, _, given = authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(given, validate=True).decode("ascii").partition(":")
        except (binascii.Error, ValueError):
            return False
        known = hmac.compare_digest(unquote_plus(password), self._secret)
        return scheme.lower() == "basic" and unquote_plus(user) == self._client and known


def create_provider(provider: DevelopmentProvider) -> Litestar:
    """The application of the provider."""

    @get("/.well-known/openid-configuration", sync_to_thread=False)
    def discovery() -> dict[str, object]:
        return provider.discovery()

    @get("/jwks", sync_to_thread=False)
    def key_set() -> dict[str, object]:
        return provider.key_set()

    @get("/authorize")
    async def authorize(request: _Asked) -> Response[bytes]:
        try:
            shown = await provider.ask(read_form(request.scope["query_string"]))
        except FormError:
            shown = None
        except Refusal:
            waiting = page.told("演示人口还在生成,请稍候…", "the demo population is being made …", again=True)
            return _html(waiting, 503, {"Retry-After": "2"})
        return _unknown() if shown is None else _html(shown, 200)

    @post("/choose")
    async def choose(request: _Asked) -> Response[bytes]:
        try:
            url = await provider.choose(_form(request.headers.get("content-type"), await request.body()))
        except FormError:
            url = None
        if url is None:
            return _unknown()
        return Response(b"", status_code=303, headers={"Location": url, "Cache-Control": "no-store"})

    @post("/token")
    async def token(request: _Asked) -> Response[bytes]:
        try:
            said = _form(request.headers.get("content-type"), await request.body())
            given = provider.token(request.headers.get("authorization", ""), said)
        except FormError:
            given = None
        status, answer = (400, {"error": "invalid_grant"}) if given is None else (200, given)
        headers = {"Cache-Control": "no-store"}
        return Response(msgspec.json.encode(answer), status_code=status, media_type="application/json", headers=headers)

    @asynccontextmanager
    async def life(_: Litestar) -> AsyncIterator[None]:
        yield
        await provider.people.close()

    return Litestar(
        route_handlers=[discovery, key_set, authorize, choose, token],
        exception_handlers={HTTPException: on_http_exception, Exception: on_accident},
        lifespan=[life],
        openapi_config=None,
        logging_config=None,
    )


def _form(content_type: str | None, body: bytes) -> Mapping[str, str]:
    if not is_form(content_type):
        raise FormError("the request is not form-encoded")
    return read_form(body)


def _unknown() -> Response[bytes]:
    return _html(
        page.told("登录请求无效或已过期,请返回应用重试。", "Unknown or over: go back to the app and try again."), 400
    )


def _html(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    told = {**_HTML, **(headers or {})}
    return Response(text.encode(), status_code=status, media_type="text/html; charset=utf-8", headers=told)
