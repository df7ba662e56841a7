"""Where a source is reached, how it is known to be that source, and what is shown to it: all from configuration.

The translator has no say in any of it. A name stands for the addresses that it had first, and for no others later.
"""

import asyncio
import os
import re
import socket
import ssl
import stat
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from dspace_core.sources.refusals import EndpointUnfit

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_BELOW = re.compile(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_TOKEN = re.compile(rb"[\x21-\x7e]{1,4096}\n?")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The address of a department's service.

    `origin`: `https://name[:port][/path]`; plain `http` only to a loopback address. `addresses`: what the name stands
    for; empty: what the system's resolver says when it is first asked. `trust`: a PEM file of the authorities that the
    server's certificate may come from; None: the system's. `certificate`: a PEM file of our own certificate and key.
    `credential`: a file with one token, sent as `Authorization: Bearer`. Both files are closed to others (0600).
    """

    origin: str
    addresses: tuple[str, ...] = ()
    trust: Path | None = None
    certificate: Path | None = None
    credential: Path | None = None


class Way(msgspec.Struct, frozen=True):
    """An endpoint that was checked and read."""

    origin: str
    resolver: "PinnedResolver"
    tls: ssl.SSLContext | None
    token: str | None

    def __repr__(self) -> str:
        return "Way(hidden)"


def read_endpoint(source: str, endpoint: Endpoint) -> Way:
    """(1) the address is one  (2) it is https, or loopback  (3) the files can be read and are closed to others.

    Raises EndpointUnfit.
    """
    try:
        parts = urlsplit(endpoint.origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise EndpointUnfit(source=source, flaw="origin") from None
    written = f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"
    named = _NAME.fullmatch(host) is not None or _literal(host)
    plain = parts.username is None and written == endpoint.origin and _BELOW.fullmatch(parts.path) is not None
    if not named or not plain or port == 0:  # 1
        raise EndpointUnfit(source=source, flaw="origin")
    if not all(_literal(address) for address in endpoint.addresses):
        raise EndpointUnfit(source=source, flaw="addresses")
    if parts.scheme != "https" and not (
        parts.scheme == "http" and _literal(host) and ip_address(host).is_loopback
    ):  # 2
        raise EndpointUnfit(source=source, flaw="scheme")
    return Way(
        endpoint.origin,
        PinnedResolver(host, endpoint.addresses),
        _tls(source, endpoint) if parts.scheme == "https" else None,
        None if endpoint.credential is None else _token(source, endpoint.credential),  # 3
    )


class PinnedResolver(AbstractResolver):
    """Knows one name. Its addresses are those configured, or those found first; what is said later changes nothing."""

    def __init__(self, host: str, addresses: tuple[str, ...]) -> None:
        self._host = host
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of the one name. Raises OSError for another, and where the system knows none."""
        if host != self._host:
            raise OSError
        if not self._addresses:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            self._addresses = self._addresses or tuple(dict.fromkeys(str(one[4][0]) for one in found))
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Holds nothing."""


def _literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _tls(source: str, endpoint: Endpoint) -> ssl.SSLContext:
    """TLS 1.2 or later; the certificate has to be for the configured name."""
    try:
        context = ssl.create_default_context(cafile=endpoint.trust)
    except (OSError, ValueError):
        raise EndpointUnfit(source=source, flaw="trust") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if endpoint.certificate is not None:
        _closed(source, endpoint.certificate, "certificate")
        try:
            context.load_cert_chain(endpoint.certificate, password=_no_password)
        except (OSError, ValueError):
            raise EndpointUnfit(source=source, flaw="certificate") from None
    return context


def _no_password() -> str:
    """Without it OpenSSL would ask on the terminal."""
    return ""


def _token(source: str, path: Path) -> str:
    _closed(source, path, "credential")
    try:
        with path.open("rb") as file:
            written = file.read(8192)
    except OSError:
        raise EndpointUnfit(source=source, flaw="credential") from None
    if _TOKEN.fullmatch(written) is None:
        raise EndpointUnfit(source=source, flaw="credential")
    return written.decode().rstrip("\n")


def _closed(source: str, path: Path, flaw: str) -> None:
    """A plain file that is ours and that nobody else can read."""
    try:
        found = path.lstat()
    except OSError:
        raise EndpointUnfit(source=source, flaw=flaw) from None
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise EndpointUnfit(source=source, flaw=flaw)
