"""What the identity provider answers is checked, also where the library would let it pass; no answer is a refusal."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from dspace_backend.login import claims
from dspace_backend.login.provider import Departure, Provider
from dspace_backend.login.refusals import IdentityRefused, ProviderUnreachable
from dspace_core.testing.device import base64url

ISSUER = "https://idp.example/gd"
BACK = "https://space.example/login/callback"


class Idp:
    """An identity provider that answers as it is told to."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one"})
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/jwks",
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        }
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "one"}
        self.claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": "dspace",
            "sub": "s1",
            "acr": "L3",
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
        }
        self.sign: Callable[[dict[str, Any]], str] = self._sign
        self.answer: Callable[[httpx2.Request], httpx2.Response] | None = None
        self.asked: list[httpx2.Request] = []

    def _sign(self, claims: dict[str, Any]) -> str:
        return jws.serialize_compact(self.header, json.dumps(claims), self.key, ["ES256"])

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self.answer is not None:
            return self.answer(request)
        match request.url.path.rpartition("/")[2]:
            case "openid-configuration":
                return httpx2.Response(200, json=self.metadata)
            case "jwks":
                return httpx2.Response(200, json={"keys": [self.key.as_dict(private=False)]})
            case _:
                said = {"access_token": "a", "token_type": "Bearer", "id_token": self.sign(self.claims)}
                return httpx2.Response(200, json=said)


@pytest.fixture
def idp() -> Idp:
    return Idp()


@pytest.fixture
def provider(idp: Idp) -> Provider:
    provider = Provider(ISSUER, "dspace", "secret", BACK)
    provider._app.client_kwargs["transport"] = httpx2.MockTransport(idp)
    return provider


async def back(provider: Provider, idp: Idp) -> Any:
    """Somebody goes and comes back; what is read of him."""
    departure = await provider.send(None)
    idp.claims.setdefault("nonce", departure.nonce)
    return claims.read(await provider.receive("code", departure), provider.client)


async def test_somebody_is_sent_with_state_nonce_pkce_and_a_wish(provider: Provider) -> None:
    departure = await provider.send("L3")
    query = {name: values[0] for name, values in parse_qs(urlsplit(departure.url).query).items()}
    assert departure.url.startswith(f"{ISSUER}/authorize?")
    assert (query["state"], query["nonce"]) == (departure.state, departure.nonce)
    assert (query["code_challenge_method"], query["scope"], query["acr_values"]) == ("S256", "openid", "L3")
    assert query["redirect_uri"] == BACK
    assert departure.verifier not in departure.url
    assert min(map(len, (departure.state, departure.nonce))) >= 20


async def test_no_two_departures_are_alike(provider: Provider) -> None:
    sent = [await provider.send(None) for _ in range(5)]
    for part in ("state", "nonce", "verifier"):
        assert len({getattr(each, part) for each in sent}) == 5


async def test_a_good_answer_names_somebody(provider: Provider, idp: Idp) -> None:
    assert (await back(provider, idp)).sub == "s1"
    [token] = [request for request in idp.asked if request.method == "POST"]
    assert token.headers["authorization"].startswith("Basic ")
    sent = parse_qs(token.content.decode())
    assert sent["code"] == ["code"]
    assert len(sent["code_verifier"][0]) >= 43


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("iss", "https://other.example"),
        ("iss", None),
        ("aud", "other"),
        ("aud", ["other", "dspace"]),
        ("aud", ["other"]),
        ("aud", None),
        ("sub", None),
        ("nonce", "another"),
        ("nonce", ""),
        ("nonce", None),
        ("exp", 1),
        ("exp", None),
        ("iat", 2**33),
        ("nbf", 2**33),
        ("azp", "other"),
        ("acr", None),
        ("at_hash", "wrong"),
    ],
)
async def test_an_id_token_that_says_something_else_is_refused(
    provider: Provider, idp: Idp, claim: str, said: object
) -> None:
    idp.claims[claim] = said
    with pytest.raises(IdentityRefused):
        await back(provider, idp)


async def test_the_trap_a_token_for_another_audience_with_our_azp_is_refused(provider: Provider, idp: Idp) -> None:
    idp.claims |= {"aud": "other", "azp": "dspace"}
    with pytest.raises(IdentityRefused):
        await back(provider, idp)


async def test_an_id_token_by_another_key_is_refused(provider: Provider, idp: Idp) -> None:
    other = ECKey.generate_key("P-256", {"kid": "one"})
    idp.sign = lambda said: jws.serialize_compact(idp.header, json.dumps(said), other, ["ES256"])
    with pytest.raises(IdentityRefused):
        await back(provider, idp)


def _by_public_key(idp: Idp, said: dict[str, Any]) -> str:
    public = OctKey.import_key(json.dumps(idp.key.as_dict(private=False)))
    return jws.serialize_compact({"alg": "HS256", "kid": "one"}, json.dumps(said), public, ["HS256"])


def _unsigned(_: Idp, said: dict[str, Any]) -> str:
    return ".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "none", "kid": "one"}, said)) + "."


@pytest.mark.parametrize("forge", [_by_public_key, _unsigned])
async def test_an_algorithm_that_the_provider_offers_and_we_do_not_take_is_refused(
    provider: Provider, idp: Idp, forge: Callable[[Idp, dict[str, Any]], str]
) -> None:
    idp.sign = lambda said: forge(idp, said)
    with pytest.raises(IdentityRefused):
        await back(provider, idp)


async def test_an_id_token_by_rsa_is_taken(provider: Provider, idp: Idp) -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "one"})
    idp.key = rsa  # type: ignore[assignment]
    idp.sign = lambda said: jws.serialize_compact({"alg": "RS256", "kid": "one"}, json.dumps(said), rsa, ["RS256"])
    assert (await back(provider, idp)).sub == "s1"


async def test_a_key_that_is_not_known_is_fetched_once_more(provider: Provider, idp: Idp) -> None:
    await back(provider, idp)
    idp.key, idp.header = ECKey.generate_key("P-256", {"kid": "two"}), {"alg": "ES256", "kid": "two"}
    del idp.claims["nonce"]
    assert (await back(provider, idp)).sub == "s1"


@pytest.mark.parametrize("text", ["", "a.b.c", "x", "e30.e30.e30"])
async def test_what_is_no_id_token_is_refused(provider: Provider, idp: Idp, text: str) -> None:
    idp.sign = lambda _: text
    with pytest.raises(IdentityRefused):
        await back(provider, idp)


async def test_an_answer_without_an_id_token_is_refused(provider: Provider, idp: Idp) -> None:
    departure = await provider.send(None)
    idp.answer = lambda _: httpx2.Response(200, json={"access_token": "a", "token_type": "Bearer"})
    with pytest.raises(IdentityRefused):
        await provider.receive("code", departure)


async def test_a_code_that_the_provider_does_not_take_is_refused(provider: Provider, idp: Idp) -> None:
    departure = await provider.send(None)
    idp.answer = lambda _: httpx2.Response(400, json={"error": "invalid_grant"})
    with pytest.raises(IdentityRefused):
        await provider.receive("code", departure)


def _breaks(_: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused")


ANSWERS: list[tuple[str, Callable[[httpx2.Request], httpx2.Response]]] = [
    ("no connection", _breaks),
    ("an error", lambda _: httpx2.Response(500, text="oops")),
    ("no JSON", lambda _: httpx2.Response(200, text="<html>")),
    ("a list", lambda _: httpx2.Response(200, json=[1])),
    ("a redirect", lambda _: httpx2.Response(302, headers={"Location": "https://evil.example"})),
]


@pytest.mark.parametrize("answer", [each[1] for each in ANSWERS], ids=[each[0] for each in ANSWERS])
async def test_a_provider_that_does_not_answer_as_it_should_is_unreachable(
    provider: Provider, idp: Idp, answer: Callable[[httpx2.Request], httpx2.Response]
) -> None:
    idp.answer = answer
    with pytest.raises(ProviderUnreachable):
        await provider.send(None)
    idp.answer = None
    departure = await provider.send(None)
    idp.answer = answer
    with pytest.raises((ProviderUnreachable, IdentityRefused)):
        await provider.receive("code", departure)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
async def test_metadata_that_lack_an_address_are_not_taken(provider: Provider, idp: Idp, name: str) -> None:
    del idp.metadata[name]
    with pytest.raises(ProviderUnreachable):
        await provider.send(None)


async def test_metadata_of_another_issuer_are_not_taken_and_not_kept(provider: Provider, idp: Idp) -> None:
    idp.metadata["issuer"] = "https://evil.example"
    with pytest.raises(ProviderUnreachable):
        await provider.send(None)
    idp.metadata["issuer"] = ISSUER
    assert (await provider.send(None)).url.startswith(ISSUER)


async def test_neither_code_nor_verifier_nor_secret_is_in_a_log_or_a_refusal(
    provider: Provider, idp: Idp, caplog: pytest.LogCaptureFixture
) -> None:
    idp.claims["aud"] = "other"
    with caplog.at_level(logging.DEBUG):
        departure = await provider.send(None)
        with pytest.raises(IdentityRefused) as told:
            await provider.receive("the-code", departure)
    said = f"{caplog.text} {told.value!r} {told.value.__context__!r} {told.value.__cause__!r}"
    for value in ("the-code", departure.verifier, departure.state, "secret"):
        assert value not in said


def test_a_departure_is_kept_as_json() -> None:
    kept = Departure("u", "s", "n", "v")
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Departure) == kept
