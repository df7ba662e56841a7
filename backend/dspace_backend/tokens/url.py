"""Addresses in one spelling (RFC 3986 section 6.2.2 and 6.2.3), without query and fragment, as `htu` is compared."""

import re
from urllib.parse import urlsplit

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PRINTABLE = re.compile(r"[!-~]{1,2048}", re.ASCII)
_PORTS = {"http": 80, "https": 443}


def normal_url(text: str) -> str | None:
    """Scheme, host, port and path in one spelling; None for what is no http address."""
    if _PRINTABLE.fullmatch(text) is None:  # the parser would drop line breaks in silence
        return None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    where = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    return f"{parts.scheme}://{where}{normal_path(parts.path)}"


def normal_path(path: str) -> str:
    """Escapes in upper case and only where needed, dot segments resolved; an empty path is `/`."""
    spelled = _ESCAPE.sub(_escape, path)
    if "/." not in spelled:
        return spelled or "/"
    kept: list[str] = []
    segments = spelled.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if segments[-1] in (".", "..") and kept else "")


def _escape(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in _UNRESERVED else found[0].upper()
