"""Nobody passes the guard without a token and a proof for this very call; the answer says what is missing."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from dspace_backend.challenges import challenge
from dspace_backend.guard import Access, Guard, SecurityLog
from dspace_backend.limits import Limits
from dspace_backend.login.endings import Endings
from dspace_backend.principal import Principal, Staff, person, staff
from dspace_backend.problems import STATUS_BY_CODE
from dspace_backend.public import LOGIN, PUBLIC, is_public
from dspace_backend.refusals import PersonOnly, StaffOnly, StepUpNeeded
from dspace_backend.tokens import AccessTokens, Bearer, Nonces, ReplayGuard
from dspace_backend.tokens.refusals import NonceNeeded, ProofRefused, TokenMissing, TokenRefused
from dspace_core.catalog import TrustLevel
from dspace_core.crypto import Secret
from dspace_core.testing.device import Device
from dspace_core.values import Subject

BASE = "http://127.0.0.1:8000"
SUBJECT = UUID("11111111-1111-4111-8111-111111111111")
SESSION = UUID("22222222-2222-4222-8222-222222222222")


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: Any
    auth: Any


class Door:
    """A guard before a route that answers with 200."""

    def __init__(self, access: Access, tokens: AccessTokens, nonces: Nonces, device: Device, clock: Any) -> None:
        self.access, self.tokens, self.nonces, self.device, self.clock = access, tokens, nonces, device, clock
        self.bearer = Bearer(
            sub=SUBJECT, client_id="phone", jkt=device.jkt, sid=SESSION, acr="dspace:level:3", auth_time=1
        )
        self.guard = Guard(self._route, lambda: access)
        self.auth: Any = ...

    async def _route(self, scope: Any, receive: Any, send: Any) -> None:
        self.auth = scope["auth"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-route", b"yes")]})
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})

    def token(self, **changes: Any) -> str:
        return self.tokens.make(msgspec.structs.replace(self.bearer, **changes), self.clock())

    def shown(self, token: str, *, method: str = "GET", path: str = "/v1/space", **changes: Any) -> list[Any]:
        """The headers of a call that holds."""
        nonce = changes.pop("nonce", self.nonces.issue(self.clock()))
        proof = self.device.proof(method, BASE + path, at=self.clock().timestamp(), nonce=nonce, token=token, **changes)
        return [(b"authorization", f"DPoP {token}".encode()), (b"dpop", proof.encode())]

    async def call(self, headers: list[Any], *, method: str = "GET", path: str = "/v1/space") -> Answer:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        self.auth = ...
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": headers}
        await self.guard(cast("Any", scope), cast("Any", None), send)
        start, body = sent
        told = {name.decode(): text.decode() for name, text in start["headers"]}
        return Answer(start["status"], told, json.loads(body["body"]), self.auth)


@pytest.fixture
def endings(memory: Any, clock: Any) -> Endings:
    return Endings(cast("Any", None), memory, clock)


@pytest.fixture
def door(tokens: AccessTokens, nonces: Nonces, device: Device, *, memory: Any, clock: Any, endings: Endings) -> Door:
    replay = ReplayGuard(Secret(bytes(range(32))), nonces, memory)
    limits = Limits(Secret(bytes(range(32))), memory, session=100, address=3)
    return Door(
        Access(tokens, nonces, replay, endings, limits, bases=(BASE,), clock=clock), tokens, nonces, device, clock
    )


async def test_a_call_with_token_and_proof_passes_as_its_person(door: Door) -> None:
    answer = await door.call(door.shown(door.token()))
    assert answer.status == 200
    assert answer.auth == Principal(Subject(SUBJECT), SESSION, "phone", TrustLevel.THREE, door.device.jkt)


async def test_a_call_of_staff_passes_as_staff(door: Door) -> None:
    token = door.token(client_id="desk", authority="human_resources", roles=("clerk",))
    answer = await door.call(door.shown(token))
    assert answer.auth == Staff(SUBJECT, SESSION, "human_resources", frozenset({"clerk"}), door.device.jkt)


async def test_a_public_path_needs_nothing_and_has_nobody(door: Door) -> None:
    answer = await door.call([], path="/health")
    assert (answer.status, answer.auth) == (200, None)


async def test_a_token_shown_on_a_public_path_makes_nobody_of_it(door: Door) -> None:
    assert (await door.call(door.shown(door.token()), path="/health")).auth is None


@pytest.mark.parametrize("path", ["/health/", "/health/x", "/healthx", "//health", "/HEALTH", "/v1/../health", "/"])
async def test_what_only_looks_like_a_public_path_is_guarded(door: Door, path: str) -> None:
    assert not is_public(path)
    assert (await door.call([], path=path)).status == 401


Spoil = Callable[[Door], list[Any]]


def _other_token(door: Door) -> list[Any]:
    """The proof was made for another token of the same key."""
    return [(b"authorization", f"DPoP {door.token()}".encode()), door.shown(door.token())[1]]


def _other_key(door: Door) -> list[Any]:
    token = door.token()
    mine, door.device = door.device, Device()
    headers = door.shown(token)
    door.device = mine
    return headers


def _bearer(door: Door) -> list[Any]:
    token = door.token()
    return [(b"authorization", f"Bearer {token}".encode()), door.shown(token)[1]]


SPOILT: list[tuple[str, Spoil, str]] = [
    ("no header at all", lambda door: [], "tokens.missing"),
    ("a proof alone", lambda door: door.shown(door.token())[1:], "tokens.missing"),
    ("the scheme Bearer", _bearer, "tokens.missing"),
    ("two tokens", lambda door: [*door.shown(door.token()), door.shown(door.token())[0]], "tokens.missing"),
    ("a token alone", lambda door: door.shown(door.token())[:1], "tokens.proof_refused"),
    ("two proofs", lambda door: [*door.shown(door.token()), door.shown(door.token())[1]], "tokens.proof_refused"),
    ("a proof for another token", _other_token, "tokens.proof_refused"),
    ("a proof by another key", _other_key, "tokens.proof_refused"),
    ("a proof for another method", lambda door: door.shown(door.token(), method="POST"), "tokens.proof_refused"),
    ("a proof for another path", lambda door: door.shown(door.token(), path="/v1/cases"), "tokens.proof_refused"),
    ("no nonce", lambda door: door.shown(door.token(), nonce=None), "tokens.nonce_needed"),
    ("a made-up nonce", lambda door: door.shown(door.token(), nonce="n"), "tokens.nonce_needed"),
    ("a token that is none", lambda door: door.shown("a.b.c"), "tokens.refused"),
    ("an unknown level", lambda door: door.shown(door.token(acr="dspace:level:9")), "tokens.refused"),
    ("bytes beyond ASCII", lambda door: [(b"authorization", b"DPoP \xff"), (b"dpop", b"x")], "tokens.refused"),
]


@pytest.mark.parametrize(("spoil", "code"), [each[1:] for each in SPOILT], ids=[each[0] for each in SPOILT])
async def test_a_call_that_lacks_something_is_refused(door: Door, spoil: Spoil, code: str) -> None:
    answer = await door.call(spoil(door))
    assert (answer.status, answer.body["code"], answer.auth) == (401, code, ...)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("DPoP ")
    assert answer.headers["cache-control"] == "no-store"
    assert "algs" in answer.headers["www-authenticate"]
    assert answer.body["title"]["zh"]


async def test_the_nonce_of_a_refusal_opens_the_door(door: Door) -> None:
    refused = await door.call(door.shown(door.token(), nonce=None))
    assert 'error="use_dpop_nonce"' in refused.headers["www-authenticate"]
    again = await door.call(door.shown(door.token(), nonce=refused.headers["dpop-nonce"]))
    assert again.status == 200


async def test_a_proof_that_was_used_is_refused(door: Door) -> None:
    headers = door.shown(door.token())
    assert (await door.call(headers)).status == 200
    again = await door.call(headers)
    assert (again.status, again.body["code"]) == (401, "tokens.proof_refused")


async def test_of_many_calls_with_one_proof_one_passes(door: Door) -> None:
    headers = door.shown(door.token())
    answers = await asyncio.gather(*(door.call(headers) for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 19


async def test_the_scheme_may_be_written_in_any_case(door: Door) -> None:
    token = door.token()
    headers = [(b"authorization", f"dPoP {token}".encode()), door.shown(token)[1]]
    assert (await door.call(headers)).status == 200


async def test_a_token_is_refused_from_the_moment_it_is_over_although_it_is_known(door: Door) -> None:
    token = door.token()
    assert (await door.call(door.shown(token))).status == 200
    door.clock.pass_by(seconds=120)
    answer = await door.call(door.shown(token))
    assert (answer.status, answer.body["code"]) == (401, "tokens.refused")


async def test_a_session_that_ended_takes_its_tokens_with_it(door: Door, endings: Endings) -> None:
    token = door.token()
    assert (await door.call(door.shown(token))).status == 200
    await endings.tell([SESSION])
    answer = await door.call(door.shown(token))
    assert (answer.status, answer.body["code"]) == (401, "tokens.refused")


async def test_a_proof_is_checked_although_the_token_is_known(door: Door) -> None:
    token = door.token()
    assert (await door.call(door.shown(token))).status == 200
    assert (await door.call(door.shown(token, method="POST"))).status == 401


async def test_a_used_nonce_is_good_for_a_minute_then_the_next_is_given(door: Door) -> None:
    nonce = door.nonces.issue(door.clock())
    assert "dpop-nonce" not in (await door.call(door.shown(door.token(), nonce=nonce))).headers
    door.clock.pass_by(minutes=1)
    answer = await door.call(door.shown(door.token(), nonce=nonce))
    assert answer.status == 200
    assert answer.headers["x-route"] == "yes"
    assert (await door.call(door.shown(door.token(), nonce=answer.headers["dpop-nonce"]))).status == 200


async def test_a_session_that_calls_too_often_waits_and_others_do_not(door: Door) -> None:
    for _ in range(100):
        assert (await door.call(door.shown(door.token()))).status == 200
    over = await door.call(door.shown(door.token()))
    assert (over.status, over.body["code"], over.auth) == (429, "limit.exceeded", ...)
    assert over.headers["retry-after"] == "60"
    assert (await door.call(door.shown(door.token(sid=UUID(int=5))))).status == 200


async def test_a_call_that_is_not_proved_counts_against_nobody(door: Door) -> None:
    for _ in range(101):
        await door.call(door.shown(door.token(), nonce="made-up"))
    assert (await door.call(door.shown(door.token()))).status == 200


async def test_logging_in_is_counted_by_address_and_nothing_else_that_is_public(door: Door) -> None:
    for path in ("/authorize", "/token", "/login/callback"):
        assert (await door.call([], path=path)).status == 200
    over = await door.call([], path="/authorize")
    assert (over.status, over.body["code"], over.headers["retry-after"]) == (429, "limit.exceeded", "60")
    token = await door.call([], path="/token")
    assert (token.status, token.body["error"]) == (429, "temporarily_unavailable")
    assert (token.headers["retry-after"], token.headers["content-type"]) == ("60", "application/json")
    for path in PUBLIC - LOGIN:
        assert (await door.call([], path=path)).status == 200


async def test_a_login_is_refused_while_nobody_can_count(door: Door, memory: Any) -> None:
    memory.dead = True
    assert (await door.call([], path="/authorize")).body["code"] == "ephemeral.unavailable"
    assert (await door.call([], path="/health")).status == 200


async def test_without_the_store_the_answer_is_a_refusal_and_not_a_pass(door: Door, memory: Any) -> None:
    memory.dead = True
    answer = await door.call(door.shown(door.token()))
    assert (answer.status, answer.body["code"], answer.auth) == (503, "ephemeral.unavailable", ...)


async def test_a_restart_of_the_store_makes_proofs_of_before_void(door: Door, memory: Any) -> None:
    before = door.shown(door.token())
    door.clock.pass_by(seconds=1)
    memory.began = door.clock()
    assert (await door.call(before)).body["code"] == "tokens.nonce_needed"
    assert (await door.call(door.shown(door.token()))).status == 200


async def test_what_is_remembered_is_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dspace_backend.guard._MOST_REMEMBERED", 4)
    for _ in range(20):
        assert (await door.call(door.shown(door.token()))).status == 200
    assert len(door.access._known) <= 4


async def test_a_websocket_is_closed(door: Door) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await door.guard(cast("Any", {"type": "websocket", "path": "/health"}), cast("Any", None), send)
    assert sent == [{"type": "websocket.close", "code": 4401, "reason": ""}]


# The security log


def test_the_first_failure_of_a_kind_is_told_and_the_rest_of_the_minute_by_number(
    clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    log = SecurityLog(clock)
    with caplog.at_level(logging.WARNING, "dspace.security"):
        for _ in range(1000):
            log.note(ProofRefused(reason="htu"))
        log.note(ProofRefused(reason="htm"))
        clock.pass_by(minutes=1)
        log.note(ProofRefused(reason="htu"))
    assert caplog.messages == [
        "tokens.proof_refused htu",
        "tokens.proof_refused htm",
        "tokens.proof_refused htu, and 999 more before",
    ]


def test_a_missing_nonce_is_how_everybody_begins_and_is_not_told(clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    SecurityLog(clock).note(NonceNeeded())
    assert caplog.messages == []


# Who calls


def test_a_route_for_persons_takes_no_staff_and_the_other_way_round() -> None:
    someone = Principal(Subject(SUBJECT), SESSION, "phone", TrustLevel.TWO, "k")
    clerk = Staff(SUBJECT, SESSION, "a", frozenset({"clerk"}), "k")
    assert person(someone) is someone
    assert staff(clerk) is clerk
    for nobody in (clerk, None):
        with pytest.raises(PersonOnly):
            person(nobody)
    for no_staff in (someone, None):
        with pytest.raises(StaffOnly):
            staff(no_staff)


def test_an_item_of_a_higher_level_asks_for_a_step_up_by_name() -> None:
    someone = Principal(Subject(SUBJECT), SESSION, "phone", TrustLevel.TWO, "k")
    someone.needs(TrustLevel.TWO)
    with pytest.raises(StepUpNeeded) as told:
        someone.needs(TrustLevel.THREE)
    asked = challenge(told.value)["WWW-Authenticate"]
    assert 'error="insufficient_user_authentication"' in asked
    assert 'acr_values="dspace:level:3"' in asked
    assert STATUS_BY_CODE[told.value.code] == 401


def test_each_refusal_of_a_token_says_its_error_and_others_challenge_nobody() -> None:
    assert "error" not in challenge(TokenMissing())["WWW-Authenticate"]
    assert 'error="invalid_token"' in challenge(TokenRefused(reason="exp"))["WWW-Authenticate"]
    assert 'error="invalid_dpop_proof"' in challenge(ProofRefused(reason="htm"))["WWW-Authenticate"]
    assert challenge(PersonOnly()) == {}


# Endings


class Told:
    """A store that tells what it is told to."""

    def __init__(self, payloads: list[bytes]) -> None:
        self.payloads = payloads
        self.heard = asyncio.Event()

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[AsyncIterator[bytes]]:
        async def payloads() -> AsyncIterator[bytes]:
            for payload in self.payloads:
                yield payload
            self.heard.set()
            await asyncio.Event().wait()

        yield payloads()


async def test_endings_of_others_are_heard_and_noise_is_not(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    missed = UUID(int=5)

    async def ended_since(_: object, at: object) -> list[UUID]:
        assert at == clock() - timedelta(seconds=180)
        return [missed]

    monkeypatch.setattr("dspace_backend.login.tables.ended_since", ended_since)
    told = Told([SESSION.bytes, b"noise"])
    endings = Endings(cast("Any", None), cast("Any", told), clock)
    listening = asyncio.create_task(endings.listen())
    await told.heard.wait()
    listening.cancel()
    assert SESSION in endings
    assert missed in endings
    assert UUID(int=6) not in endings


async def test_an_ending_is_forgotten_when_no_token_can_be_left(endings: Endings, clock: Any) -> None:
    await endings.tell([SESSION])
    clock.pass_by(seconds=181)
    await endings.tell([UUID(int=7)])
    assert SESSION not in endings


def test_the_public_paths_are_whole_paths() -> None:
    assert all(path.startswith("/") and not path.endswith("/") and "{" not in path for path in PUBLIC)
