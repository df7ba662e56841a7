"""A proof holds for one call, one key, one token and one moment: the table of forgeries, one by one (RFC 9449 4.3)."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from dspace_backend.tokens import Call, check_proof, normal_path, normal_url
from dspace_backend.tokens.proof import FUTURE, PAST, token_hash
from dspace_backend.tokens.refusals import ProofRefused
from dspace_core.testing.device import Device, base64url

BASE = "http://127.0.0.1:8000"
URL = f"{BASE}/v1/space"
TOKEN = "header.payload.signature"
CALL = Call(method="GET", path="/v1/space", bases=(BASE,), token=TOKEN)
Parts = tuple[dict[str, Any], dict[str, Any]]


def parts(device: Device, at: float) -> Parts:
    """The header and the claims of a proof that holds."""
    claims = {"jti": "a1", "htm": "GET", "htu": URL, "iat": int(at), "ath": token_hash(TOKEN)}
    return {"typ": "dpop+jwt", "alg": "ES256", "jwk": dict(device.jwk)}, claims


def refused(text: str, clock: Callable[[], Any], call: Call = CALL) -> str:
    with pytest.raises(ProofRefused) as told:
        check_proof(text, call, clock())
    return str(told.value.values["reason"])


@pytest.fixture
def good(device: Device, clock: Any) -> Parts:
    return parts(device, clock().timestamp())


def test_a_proof_by_the_key_for_the_call_holds(device: Device, clock: Any) -> None:
    text = device.proof("GET", URL, at=clock().timestamp(), nonce="n", token=TOKEN, jti="once")
    proof = check_proof(text, CALL, clock())
    assert (proof.jkt, proof.jti, proof.nonce) == (device.jkt, "once", "n")


# What is said of the call: (the claim, what it says instead, the reason of the refusal).
CLAIMS: list[tuple[str, Any, str]] = [
    ("htm", "POST", "htm"),
    ("htm", "get", "htm"),
    ("htu", f"{BASE}/v1/cases", "htu"),
    ("htu", f"{BASE}/v1/space/", "htu"),
    ("htu", "http://127.0.0.1:8001/v1/space", "htu"),
    ("htu", "https://127.0.0.1:8000/v1/space", "htu"),
    ("htu", "http://localhost:8000/v1/space", "htu"),
    ("htu", "http://user@127.0.0.1:8000/v1/space", "htu"),
    ("htu", "http://127.0.0.1:8000.evil.example/v1/space", "htu"),
    ("htu", "/v1/space", "htu"),
    ("htu", "", "htu"),
    ("htu", "http://127.0.0.1:port/v1/space", "htu"),
    ("htu", f"{BASE}/v1/\nspace", "htu"),
    ("ath", base64url(bytes(32)), "ath"),
    ("ath", "对", "ath"),
    ("ath", None, "ath"),
    ("exp", 1, "iat"),
    ("nbf", 2**40, "iat"),
    ("exp", 2**62, "iat"),
    ("iat", 2**62, "iat"),
    ("iat", -(2**62), "iat"),
    ("iat", "1772424000", "form"),
    ("iat", None, "form"),
    ("jti", "", "form"),
    ("jti", "x" * 257, "form"),
    ("jti", 7, "form"),
]


@pytest.mark.parametrize(("claim", "said", "reason"), CLAIMS)
def test_a_claim_that_says_something_else_is_refused(
    device: Device, clock: Any, good: Parts, *, claim: str, said: object, reason: str
) -> None:
    header, claims = good
    assert refused(device.sign(header, {**claims, claim: said}), clock) == reason


@pytest.mark.parametrize("claim", ["jti", "htm", "htu", "iat"])
def test_a_proof_without_one_of_its_claims_is_refused(device: Device, clock: Any, good: Parts, claim: str) -> None:
    header, claims = good
    del claims[claim]
    assert refused(device.sign(header, claims), clock) == "form"


def test_a_proof_without_ath_is_refused_where_a_token_is_shown(device: Device, clock: Any) -> None:
    assert refused(device.proof("GET", URL, at=clock().timestamp()), clock) == "ath"


def test_a_proof_for_a_token_is_refused_where_none_is_shown(device: Device, clock: Any) -> None:
    asked = Call(method="GET", path="/v1/space", bases=(BASE,))
    text = device.proof("GET", URL, at=clock().timestamp(), token=TOKEN)
    assert refused(text, clock, asked) == "ath"


HEADERS: list[tuple[str, Any, str]] = [
    ("typ", "JWT", "typ"),
    ("typ", "at+jwt", "typ"),
    ("typ", None, "form"),
    ("alg", "none", "alg"),
    ("alg", "HS256", "alg"),
    ("alg", "RS256", "alg"),
    ("alg", "ES384", "alg"),
    ("alg", "EdDSA", "alg"),
    ("alg", "es256", "alg"),
    ("crit", ["exp"], "alg"),
    ("jwk", None, "form"),
    ("jwk", "key", "form"),
]


@pytest.mark.parametrize(("name", "said", "reason"), HEADERS)
def test_a_header_that_says_something_else_is_refused(
    device: Device, clock: Any, good: Parts, *, name: str, said: object, reason: str
) -> None:
    header, claims = good
    assert refused(device.sign({**header, name: said}, claims), clock) == reason


@pytest.mark.parametrize("member", ["d", "k", "p", "q", "dp", "dq", "qi", "oth"])
def test_a_key_that_comes_with_its_private_half_is_refused(
    device: Device, clock: Any, good: Parts, member: str
) -> None:
    header, claims = good
    header["jwk"][member] = base64url(bytes(range(32)))
    assert refused(device.sign(header, claims), clock) == "jwk"


@pytest.mark.parametrize(
    ("member", "said", "reason"),
    [
        ("kty", "OKP", "jwk"),
        ("kty", "oct", "jwk"),
        ("crv", "P-384", "jwk"),
        ("crv", "secp256k1", "jwk"),
        ("x", base64url(bytes(32)), "jwk"),
        ("x", "AAAA", "form"),
        ("x", "=" * 43, "form"),
        ("y", "B" * 43, "form"),
    ],
)
def test_a_key_that_is_no_point_of_the_curve_is_refused(
    device: Device, clock: Any, good: Parts, *, member: str, said: str, reason: str
) -> None:
    header, claims = good
    header["jwk"][member] = said
    assert refused(device.sign(header, claims), clock) == reason


def test_a_key_may_say_more_about_itself_than_it_is(device: Device, clock: Any, good: Parts) -> None:
    header, claims = good
    header["jwk"] |= {"use": "sig", "alg": "ES256", "kid": "mine", "ext": True, "key_ops": ["verify"]}
    assert check_proof(device.sign(header, claims), CALL, clock()).jkt == device.jkt


def test_a_signature_by_another_key_is_refused(device: Device, clock: Any, good: Parts) -> None:
    header, claims = good
    assert refused(Device().sign(header, claims), clock) == "signature"


def test_an_unsigned_proof_is_refused(device: Device, clock: Any, good: Parts) -> None:
    header, claims = good
    body = ".".join(base64url(json.dumps(part).encode()) for part in ({**header, "alg": "none"}, claims))
    assert refused(f"{body}.", clock) == "form"


def test_a_proof_signed_by_another_algorithm_is_refused(device: Device, clock: Any, good: Parts) -> None:
    header, claims = good
    public = json.dumps(header["jwk"]).encode()
    payload = json.dumps(claims)
    by_secret = jws.serialize_compact({**header, "alg": "HS256"}, payload, OctKey.import_key(public), ["HS256"])
    by_rsa = jws.serialize_compact({**header, "alg": "RS256"}, payload, RSAKey.generate_key(2048), ["RS256"])
    assert refused(by_secret, clock) == "form"
    assert refused(by_rsa, clock) == "form"


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "....", "a.b.c.d", "对.对.对", "a.b.c" + "d" * 5000])
def test_what_is_no_proof_at_all_is_refused(clock: Any, text: str) -> None:
    assert refused(text, clock) == "form"


@pytest.mark.parametrize("offset", [-PAST, FUTURE, timedelta(0), timedelta(seconds=-10), timedelta(seconds=10)])
def test_a_clock_may_be_a_little_off(device: Device, clock: Any, offset: timedelta) -> None:
    text = device.proof("GET", URL, at=(clock() + offset).timestamp(), token=TOKEN)
    assert check_proof(text, CALL, clock()).jkt == device.jkt


@pytest.mark.parametrize(
    "offset", [-PAST - timedelta(seconds=1), FUTURE + timedelta(seconds=1), timedelta(hours=1), timedelta(hours=-1)]
)
def test_a_proof_of_another_time_is_refused(device: Device, clock: Any, offset: timedelta) -> None:
    text = device.proof("GET", URL, at=(clock() + offset).timestamp(), token=TOKEN)
    assert refused(text, clock) == "iat"


def test_the_address_may_be_spelled_otherwise(device: Device, clock: Any) -> None:
    for spelled in ("HTTP://127.0.0.1:8000/v1/space", f"{URL}?page=2", f"{URL}#top", f"{BASE}/v1/%73pace"):
        text = device.proof("GET", spelled, at=clock().timestamp(), token=TOKEN)
        assert check_proof(text, CALL, clock()).jkt == device.jkt


def test_the_default_port_may_be_left_out_or_written(device: Device, clock: Any) -> None:
    call = Call(method="GET", path="/v1/space", bases=("https://space.example",), token=TOKEN)
    text = device.proof("GET", "https://SPACE.example:443/v1/space", at=clock().timestamp(), token=TOKEN)
    assert check_proof(text, call, clock()).jkt == device.jkt


def test_no_single_bit_can_be_changed(device: Device, clock: Any) -> None:
    text = device.proof("GET", URL, at=clock().timestamp(), token=TOKEN)
    signature = text.rpartition(".")[2]
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    for bit in range(0, 512, 7):
        raw[bit // 8] ^= 1 << (bit % 8)
        assert refused(text[: -len(signature)] + base64url(bytes(raw)), clock) == "signature"
        raw[bit // 8] ^= 1 << (bit % 8)


def test_the_last_character_of_a_signature_has_one_spelling(device: Device, clock: Any) -> None:
    """86 characters hold 516 bits, 4 more than a signature: those must be zero, or one proof had sixteen texts."""
    text = device.proof("GET", URL, at=clock().timestamp(), token=TOKEN)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert refused(text[:-1] + alphabet[alphabet.index(text[-1]) + 1], clock) == "form"


@given(st.text(max_size=300))
def test_no_text_whatever_is_taken_or_breaks_us(text: str) -> None:
    with pytest.raises(ProofRefused):
        check_proof(text, CALL, datetime(2026, 3, 2, tzinfo=UTC))


_VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_TREES = st.dictionaries(
    st.sampled_from(["typ", "alg", "jwk", "jti", "htm", "htu", "iat", "ath", "nonce", "exp", "crit", "d"]),
    st.recursive(_VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)),
)
_DEVICE = Device()


@given(_TREES, _TREES)
def test_no_header_and_claims_whatever_break_us(header: dict[str, Any], claims: dict[str, Any]) -> None:
    body = ".".join(base64url(json.dumps(part).encode()) for part in ({**header, "jwk": _DEVICE.jwk}, claims))
    with pytest.raises(ProofRefused):
        check_proof(f"{body}.{base64url(_DEVICE.signer.sign(body.encode()))}", CALL, datetime(2026, 3, 2, tzinfo=UTC))


@given(st.integers(min_value=0, max_value=2**31), st.text(max_size=40), st.text(min_size=1, max_size=40))
def test_a_proof_by_another_library_holds_here(at: int, nonce: str, jti: str) -> None:
    key = _OTHERS
    claims = {"jti": jti, "htm": "GET", "htu": URL, "iat": at, "ath": token_hash(TOKEN), "nonce": nonce}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    text = jws.serialize_compact(header, json.dumps(claims), key, ["ES256"])
    proof = check_proof(text, CALL, datetime.fromtimestamp(at, UTC))
    assert (proof.jkt, proof.jti, proof.nonce) == (key.thumbprint(), jti, nonce)


_OTHERS = ECKey.generate_key("P-256")


@given(st.lists(st.sampled_from(["a", "b~c", ".", "..", "", "%41", "%2f", "%e4%BD", "-._~"]), max_size=6))
def test_a_normal_path_stays_as_it_is(segments: list[str]) -> None:
    once = normal_path("/" + "/".join(segments))
    assert normal_path(once) == once
    assert once.startswith("/")
    assert "/../" not in once
    assert "/./" not in once


@pytest.mark.parametrize(
    ("said", "normal"),
    [
        ("/a/./b/../c", "/a/c"),
        ("/../../a", "/a"),
        ("/a/..", "/"),
        ("/a/b/.", "/a/b/"),
        ("/%7Ea", "/~a"),
        ("/%2fa", "/%2Fa"),
        ("", "/"),
        ("//a", "//a"),
    ],
)
def test_paths_have_one_spelling(said: str, normal: str) -> None:
    assert normal_path(said) == normal


@pytest.mark.parametrize("text", ["ftp://a/b", "http://", "http:///x", "http://a b/", "http://[::1", "对", "x" * 3000])
def test_what_is_no_address_has_no_spelling(text: str) -> None:
    assert normal_url(text) is None


def test_an_address_of_the_sixth_version_keeps_its_brackets() -> None:
    assert normal_url("http://[::1]:8000/a?b") == "http://[::1]:8000/a"
