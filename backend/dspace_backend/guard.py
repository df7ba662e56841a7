"""The guard before every route: who calls, and whether the call is his. One plain ASGI middleware.

What a token says is remembered by its SHA-256 until it is over; the proof of each call and its `jti` are checked each time.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from dspace_backend.challenges import challenge
from dspace_backend.limits import Limits
from dspace_backend.login.endings import Endings
from dspace_backend.login.granting import PATH as TOKEN
from dspace_backend.login.granting import OAuthError
from dspace_backend.login.session import caller
from dspace_backend.principal import Principal, Staff
from dspace_backend.problems import MEDIA_TYPE, problem_of, waiting
from dspace_backend.public import LOGIN, is_public
from dspace_backend.tokens import AccessTokens, Call, Nonces, ReplayGuard, check_proof
from dspace_backend.tokens.nonces import RENEW_AFTER
from dspace_backend.tokens.refusals import NonceNeeded, ProofRefused, TokenMissing, TokenRefused
from dspace_core.errors import Refusal

_MOST_REMEMBERED = 50_000
_MINUTE = timedelta(minutes=1)
_SCHEME = b"dpop "
_log = logging.getLogger("dspace.security")


class Decision(msgspec.Struct, frozen=True):
    """What a token said, for as long as it says so."""

    auth: Principal | Staff
    ends: datetime


class Access:
    """Decides on one call. `bases` are the addresses under which we are reached, without a path."""

    def __init__(
        self,
        tokens: AccessTokens,
        nonces: Nonces,
        replay: ReplayGuard,
        endings: Endings,
        limits: Limits,
        *,
        bases: tuple[str, ...],
        clock: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._nonces = nonces
        self._replay = replay
        self._endings = endings
        self._limits = limits
        self._bases = bases
        self._clock = clock
        self._known: dict[bytes, Decision] = {}
        self.security = SecurityLog(clock)

    async def admit(
        self, method: str, path: str, headers: Iterable[tuple[bytes, bytes]]
    ) -> tuple[Principal | Staff, str | None]:
        """Who calls, and the next nonce where the last grows old.

        (1) one token, in the scheme DPoP  (2) it is ours, for us, and not over  (3) its session has not ended  (4) one
        proof, for this call and this token  (5) by the key that the token is bound to  (6) with a fresh nonce, and never
        seen before  (7) and the session does not call too often. Raises TokenMissing, TokenRefused, ProofRefused,
        NonceNeeded, LimitExceeded, and what the ephemeral store refuses.
        """
        now = self._clock()
        token, proof_text = _shown(headers)  # 1, 4
        decision = self._decide(token, now)  # 2
        auth = decision.auth
        if auth.session in self._endings:  # 3
            raise TokenRefused(reason="session")
        call = Call(method=method, path=path, bases=self._bases, token=token)
        proof = check_proof(proof_text, call, now)  # 4
        if proof.jkt != auth.jkt:  # 5
            raise ProofRefused(reason="jkt")
        issued = await self._replay.admit(proof, now)  # 6
        await self._limits.count_session(auth.session)  # 7
        return auth, self._nonces.issue(now) if now - issued >= RENEW_AFTER else None

    async def visit(self, path: str, address: str | None) -> None:
        """Count a request of somebody unknown where that begins something. Raises LimitExceeded, and what the ephemeral
        store refuses."""
        if path in LOGIN:
            await self._limits.count_address(address)

    def nonce(self) -> str:
        """A nonce of this moment."""
        return self._nonces.issue(self._clock())

    def _decide(self, token: str, now: datetime) -> Decision:
        key = hashlib.sha256(token.encode("ascii")).digest()
        known = self._known.get(key)
        if known is not None and now < known.ends:
            return known
        claims = self._tokens.check(token, now)
        auth = caller(claims)
        if auth is None:
            raise TokenRefused(reason="acr")
        decision = Decision(auth, claims.ends)
        if len(self._known) >= _MOST_REMEMBERED:
            self._forget(now)
        self._known[key] = decision
        return decision

    def _forget(self, now: datetime) -> None:
        """Drop what is over; the oldest half, too, where that is not enough."""
        alive = [(key, decision) for key, decision in self._known.items() if now < decision.ends]
        self._known = dict(alive[-_MOST_REMEMBERED // 2 :])


class Guard:
    """The middleware. `access` is asked for with each call, since it is opened after the routes are made."""

    def __init__(self, app: ASGIApp, access: Callable[[], Access]) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through with `scope["auth"]` set, or answer it."""
        if scope["type"] != ScopeType.HTTP:  # no route speaks WebSocket, and none may before it is guarded
            await send({"type": "websocket.close", "code": 4401, "reason": ""})
            return
        await self._guard(scope, receive, send)

    async def _guard(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        access = self._access()
        auth: Principal | Staff | None
        nonce: str | None
        try:
            if is_public(scope["path"]):
                await access.visit(scope["path"], client[0] if (client := scope.get("client")) else None)
                auth = nonce = None
            else:
                path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
                auth, nonce = await access.admit(scope["method"], path, scope["headers"])
        except Refusal as refusal:
            access.security.note(refusal)
            await _answer(send, scope["path"], refusal, access.nonce())
            return
        scope["auth"] = auth
        await self._app(scope, receive, send if nonce is None else _with_nonce(send, nonce))


class SecurityLog:
    """Failures of people whom nobody knows: the first of a kind in a minute is told at once, the rest by their number."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._since: dict[str, datetime] = {}
        self._more: Counter[str] = Counter()

    def note(self, refusal: Refusal) -> None:
        """Take note of one. Neither a value nor an address is told."""
        if isinstance(refusal, NonceNeeded):  # how every client begins
            return
        now, kind = self._clock(), " ".join([refusal.code, *map(str, refusal.values.values())])
        begun = self._since.get(kind)
        if begun is not None and now - begun < _MINUTE:
            self._more[kind] += 1
            return
        self._since[kind] = now
        more = self._more.pop(kind, 0)
        _log.warning("%s%s", kind, f", and {more} more before" if more else "")


def _shown(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str]:
    """The one token and the one proof of a call."""
    tokens = [value for name, value in headers if name == b"authorization"]
    proofs = [value for name, value in headers if name == b"dpop"]
    if not tokens:
        raise TokenMissing
    if len(tokens) > 1 or tokens[0][: len(_SCHEME)].lower() != _SCHEME:
        raise TokenMissing
    if len(proofs) != 1:
        raise ProofRefused(reason="missing" if not proofs else "twice")
    try:
        return tokens[0][len(_SCHEME) :].strip().decode("ascii"), proofs[0].decode("ascii")
    except UnicodeDecodeError:
        raise TokenRefused(reason="form") from None


def _with_nonce(send: Send, nonce: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"dpop-nonce", nonce.encode())]
        await send(message)

    return sending


async def _answer(send: Send, path: str, refusal: Refusal, nonce: str) -> None:
    """As a problem; the token endpoint in the words of RFC 6749, which its callers read."""
    problem = problem_of(refusal)
    spoken = OAuthError("temporarily_unavailable", problem.title.en) if path == TOKEN else problem
    body = msgspec.json.encode(spoken)
    headers = {
        **challenge(refusal),
        **waiting(problem),
        "content-type": "application/json" if path == TOKEN else MEDIA_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "dpop-nonce": nonce,
    }
    raw = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})
