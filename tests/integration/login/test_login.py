"""A whole login on real processes: phone, our server, the identity provider, and back; then calls, renewals, the end."""

import base64
import json
import re
import threading
import time
from urllib.parse import urlencode

import pytest

from dspace_core.testing.deployment import Deployment
from dspace_core.testing.device import Device
from dspace_core.testing.phone import Phone, query_of, send

NUMBER = "440100199003070011"


def error_of(phone: Phone, **changes: str) -> str:
    """The error with which the app is sent back for a request that is changed in places."""
    return phone.visit("v" * 43, **changes)["error"]


def test_a_person_logs_in_and_calls(phone: Phone) -> None:
    granted = phone.log_in()
    assert granted.status == 200, granted.body
    assert granted.json["token_type"] == "DPoP"
    assert granted.json["expires_in"] == 120
    assert granted.headers["cache-control"] == "no-store"
    answer = phone.call("GET", "/v1/session")
    assert answer.status == 200, answer.body
    assert (answer.json["client"], answer.json["level"]) == ("phone", 4)
    assert "authority" not in answer.json


def test_the_same_person_is_the_same_subject_and_another_is_another(base: str) -> None:
    subjects = []
    for who in ("p0", "p0", "p1"):
        phone = Phone(base)
        phone.log_in(who)
        subjects.append(_claims(phone.access_token)["sub"])
    assert subjects[0] == subjects[1] != subjects[2]


def test_the_level_is_that_of_the_login(base: str) -> None:
    phone = Phone(base)
    phone.log_in(acr="L2")
    assert phone.call("GET", "/v1/session").json["level"] == 2
    assert _claims(phone.access_token)["acr"] == "dspace:level:2"


def test_a_step_up_is_a_login_with_a_wish_that_replaces_the_session(base: str) -> None:
    phone = Phone(base)
    phone.log_in(acr="L2")
    before = phone.access_token
    phone.log_in(acr_values="dspace:level:3")
    assert phone.call("GET", "/v1/session").json["level"] == 3
    phone.access_token = before
    refused = phone.call("GET", "/v1/session")
    assert (refused.status, refused.json["code"]) == (401, "tokens.refused")


def test_a_wish_that_is_not_met_goes_back_as_an_error(phone: Phone) -> None:
    assert error_of(phone, acr="L1", acr_values="dspace:level:3") == "unmet_authentication_requirements"


def test_a_wish_of_another_name_is_no_wish(phone: Phone) -> None:
    assert "code" in phone.visit("v" * 43, acr="L1", acr_values="urn:other:loa4")


def test_staff_log_in_at_the_desk_with_authority_and_roles(base: str) -> None:
    desk = Phone(base, client="desk")
    assert desk.log_in("s0").status == 200
    session = desk.call("GET", "/v1/session").json
    assert (session["authority"], session["roles"]) == ("human_resources", ["clerk"])


def test_staff_cannot_log_in_as_persons_nor_persons_as_staff(base: str) -> None:
    assert error_of(Phone(base), who="s0") == "access_denied"
    assert error_of(Phone(base, client="desk"), who="p0") == "access_denied"


def test_a_minor_can_log_in(base: str) -> None:
    """The list shows somebody below 14; what a minor may do is decided elsewhere."""
    phone = Phone(base)
    begun = send("GET", f"{base}/authorize?{urlencode(phone.wish('v' * 43))}")
    page = send("GET", begun.headers["location"]).body.decode()
    minor = re.search(r'value="(p\d+)">[^<]*<small>不满 14 岁', page)
    assert minor is not None
    assert phone.log_in(minor[1]).status == 200


def test_who_turns_back_at_the_provider_comes_back_with_a_refusal(phone: Phone) -> None:
    back = phone.visit("v" * 43, "nobody")
    assert back["error"] == "access_denied"
    assert back["iss"].startswith("http://dev.")


def test_a_number_that_nobody_bears_is_nobody(phone: Phone) -> None:
    assert error_of(phone, who="number", number=NUMBER) == "access_denied"


# The authorization endpoint


def test_the_answer_names_its_issuer_and_carries_the_state(phone: Phone) -> None:
    state = "a & = ?" + "x" * 1000
    back = phone.visit("v" * 43, state=state)
    assert back["state"] == state
    metadata = send("GET", f"{phone.base}/.well-known/oauth-authorization-server").json
    assert back["iss"] == metadata["issuer"]


def test_a_state_is_not_needed(phone: Phone) -> None:
    back = phone.visit("v" * 43, state="")
    assert "code" in back
    assert "state" not in back


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"request": "a.b.c"}, "request_not_supported"),
        ({"request_uri": "urn:x"}, "request_uri_not_supported"),
        ({"dpop_jkt": "short"}, "invalid_request"),
        ({"state": "x" * 2049}, "invalid_request"),
        ({"state": "a\nb"}, "invalid_request"),
        ({"state": "对"}, "invalid_request"),
    ],
)
def test_a_request_that_we_do_not_serve_goes_back_with_its_error(
    phone: Phone, changes: dict[str, str], error: str
) -> None:
    assert error_of(phone, **changes) == error


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": ""},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": ""},
        {"client_id": "desk"},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(phone: Phone, changes: dict[str, str]) -> None:
    query = urlencode({**phone.wish("v" * 43), **changes})
    answer = send("GET", f"{phone.base}/authorize?{query}")
    assert (answer.status, answer.json["code"]) == (400, "login.client_unknown")
    assert "location" not in answer.headers


def test_nobody_is_sent_anywhere_for_a_request_with_a_parameter_twice(phone: Phone) -> None:
    query = urlencode(phone.wish("v" * 43))
    answer = send("GET", f"{phone.base}/authorize?{query}&client_id=phone")
    assert (answer.status, answer.json["code"]) == (400, "login.client_unknown")


# The way back


def _sent(phone: Phone) -> tuple[str, str]:
    """Somebody who chose at the provider: where his browser goes, and its cookie."""
    begun = send("GET", f"{phone.base}/authorize?{urlencode(phone.wish('v' * 43))}")
    return phone.choose(begun.headers["location"], "p0"), begun.headers["set-cookie"]


def test_the_cookie_is_for_the_way_back_and_no_script(phone: Phone) -> None:
    _, cookie = _sent(phone)
    assert {"HttpOnly", "Path=/login/callback", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Max-Age=600" in cookie


def test_a_way_back_without_the_cookie_of_this_browser_is_refused(phone: Phone) -> None:
    """Otherwise somebody could log a victim in as himself."""
    for stolen in ({}, {"Cookie": _sent(phone)[1].partition(";")[0]}):
        answer = send("GET", _sent(phone)[0], headers=stolen)
        assert (answer.status, answer.json["code"]) == (400, "login.attempt_unknown")


def test_a_way_back_is_taken_once(phone: Phone) -> None:
    back, cookie = _sent(phone)
    shown = {"Cookie": cookie.partition(";")[0]}
    first = send("GET", back, headers=shown)
    assert "code" in query_of(first.headers["location"])
    assert "Max-Age=0" in first.headers["set-cookie"]
    assert send("GET", back, headers=shown).status == 400


def test_a_way_back_with_another_state_or_from_another_issuer_is_refused(phone: Phone) -> None:
    back, cookie = _sent(phone)
    shown = {"Cookie": cookie.partition(";")[0]}
    assert send("GET", back.replace("state=", "state=x"), headers=shown).status == 400
    elsewhere = back.replace("iss=http", "iss=https")
    assert query_of(send("GET", elsewhere, headers=shown).headers["location"])["error"] == "access_denied"


def test_a_made_up_code_of_the_provider_names_nobody(phone: Phone) -> None:
    back, cookie = _sent(phone)
    made_up = back.partition("?")[0] + "?" + urlencode({"code": "made-up", "state": query_of(back)["state"]})
    told = query_of(send("GET", made_up, headers={"Cookie": cookie.partition(";")[0]}).headers["location"])
    assert told["error"] == "access_denied"


# The token endpoint


def test_a_code_is_taken_once_and_a_second_time_ends_what_it_began(phone: Phone) -> None:
    code, verifier = phone.authorize()
    assert phone.redeem(code, verifier).status == 200
    assert phone.call("GET", "/v1/session").status == 200
    again = phone.redeem(code, verifier)
    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    assert phone.call("GET", "/v1/session").json["code"] == "tokens.refused"
    assert phone.refresh().json["error"] == "invalid_grant"


def test_of_many_who_redeem_one_code_at_once_at_most_one_gets_a_session(phone: Phone) -> None:
    code, verifier = phone.authorize()
    phones = [Phone(phone.base) for _ in range(8)]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda one=one: answers.append(one.redeem(code, verifier).status)) for one in phones
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(200) == 1
    assert answers.count(400) == 7


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": "short"},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1/other"},
        {"redirect_uri": ""},
        {"client_id": "desk"},
        {"code": "made-up"},
        {"code": ""},
    ],
)
def test_a_code_is_bound_to_what_it_was_asked_with(phone: Phone, changes: dict[str, str]) -> None:
    code, verifier = phone.authorize()
    answer = phone.redeem(code, verifier, **changes)
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


def test_a_code_that_was_asked_for_with_a_key_is_bound_to_it(phone: Phone) -> None:
    code, verifier = phone.authorize(dpop_jkt=Device().jkt)
    assert phone.redeem(code, verifier).json["error"] == "invalid_grant"
    code, verifier = phone.authorize(dpop_jkt=phone.device.jkt)
    assert phone.redeem(code, verifier).status == 200


def test_whoever_is_asked_for_a_nonce_has_not_spent_the_code(phone: Phone) -> None:
    code, verifier = phone.authorize()
    phone.nonce = None
    url = f"{phone.base}/token"
    form = {
        "grant_type": "authorization_code",
        "client_id": "phone",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": phone.redirect,
    }
    bare = send(
        "POST", url, body=urlencode(form).encode(), headers=_form(phone.device.proof("POST", url, at=time.time()))
    )
    assert (bare.status, bare.json["error"]) == (400, "use_dpop_nonce")
    assert phone.redeem(code, verifier).status == 200


def _form(*proofs: str) -> dict[str, str | list[str]]:
    return {"Content-Type": "application/x-www-form-urlencoded", **({"DPoP": list(proofs)} if proofs else {})}


def test_the_token_endpoint_takes_one_proof_and_it_must_hold(phone: Phone) -> None:
    url = f"{phone.base}/token"
    phone.ask_for_tokens({"grant_type": "x", "client_id": "phone"})
    body = urlencode({"grant_type": "authorization_code", "client_id": "phone", "code": "x"}).encode()

    def proof(method: str = "POST", at: str = url, when: float = 0.0) -> str:
        return phone.device.proof(method, at, at=time.time() + when, nonce=phone.nonce)

    used = proof()
    send("POST", url, body=body, headers=_form(used))
    spoilt = [
        (),
        (proof(), proof()),
        (proof("GET"),),
        (proof(at=f"{phone.base}/authorize"),),
        (proof(when=-3600),),
        (proof(when=3600),),
        ("a.b.c",),
        (used,),
    ]
    for proofs in spoilt:
        answer = send("POST", url, body=body, headers=_form(*proofs))
        assert (answer.status, answer.json["error"]) == (400, "invalid_dpop_proof")
        assert answer.headers["dpop-nonce"]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password", "client_id": "phone"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "phone"}, 400, "unsupported_grant_type"),
        ({"client_id": "phone"}, 400, "invalid_request"),
        ({"grant_type": "authorization_code", "client_id": "unknown"}, 401, "invalid_client"),
        ({"grant_type": "authorization_code"}, 401, "invalid_client"),
    ],
)
def test_a_grant_that_we_do_not_know_is_refused(phone: Phone, form: dict[str, str], status: int, error: str) -> None:
    answer = phone.ask_for_tokens(form)
    assert (answer.status, answer.json["error"]) == (status, error)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps({"grant_type": "authorization_code"}).encode()),
        ("text/plain", b"grant_type=authorization_code"),
        ("application/x-www-form-urlencoded", b"grant_type=a&grant_type=b"),
        ("application/x-www-form-urlencoded", b"grant_type"),
        ("application/x-www-form-urlencoded", b"\xff=1"),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 9000),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(50))),
    ],
)
def test_what_is_no_form_is_refused(phone: Phone, kind: str, body: bytes) -> None:
    url = f"{phone.base}/token"
    proof = phone.device.proof("POST", url, at=time.time())
    answer = send("POST", url, body=body, headers={"Content-Type": kind, "DPoP": proof})
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")


# Renewal and the end


def test_a_refresh_gives_new_tokens_that_work(phone: Phone) -> None:
    phone.log_in()
    access, refresh = phone.access_token, phone.refresh_token
    assert phone.refresh().status == 200
    assert phone.access_token != access
    assert phone.refresh_token != refresh
    assert phone.call("GET", "/v1/session").status == 200


def test_a_refresh_token_that_comes_twice_ends_the_session(phone: Phone) -> None:
    phone.log_in()
    used = phone.refresh_token
    phone.refresh()
    newest = phone.refresh_token
    phone.refresh_token = used
    again = phone.refresh()
    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    phone.refresh_token = newest
    assert phone.refresh().json["error"] == "invalid_grant"
    assert phone.call("GET", "/v1/session").json["code"] == "tokens.refused"


def test_a_stolen_refresh_token_is_worth_nothing_without_the_key_and_ends_nothing(phone: Phone) -> None:
    phone.log_in()
    thief = Phone(phone.base)
    thief.refresh_token = phone.refresh_token
    assert thief.refresh().json["error"] == "invalid_grant"
    assert phone.refresh().status == 200


def test_a_refresh_token_is_bound_to_its_app(phone: Phone) -> None:
    phone.log_in()
    assert phone.refresh(client_id="desk").json["error"] == "invalid_grant"
    assert phone.refresh().status == 200


@pytest.mark.parametrize(
    "text",
    ["", "x", "A" * 86, "对"],
    ids=["empty", "short", "long", "chinese"],
)
def test_a_made_up_refresh_token_is_refused(phone: Phone, text: str) -> None:
    phone.log_in()
    assert phone.refresh(refresh_token=text).json["error"] == "invalid_grant"


def test_a_refresh_token_with_the_right_names_and_another_secret_ends_the_session(phone: Phone) -> None:
    """Only the key's holder can try: so this is a copy that went wrong, or a thief on the very device."""
    phone.log_in()
    spoilt = phone.refresh_token[:-4] + ("AAAA" if not phone.refresh_token.endswith("AAAA") else "BBBA")
    assert phone.refresh(refresh_token=spoilt).json["error"] == "invalid_grant"
    assert phone.refresh().json["error"] == "invalid_grant"


def test_logging_out_ends_every_token_of_the_session_at_once(phone: Phone) -> None:
    phone.log_in()
    assert phone.call("POST", "/v1/session/end", {}).status == 200
    assert phone.call("GET", "/v1/session").json["code"] == "tokens.refused"
    assert phone.refresh().json["error"] == "invalid_grant"


def test_logging_out_on_one_phone_leaves_the_other_alone(base: str) -> None:
    one, other = Phone(base), Phone(base)
    one.log_in()
    other.log_in()
    one.call("POST", "/v1/session/end", {})
    assert other.call("GET", "/v1/session").status == 200


# The guard, over HTTP


def test_a_call_without_a_token_is_a_problem_that_says_how(phone: Phone) -> None:
    answer = send("GET", f"{phone.base}/v1/session")
    assert (answer.status, answer.json["code"]) == (401, "tokens.missing")
    assert answer.headers["www-authenticate"] == 'DPoP algs="ES256"'
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_bearer_lane_does_not_exist(phone: Phone) -> None:
    phone.log_in()
    answer = send("GET", f"{phone.base}/v1/session", headers={"Authorization": f"Bearer {phone.access_token}"})
    assert answer.status == 401


def test_a_captured_call_cannot_be_sent_again(phone: Phone) -> None:
    phone.log_in()
    url = f"{phone.base}/v1/session"
    proof = phone.device.proof("GET", url, at=time.time(), nonce=phone.nonce, token=phone.access_token)
    shown = {"Authorization": f"DPoP {phone.access_token}", "DPoP": proof}
    assert send("GET", url, headers=shown).status == 200
    again = send("GET", url, headers=shown)
    assert (again.status, again.json["code"]) == (401, "tokens.proof_refused")


def test_the_proof_names_the_address_without_the_query(phone: Phone) -> None:
    phone.log_in()
    assert phone.call("GET", "/v1/session?x=1").json["code"] != "tokens.proof_refused"


def test_a_stolen_token_is_worth_nothing_without_the_key(phone: Phone) -> None:
    phone.log_in()
    thief = Phone(phone.base)
    thief.access_token = phone.access_token
    assert thief.call("GET", "/v1/session").json["code"] == "tokens.proof_refused"


# What the world sees


def test_metadata_and_keys_are_public_and_cached(phone: Phone) -> None:
    metadata = send("GET", f"{phone.base}/.well-known/oauth-authorization-server")
    assert metadata.json["token_endpoint"] == f"{phone.base}/token"
    assert metadata.json["token_endpoint_auth_methods_supported"] == ["none"]
    keys = send("GET", metadata.json["jwks_uri"])
    [key] = keys.json["keys"]
    assert key["kid"].startswith("dev.")
    assert "d" not in key
    assert "max-age" in keys.headers["cache-control"]


def test_no_number_and_no_code_is_in_any_log(deployment: Deployment, phone: Phone, number: str) -> None:
    code, verifier = phone.authorize("number", number=number)
    assert phone.redeem(code, verifier).status == 200
    phone.call("GET", f"/v1/session?number={number}")
    phone.call("GET", f"/v1/{number}")
    phone.redeem(code, verifier)
    told = deployment.output.read_text() + "".join(
        file.read_text(errors="replace") for file in (deployment.home.path / "logs").iterdir()
    )
    assert "ready" in told
    for value in (number, code, verifier, phone.access_token, phone.refresh_token, phone.redirect):
        assert value not in told


def _claims(token: str) -> dict[str, str]:
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims
