"""The token endpoint: a code or a refresh token, and a proof of the device's key, for an access token (RFC 6749, 9449)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from dspace_backend.login.clients import Client, Clients
from dspace_backend.login.form import FormError, is_form, read_form
from dspace_backend.login.keeping import Keeping, Spent
from dspace_backend.login.refusals import ClientUnknown, SessionOver
from dspace_backend.login.session import Ending
from dspace_backend.login.sessions import Begun, Sessions
from dspace_backend.tokens import LIFE, AccessTokens, Call, Nonces, ReplayGuard, check_proof
from dspace_backend.tokens.refusals import NonceNeeded, ProofRefused
from dspace_core.errors import Refusal

PATH = "/token"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


class OAuthError(msgspec.Struct, frozen=True):
    """The body of a refusal at the token endpoint (RFC 6749 section 5.2)."""

    error: str
    error_description: str


class Granted(msgspec.Struct, frozen=True):
    """The body of an answer (RFC 6749 section 5.1)."""

    access_token: str
    refresh_token: str
    token_type: str = "DPoP"  # noqa: S105
    expires_in: int = LIFE // timedelta(seconds=1)


class Given(msgspec.Struct, frozen=True):
    """An answer of the token endpoint. Each carries the next nonce."""

    status: int
    body: Granted | OAuthError
    nonce: str


class NotGrantedError(Exception):
    """A request that is answered with an error of RFC 6749 section 5.2 or RFC 9449 section 5."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body = OAuthError(error, description)


class TokenEndpoint:
    """Gives tokens to apps of ours."""

    def __init__(
        self,
        clients: Clients,
        keeping: Keeping,
        sessions: Sessions,
        tokens: AccessTokens,
        *,
        nonces: Nonces,
        replay: ReplayGuard,
        bases: tuple[str, ...],
        clock: Callable[[], datetime],
    ) -> None:
        self._clients = clients
        self._keeping = keeping
        self._sessions = sessions
        self._tokens = tokens
        self._nonces = nonces
        self._replay = replay
        self._bases = bases
        self._clock = clock

    async def answer(self, content_type: str | None, body: bytes, proofs: list[str]) -> Given:
        """Answer one request.

        (1) a form, each parameter once  (2) one proof that holds for this request, new, with a fresh nonce  (3) a
        registered app  (4) a grant of a kind that we take. Only then is a code or a refresh token looked at: whoever has
        to try again with a nonce has spent nothing.
        """
        now = self._clock()
        try:
            begun = await self._granted(content_type, body, proofs, now)
            answered = Given(
                200,
                Granted(self._tokens.make(begun.session.bearer(), now), begun.refresh_token),
                self._nonces.issue(now),
            )
        except NotGrantedError as no:
            answered = Given(no.status, no.body, self._nonces.issue(now))
        except Refusal as refusal:  # the stores do not answer
            answered = Given(503, OAuthError("temporarily_unavailable", refusal.title.en), self._nonces.issue(now))
        return answered

    async def _granted(self, content_type: str | None, body: bytes, proofs: list[str], now: datetime) -> Begun:
        if not is_form(content_type):  # 1
            raise NotGrantedError("invalid_request", "the request is not form-encoded")
        try:
            asked = read_form(body)
        except FormError as error:
            raise NotGrantedError("invalid_request", str(error)) from None
        jkt = await self._proven(proofs, now)  # 2
        try:
            client = self._clients.find(asked.get("client_id", ""))  # 3
        except ClientUnknown as refusal:
            raise NotGrantedError("invalid_client", refusal.title.en, 401) from None
        match asked.get("grant_type"):  # 4
            case "authorization_code":
                return await self._by_code(asked, client, jkt)
            case "refresh_token":
                return await self._by_refresh(asked, client, jkt)
            case None:
                raise NotGrantedError("invalid_request", "grant_type is missing")
            case _:
                raise NotGrantedError("unsupported_grant_type", "grant_type is authorization_code or refresh_token")

    async def _proven(self, proofs: list[str], now: datetime) -> str:
        if len(proofs) != 1:
            raise NotGrantedError("invalid_dpop_proof", "one header DPoP is needed")
        try:
            proof = check_proof(proofs[0], Call(method="POST", path=PATH, bases=self._bases), now)
            await self._replay.admit(proof, now)
        except ProofRefused as refusal:
            raise NotGrantedError("invalid_dpop_proof", refusal.title.en) from None
        except NonceNeeded as refusal:
            raise NotGrantedError("use_dpop_nonce", refusal.title.en) from None
        return proof.jkt

    async def _by_code(self, asked: Mapping[str, str], client: Client, jkt: str) -> Begun:
        """(1) the code is one of ours and comes for the first time; a second time ends the session that it began
        (2) it was given to this app  (3) for this address  (4) whoever asked for it asks now  (5) with the key that he
        named then, if he did.
        """
        code, verifier = asked.get("code", ""), asked.get("code_verifier", "")
        ticket = await self._keeping.take_code(code)  # 1
        if ticket is None:
            await self._end_what_it_began(code)
            raise NotGrantedError("invalid_grant", "the code is unknown, used or over")
        wish = ticket.wish
        if wish.client != client.id:  # 2
            raise NotGrantedError("invalid_grant", "the code was given to another app")
        if wish.redirect != asked.get("redirect_uri"):  # 3
            raise NotGrantedError("invalid_grant", "redirect_uri is not that of the request for the code")
        if not _verifies(verifier, wish.challenge):  # 4
            raise NotGrantedError("invalid_grant", "code_verifier does not fit")
        if wish.jkt is not None and not hmac.compare_digest(wish.jkt, jkt):  # 5
            raise NotGrantedError("invalid_grant", "the proof is not by the key that the code is bound to")
        begun = await self._sessions.begin(ticket.identity, client.id, jkt)
        await self._keeping.keep_spent(code, Spent(begun.session.subject, begun.session.id))
        return begun

    async def _end_what_it_began(self, code: str) -> None:
        spent = await self._keeping.take_spent(code)
        if spent is not None:
            await self._sessions.end(spent.subject, spent.session, Ending.CODE_REUSED)

    async def _by_refresh(self, asked: Mapping[str, str], client: Client, jkt: str) -> Begun:
        try:
            return await self._sessions.refresh(asked.get("refresh_token", ""), client.id, jkt)
        except SessionOver as refusal:
            raise NotGrantedError("invalid_grant", refusal.title.en) from None


def _verifies(verifier: str, challenge: str) -> bool:
    """PKCE by S256 (RFC 7636 section 4.6)."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
    return hmac.compare_digest(made, challenge)
