"""The development identity provider: a page that anybody can use, and an OpenID Connect that gives each code once."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from litestar import Litestar
from litestar.testing import TestClient

from dspace_backend.devidp.people import DemoPerson
from dspace_backend.devidp.server import DevelopmentProvider, Shelf, create_provider
from dspace_core.machine import read
from dspace_core.stores.refusals import Unavailable

SETTINGS = read({"HOME": "/h", "DSPACE_MODE": "development"})
CALLBACK = "http://127.0.0.1:8000/login/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
NUMBER = "440100199003070011"
SECRET = "the-secret"
WISH = {
    "client_id": "dspace",
    "redirect_uri": CALLBACK,
    "response_type": "code",
    "scope": "openid",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Few:
    """Two people, or nobody yet."""

    def __init__(self) -> None:
        self.made = True
        self.closed = False

    async def shown(self, today: date) -> Sequence[DemoPerson]:
        if not self.made:
            raise Unavailable(where="session", reason="gone")
        assert today == date(2026, 3, 2)
        return [DemoPerson(NUMBER, "陈<b>", 36, "成年人"), DemoPerson("440100201603070026", "林", 9, "不满 14 岁")]

    async def knows(self, number: str) -> bool:
        return number == NUMBER

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def people() -> Few:
    return Few()


@pytest.fixture
def client(people: Few, clock: Any) -> Iterator[TestClient[Litestar]]:
    provider = DevelopmentProvider(SETTINGS, SECRET, cast("Any", people), clock)
    with TestClient(create_provider(provider)) as client:
        yield client
    assert people.closed


def chosen(client: TestClient[Litestar], who: str = "p0", acr: str = "L3", number: str = "") -> dict[str, str]:
    """What the callback is told."""
    page = client.get("/authorize", params=WISH)
    found = re.search(r'name="request" value="([^"]+)"', page.text)
    assert found is not None
    form = {"request": found[1], "who": who, "acr": acr, "number": number}
    answer = client.post("/choose", data=form, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def token(client: TestClient[Litestar], code: str, *, password: str = SECRET, **changes: str) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return client.post("/token", data={**form, **changes}, auth=("dspace", password))


def claims(client: TestClient[Litestar], who: str = "p0", **wish: str) -> dict[str, Any]:
    text = token(client, chosen(client, who, **wish)["code"]).json()["id_token"]
    return dict(jwt.decode(text, KeySet.import_key_set(client.get("/jwks").json()), ["ES256"]).claims)


def test_it_says_where_everything_is(client: TestClient[Litestar]) -> None:
    said = client.get("/.well-known/openid-configuration").json()
    assert said["issuer"] == "http://127.0.0.1:8001"
    assert said["token_endpoint"] == "http://127.0.0.1:8001/token"


def test_the_page_is_in_chinese_first_large_and_without_a_script(client: TestClient[Litestar]) -> None:
    page = client.get("/authorize", params=WISH)
    text = page.text
    assert '<html lang="zh-CN">' in text
    assert "这是演示登录" in text
    assert "font:20px" in text
    assert "min-height:60px" in text
    assert "<script" not in text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert "36 岁" in text


def test_no_number_is_on_the_page_and_names_are_only_text(client: TestClient[Litestar]) -> None:
    text = client.get("/authorize", params=WISH).text
    assert NUMBER not in text
    assert "陈&lt;b&gt;" in text


def test_the_level_that_was_wished_is_chosen_beforehand_else_the_surest(client: TestClient[Litestar]) -> None:
    assert 'value="L4" selected' in client.get("/authorize", params=WISH).text
    assert 'value="L2" selected' in client.get("/authorize", params={**WISH, "acr_values": "L2"}).text


def test_a_person_is_claimed_by_document_and_level(client: TestClient[Litestar]) -> None:
    said = claims(client)
    assert (said["document_type"], said["document_number"], said["acr"]) == ("111", NUMBER, "L3")
    assert (said["aud"], said["nonce"], said["iss"]) == ("dspace", "n", "http://127.0.0.1:8001")
    assert NUMBER not in said["sub"]
    assert "authority" not in said


def test_the_same_person_has_the_same_sub(client: TestClient[Litestar]) -> None:
    assert claims(client)["sub"] == claims(client, "number", number=NUMBER)["sub"] != claims(client, "p1")["sub"]


def test_staff_are_claimed_by_authority_and_roles_and_no_document(client: TestClient[Litestar]) -> None:
    said = claims(client, "s0")
    assert (said["authority"], said["roles"]) == ("human_resources", ["clerk"])
    assert "document_number" not in said


def test_nothing_personal_is_in_an_address(client: TestClient[Litestar]) -> None:
    told = chosen(client, "number", number=f" {NUMBER} ")
    assert set(told) == {"code", "state", "iss"}
    assert NUMBER not in json.dumps(told)


@pytest.mark.parametrize("who", ["nobody", "p9", "s99", "", "number"])
def test_who_is_nobody_is_refused(client: TestClient[Litestar], who: str) -> None:
    assert chosen(client, who, number="440100199003070012")["error"] == "access_denied"


def test_an_unknown_level_is_refused(client: TestClient[Litestar]) -> None:
    assert chosen(client, acr="L9")["error"] == "access_denied"


@pytest.mark.parametrize("name", list(WISH))
def test_a_request_that_lacks_something_gets_a_page_that_says_so(client: TestClient[Litestar], name: str) -> None:
    page = client.get("/authorize", params={key: value for key, value in WISH.items() if key != name})
    assert page.status_code == 400
    assert 'name="request"' not in page.text


def test_nobody_is_sent_anywhere_but_to_us(client: TestClient[Litestar]) -> None:
    assert client.get("/authorize", params={**WISH, "redirect_uri": "https://evil.example"}).status_code == 400
    assert client.get("/authorize", params={**WISH, "client_id": "other"}).status_code == 400


def test_a_choice_is_made_once(client: TestClient[Litestar]) -> None:
    page = client.get("/authorize", params=WISH)
    found = re.search(r'name="request" value="([^"]+)"', page.text)
    assert found is not None
    form = {"request": found[1], "who": "p0", "acr": "L3"}
    assert client.post("/choose", data=form, follow_redirects=False).status_code == 303
    assert client.post("/choose", data=form, follow_redirects=False).status_code == 400
    assert client.post("/choose", json=form).status_code == 400


def test_a_code_is_given_once_for_a_minute_and_to_its_asker(client: TestClient[Litestar], clock: Any) -> None:
    code = chosen(client)["code"]
    assert token(client, code, password="wrong").status_code == 400
    assert token(client, code).status_code == 200
    assert token(client, code).status_code == 400
    assert token(client, chosen(client)["code"], code_verifier="w" * 43).status_code == 400
    assert token(client, chosen(client)["code"], redirect_uri="https://evil.example").status_code == 400
    late = chosen(client)["code"]
    clock.pass_by(seconds=60)
    assert token(client, late).status_code == 400


@pytest.mark.parametrize("shown", ["", "Bearer x", "Basic", "Basic !!", "Basic ZHNwYWNl"])
def test_who_is_not_our_client_gets_nothing(client: TestClient[Litestar], shown: str) -> None:
    form = {"grant_type": "authorization_code", "code": chosen(client)["code"], "redirect_uri": CALLBACK}
    assert client.post("/token", data=form, headers={"Authorization": shown}).json() == {"error": "invalid_grant"}


def test_while_the_people_are_being_made_the_page_waits(client: TestClient[Litestar], people: Few) -> None:
    people.made = False
    page = client.get("/authorize", params=WISH)
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert 'http-equiv="refresh"' in page.text


def test_what_is_kept_is_bounded(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta  # noqa: PLC0415

    monkeypatch.setattr("dspace_backend.devidp.server._MOST", 3)
    shelf: Shelf[int] = Shelf(timedelta(seconds=1), clock)
    names = [shelf.keep(number) for number in range(5)]
    assert [shelf.take(name) for name in names] == [None, None, 2, 3, 4]
