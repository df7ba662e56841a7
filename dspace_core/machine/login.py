"""The settings of logging in: our own address, the identity provider, and which apps may come back with somebody."""

import re
from urllib.parse import SplitResult, urlsplit

import msgspec

from dspace_core.errors import Text
from dspace_core.machine.refusals import SettingInvalid

ISSUER = "DSPACE_ISSUER"
PROVIDER = "DSPACE_IDP_URL"
CLIENT = "DSPACE_IDP_CLIENT"
LEVELS = "DSPACE_IDP_LEVELS"
PHONE = "DSPACE_PHONE_REDIRECTS"
DESK = "DSPACE_DESK_REDIRECTS"


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say of logging in. None: not given, which production does not take."""

    issuer: str | None = None
    """Our address as others reach it, `https://HOST`."""
    provider: str | None = None
    """The issuer of the identity provider (OpenID Connect Discovery)."""
    client: str = "dspace"
    """Who we are at the identity provider. The secret is the file `idp` among the secrets of the home."""
    levels: tuple[tuple[str, int], ...] = (("L1", 1), ("L2", 2), ("L3", 3), ("L4", 4))
    """What its `acr` values mean: the level, 1 to 4, of each."""
    phone: tuple[str, ...] = ()
    """Where the phone app may be sent back to."""
    desk: tuple[str, ...] = ()
    """Where the app of the staff may be sent back to."""


def issuer(name: str, text: str, *, production: bool) -> str:
    """`https://HOST[:PORT]`. In development the host begins with `dev.`, and http will do; in production neither."""
    parts = _split(text)
    fits = parts.path == "" and not parts.query and _is_plain(parts)
    is_dev = (parts.hostname or "").startswith("dev.")
    if not fits or is_dev is production or not _is_carried(parts, production=production):
        raise SettingInvalid(name=name, expected=_ISSUER_FORM[production])
    return text


def provider(name: str, text: str, *, production: bool) -> str:
    """The address of an issuer: https, and in development http too. Nothing secret stands in it."""
    parts = _split(text)
    if parts.query or not _is_plain(parts) or not _is_carried(parts, production=production):
        raise SettingInvalid(name=name, expected=_PROVIDER_FORM)
    return text


def client(name: str, text: str) -> str:
    """A client id: printable ASCII without blanks."""
    if re.fullmatch(r"[!-~]{1,200}", text, re.ASCII) is None:
        raise SettingInvalid(
            name=name, expected=Text("1 到 200 个可见 ASCII 字符", "1 to 200 visible ASCII characters")
        )
    return text


def levels(name: str, text: str) -> tuple[tuple[str, int], ...]:
    """`ACR=LEVEL,…`: each acr once."""
    found = [re.fullmatch(r"([!-~]{1,200})=([1-4])", pair, re.ASCII) for pair in text.split(",")]
    pairs = tuple((pair[1], int(pair[2])) for pair in found if pair is not None)
    if len(pairs) != len(found) or len(dict(pairs)) != len(pairs):
        raise SettingInvalid(
            name=name, expected=Text("形如 ACR=等级(1 到 4),以逗号分隔", "ACR=LEVEL, 1 to 4, with commas")
        )
    return pairs


def redirects(name: str, text: str, *, production: bool) -> tuple[str, ...]:
    """Addresses with commas between them: https, an app's own scheme (`cn.example.app:/back`), in development http too."""
    found = tuple(text.split(","))
    if len(set(found)) != len(found) or not all(_is_redirect(one, production=production) for one in found):
        raise SettingInvalid(
            name=name,
            expected=Text(
                "以逗号分隔的回调地址(https 或应用自有协议,不含 #)",
                "addresses to go back to, with commas: https or an app's own scheme, no #",
            ),
        )
    return found


def _is_redirect(text: str, *, production: bool) -> bool:
    parts = _split(text)
    if parts.scheme in ("http", "https"):
        return _is_plain(parts) and _is_carried(parts, production=production)
    # RFC 8252 section 7.1: a private scheme is a domain name the other way round.
    return "." in parts.scheme and not parts.netloc and parts.path.startswith("/") and "#" not in text


def _is_plain(parts: SplitResult) -> bool:
    """A host, and neither user nor fragment."""
    return bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment


def _is_carried(parts: SplitResult, *, production: bool) -> bool:
    return parts.scheme == "https" or (parts.scheme == "http" and not production)


def _split(text: str) -> SplitResult:
    """The parts of an address; all empty when it is none, or has a blank or a sign that would end a header."""
    try:
        parts = urlsplit(text) if re.fullmatch(r"[!-~]{1,500}", text, re.ASCII) and '"' not in text else urlsplit("")
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


_ISSUER_FORM = {
    True: Text(
        "形如 https://主机 的地址,不以 dev. 开头", "https://HOST without a path; the host does not begin with dev."
    ),
    False: Text("主机以 dev. 开头的地址,不含路径", "an address without a path whose host begins with dev."),
}
_PROVIDER_FORM = Text(
    "统一身份认证服务的 https 地址,不含用户名、参数",
    "the https address of the identity provider, without user or query",
)
