"""One tap through the public API, as a phone makes it: log in, agree once, look, withdraw, and keep the proof.

    python sdk_examples/one_tap/one_tap.py --base-url http://127.0.0.1:8000

Needs a running development space (`make run`) and the package `cryptography`. Prints one JSON object. Everything that a
phone has to do for the protocol is in `Phone`: a key of its own, a proof for each call (RFC 9449), PKCE (RFC 7636).
"""

import argparse
import base64
import hashlib
import html
import http.client
import json
import re
import secrets
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

ITEM = "1244000045585999793440514001000"
CLIENT = "phone"
PLUGIN = "social_security"


class Answered(Exception):  # noqa: N818
    """The service answered with a problem; its code and words are for whoever reads."""


def b64(raw: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Phone:
    """A device with a key that never leaves it, and the tokens that are bound to that key."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        self._jwk = {
            "crv": "P-256",
            "kty": "EC",
            "x": b64(numbers.x.to_bytes(32, "big")),
            "y": b64(numbers.y.to_bytes(32, "big")),
        }
        self._token: str | None = None
        self._nonce: str | None = None

    def log_in(self, choose: str | None) -> None:
        """Authorization code with PKCE at the identity provider; of a demo provider, choose a person on its page."""
        verifier = secrets.token_urlsafe(48)
        redirect = f"{self.base}/app/callback"
        asked = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": redirect,
            "code_challenge": b64(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
            "state": secrets.token_urlsafe(16),
        }
        browser = Browser()
        page = browser.get(f"{self.base}/authorize?{urlencode(asked)}", until=redirect)
        went = browser.choose(page, choose, until=redirect)
        answer = {name: values[0] for name, values in parse_qs(urlsplit(went).query).items()}
        if answer.get("state") != asked["state"] or "code" not in answer:
            raise SystemExit("the login was not granted")
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": redirect,
            "client_id": CLIENT,
            "code_verifier": verifier,
        }
        granted = self._call("POST", "/token", urlencode(form).encode(), "application/x-www-form-urlencoded")
        self._token = json.loads(granted)["access_token"]

    def get(self, path: str) -> Any:
        """A GET that answers JSON."""
        return json.loads(self._call("GET", path))

    def fetch(self, path: str) -> bytes:
        """A GET that answers bytes."""
        return self._call("GET", path)

    def post(self, path: str, body: object, **headers: str) -> Any:
        """A POST of JSON that answers JSON."""
        return json.loads(self._call("POST", path, json.dumps(body).encode(), "application/json", headers))

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """One call with its proof; once more where the service asks for its nonce."""
        content = b""
        for _ in range(2):
            sent = {"Accept": "application/json", "DPoP": self._proof(method, path), **(headers or {})}
            if self._token is not None:
                sent["Authorization"] = f"DPoP {self._token}"
            if kind is not None:
                sent["Content-Type"] = kind
            status, answered, content = request(method, self.base + path, body, sent)
            self._nonce = answered.get("dpop-nonce", self._nonce)
            if status < 400:
                return content
            if "nonce" not in content.decode(errors="replace"):
                break
        raise Answered(content.decode(errors="replace"))

    def _proof(self, method: str, path: str) -> str:
        """The proof of one call (RFC 9449 section 4.2)."""
        claims: dict[str, object] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": self.base + path.partition("?")[0],
            "iat": int(time.time()),
        }
        if self._nonce is not None:
            claims["nonce"] = self._nonce
        if self._token is not None:
            claims["ath"] = b64(hashlib.sha256(self._token.encode()).digest())
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self._jwk}
        signed = ".".join(b64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class Browser:
    """The little of a browser that a login needs: redirects, cookies, and one form."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}
        self._at = ""

    def get(self, url: str, *, until: str) -> str:
        """Follow redirects to a page; answer its content, or the address that begins with `until`."""
        return self._follow("GET", url, None, until)

    def choose(self, page: str, wanted: str | None, *, until: str) -> str:
        """Press the button of a person on the demo page: the one whose label holds `wanted`, else the first."""
        if page.startswith(until):
            return page
        hidden = {html.unescape(name): html.unescape(value) for name, value in _HIDDEN.findall(page)}
        buttons = [(value, html.unescape(re.sub(r"<[^>]+>", " ", label))) for value, label in _BUTTON.findall(page)]
        people = [(value, label) for value, label in buttons if re.fullmatch(r"p\d+", value)]
        chosen = next((value for value, label in people if wanted is None or wanted in label), None)
        level = _LEVEL.findall(page)
        if chosen is None or not level:
            raise SystemExit("nobody of that kind is on the page of the identity provider")
        form = {**hidden, "who": chosen, "acr": level[-1]}
        target = urlsplit(self._at)
        return self._follow("POST", f"{target.scheme}://{target.netloc}/choose", urlencode(form).encode(), until)

    def _follow(self, method: str, url: str, body: bytes | None, until: str) -> str:
        for _ in range(10):
            self._at = url
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            status, answered, content = request(method, url, body, headers)
            if "set-cookie" in answered:
                name, _, value = answered["set-cookie"].partition(";")[0].partition("=")
                self._cookies[name] = value
            if status == 503 and "retry-after" in answered:  # the demo people are still being made
                time.sleep(int(answered["retry-after"]))
                continue
            if status not in (302, 303, 307):
                if status >= 400:
                    raise Answered(content.decode(errors="replace"))
                return content.decode()
            url, method, body = answered["location"], "GET", None
            if url.startswith(until):
                return url
        raise SystemExit("the login goes round in circles")


_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_BUTTON = re.compile(r'<button[^>]*name="who" value="([^"]+)"[^>]*>(.*?)</button>', re.DOTALL)
_LEVEL = re.compile(r'<option value="([^"]+)"')


def request(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """One request to this machine."""
    parts = urlsplit(url)
    host = "127.0.0.1" if (parts.hostname or "").endswith("localhost") else parts.hostname or ""
    opened = http.client.HTTPConnection(host, parts.port or 80, timeout=30)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        opened.request(method, path, body=body, headers={"Host": parts.netloc, **headers})
        answer = opened.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        opened.close()


def one_tap(phone: Phone, bundle: Path) -> dict[str, object]:
    """(1) the notice  (2) the tap  (3) what was recorded  (4) take it back  (5) the next use would be refused
    (6) the proof."""
    began = phone.post("/v1/notices", {"item": ITEM})  # 1
    notice = began["notice"]
    filed = phone.post(  # 2
        "/v1/cases",
        {"case": began["case"], "item": ITEM, "notice": notice["id"], "acts": notice["acts"]},
        **{"Idempotency-Key": str(uuid.uuid4())},
    )
    trail = phone.get("/v1/trail?most=20")["lines"]  # 3
    ours = [line for line in trail if (line["record"] or {}).get("next", {}).get("case") == began["case"]]
    uses = [line["record"]["what"] for line in ours if line["kind"] in ("use-released", "statutory-use")]
    grant = filed["grants"][0]
    withdrawn = phone.post(f"/v1/grants/{grant}/withdrawal", {})  # 4
    wanted = phone.get(f"/v1/grants/{grant}")
    again = phone.post(  # 5
        "/v1/decide",
        {
            "plugin": PLUGIN,
            "item": ITEM,
            "case": began["case"],
            "category": "bank.account",
            "fields": ["account_no"],
            "purpose": wanted["purpose"],
            "grants": [grant],
        },
    )
    bundle.write_bytes(proof(phone, filed["receipts"][0]["evidence"]))  # 6
    return {
        "case_no": filed["case_no"],
        "promised_date": filed["promised_date"],
        "decision": filed["decision"]["verdict"],
        "released_fields": sorted({f"{use['item']}.{field}" for use in uses for field in use["fields"]}),
        "trail": [{"evidence": line["evidence"], "kind": line["kind"], "state": line["state"]} for line in ours],
        "receipts": filed["receipts"],
        "withdrawn": {"condition": withdrawn["grant"]["condition"], "stop_ms": withdrawn["stop_ms"]},
        "refused_after_withdrawal": {"refused": not again["allowed"], "code": again["code"]},
        "bundle": str(bundle),
    }


def proof(phone: Phone, evidence: str) -> bytes:
    """The bundle of an entry, as soon as a signed tree covers it."""
    for _ in range(50):
        try:
            return phone.fetch(f"/v1/evidence/{evidence}/bundle")
        except Answered as no:
            if "evidence.not_numbered" not in str(no):
                raise
            time.sleep(0.1)
    raise SystemExit("the entry is not signed yet; does the notary run?")


def main(argv: list[str]) -> int:
    """Print what one tap came to."""
    asked = argparse.ArgumentParser(description="One tap of the residents' pension through the public API.")
    asked.add_argument("--base-url", default="http://127.0.0.1:8000")
    asked.add_argument("--person", help="choose the demo person whose button holds these words")
    asked.add_argument("--bundle", type=Path, default=Path("one_tap.bundle"), help="where the proof is kept")
    given = asked.parse_args(argv)
    phone = Phone(given.base_url)
    try:
        phone.log_in(given.person)
        print(json.dumps(one_tap(phone, given.bundle), ensure_ascii=False, indent=2))
    except Answered as no:
        print(no, file=sys.stderr)
        return 1
    except ConnectionRefusedError:
        print(f"nothing answers at {given.base_url}; does `make run` run there?", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
