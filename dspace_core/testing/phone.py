"""The app on a phone, as our authorization server and API meet it: logs in at the development identity provider, holds its
tokens, signs each call, renews what runs out. For tests and load; it speaks plain HTTP and nothing of ours but `Device`.
"""

import base64
import hashlib
import http.client
import json
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from dspace_core.testing.device import Device

_FORM = "application/x-www-form-urlencoded"
_SECONDS = 30


class Answer(msgspec.Struct, frozen=True):
    """What came back. Header names are in lower case; a header that stands twice keeps its last value."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def send(
    method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str | list[str]] | None = None
) -> Answer:
    """One request, without following where it leads. A list sends a header several times."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        line.putrequest(method, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
        for name, value in (headers or {}).items():
            for each in [value] if isinstance(value, str) else value:
                line.putheader(name, each)
        if body is not None:
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body)
        answer = line.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        line.close()


class Phone:
    """One app on one phone. `client` is `phone`, or `desk` for staff."""

    def __init__(self, base: str, *, client: str = "phone", redirect: str | None = None) -> None:
        self.base = base
        self.client = client
        self.redirect = redirect or f"{base}/{'app' if client == 'phone' else 'desk'}/callback"
        self.device = Device()
        self.nonce: str | None = None
        self.access_token = ""
        self.refresh_token = ""

    def log_in(self, who: str = "p0", *, number: str = "", acr: str | None = None, **wishes: str) -> Answer:
        """Log in as somebody of the provider's list, or with `who="number"` as anybody registered. The token's answer."""
        code, verifier = self.authorize(who, number=number, acr=acr, **wishes)
        return self.redeem(code, verifier)

    def authorize(self, who: str = "p0", *, number: str = "", acr: str | None = None, **wishes: str) -> tuple[str, str]:
        """A code, and the verifier that goes with it."""
        verifier = secrets.token_urlsafe(32)
        back = self.visit(verifier, who, number=number, acr=acr, **wishes)
        if "code" not in back:
            raise AssertionError(f"no code: {sorted(back)} {back.get('error')}")
        return back["code"], verifier

    def visit(
        self, verifier: str, who: str = "p0", *, number: str = "", acr: str | None = None, **wishes: str
    ) -> dict[str, str]:
        """The whole way through the browser; answer what the app is sent back with."""
        begun = send("GET", f"{self.base}/authorize?{urlencode({**self.wish(verifier), **wishes})}")
        location = begun.headers["location"]
        if location.startswith(self.redirect):
            return query_of(location)
        chosen = self.choose(location, who, number=number, acr=acr)
        cookie = begun.headers["set-cookie"].partition(";")[0]
        finished = send("GET", chosen, headers={"Cookie": cookie})
        if not finished.headers.get("location", "").startswith(self.redirect):
            raise AssertionError(f"not sent back: {finished.status}")
        return query_of(finished.headers["location"])

    def wish(self, verifier: str) -> dict[str, str]:
        """The parameters of a request for a code."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.redirect,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": secrets.token_urlsafe(8),
        }

    def choose(self, location: str, who: str, *, number: str = "", acr: str | None = None) -> str:
        """Choose somebody on the provider's page; answer where it sends the browser. Waits while its people are made."""
        deadline = time.monotonic() + _SECONDS
        while (page := send("GET", location)).status == 503 and time.monotonic() < deadline:
            time.sleep(0.05)
        text = page.body.decode()
        request = re.search(r'name="request" value="([^"]+)"', text)
        chosen = re.search(r'<option value="([^"]+)" selected', text)
        if page.status != 200 or request is None or chosen is None:
            raise AssertionError(f"no page to choose on: {page.status}")
        form = {"request": request[1], "who": who, "number": number, "acr": acr or chosen[1]}
        parts = urlsplit(location)
        at = f"{parts.scheme}://{parts.netloc}/choose"
        sent = send("POST", at, body=urlencode(form).encode(), headers={"Content-Type": _FORM})
        return sent.headers["location"]

    def redeem(self, code: str, verifier: str, /, **changes: str) -> Answer:
        """Ask for tokens by a code."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client,
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": self.redirect,
        }
        return self.ask_for_tokens({**form, **changes})

    def refresh(self, **changes: str) -> Answer:
        """Ask for new tokens by the refresh token."""
        form = {"grant_type": "refresh_token", "client_id": self.client, "refresh_token": self.refresh_token}
        return self.ask_for_tokens({**form, **changes})

    def ask_for_tokens(self, form: Mapping[str, str]) -> Answer:
        """One request to the token endpoint, once more with the nonce that it asks for."""
        url = f"{self.base}/token"

        def once() -> Answer:
            proof = self.device.proof("POST", url, at=time.time(), nonce=self.nonce)
            headers = {"Content-Type": _FORM, "DPoP": proof}
            return self._heard(send("POST", url, body=urlencode(form).encode(), headers=headers))

        answer = once()
        if answer.status == 400 and answer.json["error"] == "use_dpop_nonce":
            answer = once()
        if answer.status == 200:
            self.access_token, self.refresh_token = answer.json["access_token"], answer.json["refresh_token"]
        return answer

    def call(self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """One call of the API, once more with the nonce that it asks for."""
        answer = self._call(method, path, body, headers)
        if answer.status == 401 and "use_dpop_nonce" in answer.headers.get("www-authenticate", ""):
            answer = self._call(method, path, body, headers)
        return answer

    def _call(self, method: str, path: str, body: object, headers: Mapping[str, str] | None) -> Answer:
        url = f"{self.base}{path}"
        proof = self.device.proof(method, url, at=time.time(), nonce=self.nonce, token=self.access_token)
        shown = {"Authorization": f"DPoP {self.access_token}", "DPoP": proof}
        content = None if body is None else msgspec.json.encode(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        return self._heard(send(method, url, body=content, headers={**shown, **kind, **(headers or {})}))

    def _heard(self, answer: Answer) -> Answer:
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        return answer


def query_of(url: str) -> dict[str, str]:
    """The parameters of an address, each once."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
