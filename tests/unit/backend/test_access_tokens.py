"""An access token is ours, for us, for 120 seconds and for one key; nothing else is (RFC 9068 section 4)."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from dspace_backend.tokens import LIFE, AccessTokens, Bearer, SigningKeys
from dspace_backend.tokens.refusals import TokenRefused
from dspace_core.crypto import P256Signer, Secret
from dspace_core.testing.device import Device, base64url

SUBJECT = UUID("11111111-1111-4111-8111-111111111111")
SESSION = UUID("22222222-2222-4222-8222-222222222222")
ISSUER = "http://dev.localhost:8000"
AUDIENCE = f"{ISSUER}/v1"


def bearer(device: Device) -> Bearer:
    return Bearer(
        sub=SUBJECT, client_id="phone", jkt=device.jkt, sid=SESSION, acr="dspace:level:3", auth_time=1_772_424_000
    )


def refused(tokens: AccessTokens, text: str, clock: Any) -> str:
    with pytest.raises(TokenRefused) as told:
        tokens.check(text, clock())
    return str(told.value.values["reason"])


def forged(keys: SigningKeys, text: str, *, header: Any = None, claims: Any = None, signer: Any = None) -> str:
    """A token changed in places and signed anew."""
    parts = [json.loads(each) for each in _open(text)]
    for part, changes in zip(parts, (header, claims), strict=True):
        part.update(changes or {})
        for name in [name for name, value in part.items() if value is ...]:
            del part[name]
    body = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    return f"{body}.{base64url((signer or keys.current.signer).sign(body.encode()))}"


def _open(text: str) -> list[bytes]:
    return [base64.urlsafe_b64decode(part + "==") for part in text.split(".")[:2]]


def test_a_token_says_what_the_standard_asks_for(tokens: AccessTokens, device: Device, clock: Any) -> None:
    claims = tokens.check(tokens.make(bearer(device), clock()), clock())
    assert (claims.iss, claims.aud, claims.sub, claims.client_id) == (ISSUER, AUDIENCE, SUBJECT, "phone")
    assert claims.exp - claims.iat == LIFE.total_seconds() == 120
    assert (claims.cnf.jkt, claims.sid, claims.acr) == (device.jkt, SESSION, "dspace:level:3")
    assert claims.authority is None


def test_a_token_carries_no_claim_of_staff_for_a_person(tokens: AccessTokens, device: Device, clock: Any) -> None:
    said = json.loads(_open(tokens.make(bearer(device), clock()))[1])
    assert {"authority", "roles"} & set(said) == set()
    assert set(json.loads(_open(tokens.make(bearer(device), clock()))[0])) == {"typ", "alg", "kid"}


def test_a_token_is_over_after_120_seconds_and_not_before(tokens: AccessTokens, device: Device, clock: Any) -> None:
    text = tokens.make(bearer(device), clock())
    clock.pass_by(seconds=119.9)
    assert tokens.check(text, clock()).sub == SUBJECT
    clock.pass_by(seconds=0.1)
    assert refused(tokens, text, clock) == "exp"


FORGERIES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"typ": "JWT"}, {}, "typ"),
    ({"typ": "dpop+jwt"}, {}, "typ"),
    ({"typ": ...}, {}, "form"),
    ({"alg": "none"}, {}, "alg"),
    ({"alg": "HS256"}, {}, "alg"),
    ({"alg": "RS256"}, {}, "alg"),
    ({"crit": ["b64"], "b64": False}, {}, "alg"),
    ({"kid": "other"}, {}, "kid"),
    ({"kid": ...}, {}, "form"),
    ({}, {"iss": "http://localhost:8000"}, "iss"),
    ({}, {"iss": "http://dev.localhost:8000/"}, "iss"),
    ({}, {"aud": ISSUER}, "aud"),
    ({}, {"aud": [AUDIENCE]}, "form"),
    ({}, {"aud": ["other", AUDIENCE]}, "form"),
    ({}, {"iat": 1_772_424_003}, "exp"),
    ({}, {"exp": 1_772_424_000}, "exp"),
    ({}, {"cnf": ...}, "form"),
    ({}, {"cnf": {}}, "form"),
    ({}, {"cnf": {"jkt": "short"}}, "form"),
    ({}, {"sub": "not-a-subject"}, "form"),
    ({}, {"sid": ...}, "form"),
    ({}, {"client_id": ...}, "form"),
    ({}, {"acr": ...}, "form"),
    ({}, {"exp": ...}, "form"),
    ({}, {"exp": "1772424120"}, "form"),
]


@pytest.mark.parametrize(("header", "claims", "reason"), FORGERIES)
def test_even_with_our_own_signature_another_token_is_refused(
    keys: SigningKeys, tokens: AccessTokens, device: Device, *, clock: Any, header: Any, claims: Any, reason: str
) -> None:
    text = tokens.make(bearer(device), clock())
    assert refused(tokens, forged(keys, text, header=header, claims=claims), clock) == reason


def test_a_forgery_without_changes_is_the_token(
    keys: SigningKeys, tokens: AccessTokens, device: Device, clock: Any
) -> None:
    """So that the table above refuses for what it changes."""
    assert tokens.check(forged(keys, tokens.make(bearer(device), clock())), clock()).sub == SUBJECT


def test_a_signature_by_another_key_is_refused(
    keys: SigningKeys, tokens: AccessTokens, device: Device, clock: Any
) -> None:
    text = forged(keys, tokens.make(bearer(device), clock()), signer=P256Signer(Secret.random()))
    assert refused(tokens, text, clock) == "signature"


def test_our_public_key_is_no_secret_to_sign_with(
    keys: SigningKeys, tokens: AccessTokens, device: Device, clock: Any
) -> None:
    """The oldest trick: HS256 with the public key."""
    header, claims = (json.loads(part) for part in _open(tokens.make(bearer(device), clock())))
    key = OctKey.import_key(msgspec.json.encode(keys.current.jwk))
    text = jws.serialize_compact({**header, "alg": "HS256"}, json.dumps(claims), key, ["HS256"])
    assert refused(tokens, text, clock) == "form"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "对.对.对"])
def test_what_is_no_token_is_refused(tokens: AccessTokens, clock: Any, text: str) -> None:
    assert refused(tokens, text, clock) == "form"


def test_another_library_takes_our_token_with_our_key_set(
    keys: SigningKeys, tokens: AccessTokens, device: Device, clock: Any
) -> None:
    text = tokens.make(bearer(device), clock())
    read = jwt.decode(text, KeySet.import_key_set(json.loads(keys.key_set())), ["ES256"])
    assert read.header["typ"] == "at+jwt"
    assert read.claims["cnf"] == {"jkt": device.jkt}


def test_staff_carry_their_authority_and_roles(tokens: AccessTokens, device: Device, clock: Any) -> None:
    made = msgspec.structs.replace(bearer(device), authority="human_resources", roles=("clerk", "reviewer"))
    claims = tokens.check(tokens.make(made, clock()), clock())
    assert (claims.authority, claims.roles) == ("human_resources", ("clerk", "reviewer"))


def test_a_key_of_our_own_kind_but_not_ours_is_no_key(keys: SigningKeys) -> None:
    other = ECKey.generate_key("P-256")
    assert keys.verifier(f"dev.{other.thumbprint()}") is None


def test_tokens_of_one_moment_are_different(tokens: AccessTokens, device: Device, clock: Any) -> None:
    assert len({tokens.make(bearer(device), clock()) for _ in range(10)}) == 10


def test_a_clock_two_seconds_behind_still_accepts(tokens: AccessTokens, device: Device, clock: Any) -> None:
    text = tokens.make(bearer(device), clock() + timedelta(seconds=2))
    assert tokens.check(text, clock()).sub == SUBJECT
