"""One request to a source and its response, under the host's limits: time, size, attempts, circuit (article 8).

Whatever goes wrong ends here as a word. No error of the client library goes further, for it may carry what was sent.
"""

import asyncio
import logging
import random
import re
import ssl
from collections.abc import Awaitable, Callable
from enum import StrEnum

import aiohttp
import msgspec
from yarl import URL

from dspace_core.sources.breaker import Breaker
from dspace_core.sources.endpoint import Way
from dspace_core.translation import HttpRequest, HttpResponse
from dspace_core.translation.messages import RESPONSE_LIMIT

_LINE = 4096
_HEADERS = 64
_BACKOFF_LIMIT = 1.0
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_log = logging.getLogger("dspace.sources")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one ask may take; times in seconds."""

    connect: float = 0.5
    """For one connection, TLS included."""
    attempt: float = 1.0
    """For one attempt, from taking a connection to the last byte."""
    ask: float = 2.5
    """For the whole, with all attempts and the pauses between them."""
    attempts: int = 3
    """How often a repeatable request is sent; any other is sent once."""
    backoff: float = 0.05
    """The first pause is half of this to all of it, by chance; each further one twice as long."""
    connections: int = 16
    """To this source at once; further asks wait for one within their time."""


class Trouble(StrEnum):
    """Why there is no response. `status_NNN` is one more, for a status that is not 200."""

    CIRCUIT_OPEN = "circuit_open"
    TIMEOUT = "timeout"
    NAME_UNKNOWN = "name_unknown"
    NOT_REACHED = "not_reached"
    CONNECTION_LOST = "connection_lost"
    CERTIFICATE = "certificate"


class Failure(msgspec.Struct, frozen=True):
    """No response. `again`: another attempt may bring one; `rest`: the seconds the source asks to be left alone."""

    reason: str
    again: bool = True
    rest: float | None = None


class Flaw(StrEnum):
    """What is wrong with an answer."""

    NOT_HTTP = "not_http"
    MEDIA_TYPE = "media_type"
    ENCODING = "encoding"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    REQUEST = "request"
    SUBJECT = "subject"
    AS_OF = "as_of"
    FIELDS = "fields"
    CONTRADICTION = "contradiction"


class Exchange:
    """The connections to one source. Made and closed within one event loop."""

    def __init__(
        self,
        source: str,
        way: Way,
        breaker: Breaker,
        limits: Limits,
        *,
        chance: Callable[[], float] = random.random,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`chance` answers 0 to 1 and spreads the pauses; `pause` waits so many seconds."""
        self._source = source
        self._origin = way.origin
        self._breaker = breaker
        self._limits = limits
        self._chance = chance
        self._pause = pause
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=way.resolver,
                use_dns_cache=False,  # the resolver keeps what it found, for good
                ssl=way.tls or True,
                limit=limits.connections,
                keepalive_timeout=15,
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect),
            headers={
                "User-Agent": "dspace",
                "Accept-Encoding": "identity",
                **({} if way.token is None else {"Authorization": f"Bearer {way.token}"}),
            },
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_LINE,
            max_field_size=_LINE,
            max_headers=_HEADERS,
        )

    async def close(self) -> None:
        """End the connections."""
        await self._session.close()

    async def send(self, request: HttpRequest) -> HttpResponse | Failure | Flaw:
        """The response, or why there is none that could be used. Tried again while that may help and time is left."""
        time = asyncio.get_running_loop().time
        deadline = time() + self._limits.ask
        got: HttpResponse | Failure | Flaw = Failure(Trouble.CIRCUIT_OPEN)
        for sent in range(self._limits.attempts if request.repeatable else 1):
            if sent:
                wait = self._wait(got, sent)
                if wait is None or time() + wait >= deadline:
                    break
                await self._pause(wait)
            passage = self._breaker.enter()
            if passage is None:
                break
            try:
                got = await self._attempt(request, min(self._limits.attempt, deadline - time()))
            except BaseException:
                self._breaker.abandoned(passage)
                raise
            if not isinstance(got, Failure):
                self._breaker.succeeded(passage)
            elif self._breaker.failed(passage, got.rest):
                _log.warning("source %s is left alone for a while (%s)", self._source, got.reason)
        return got

    def _wait(self, got: HttpResponse | Failure | Flaw, sent: int) -> float | None:
        """The seconds before another attempt; None if there is to be none. Never less than the source asks for."""
        if not isinstance(got, Failure) or not got.again:
            return None
        longest = min(self._limits.backoff * 2.0 ** (sent - 1), _BACKOFF_LIMIT)
        return (got.rest or 0.0) + longest * (1 + self._chance()) / 2

    async def _attempt(self, request: HttpRequest, seconds: float) -> HttpResponse | Failure | Flaw:
        """One exchange. The order matters: the library's errors inherit from one another."""
        try:
            async with asyncio.timeout(seconds):
                return await self._exchanged(request)
        except TimeoutError:
            return Failure(Trouble.TIMEOUT)
        except aiohttp.ClientConnectorDNSError:
            return Failure(Trouble.NAME_UNKNOWN)
        except (aiohttp.ClientSSLError, ssl.SSLError):
            return Failure(Trouble.CERTIFICATE, again=False)
        except aiohttp.ClientConnectorError:
            return Failure(Trouble.NOT_REACHED)
        except aiohttp.ClientResponseError:
            return Flaw.NOT_HTTP
        except (aiohttp.ClientError, OSError):
            return Failure(Trouble.CONNECTION_LOST)

    async def _exchanged(self, request: HttpRequest) -> HttpResponse | Failure | Flaw:
        """Send, and read no more than may come: (1) 200  (2) of the media type  (3) as it is  (4) not too large.

        What is not read to its end goes with its connection.
        """
        async with self._session.post(
            URL(self._origin + request.path, encoded=True),
            data=request.body,
            headers={"Content-Type": request.media.value, "Accept": request.answer.value},
            allow_redirects=False,
        ) as response:
            if response.status != 200:  # 1
                response.close()
                return _status(response)
            if response.content_type != request.answer.value or (response.charset or "utf-8").lower() != "utf-8":  # 2
                response.close()
                return Flaw.MEDIA_TYPE
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":  # 3
                response.close()
                return Flaw.ENCODING
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                if len(body) > RESPONSE_LIMIT:  # 4
                    response.close()
                    return Flaw.TOO_LARGE
            return HttpResponse(body=bytes(body))


def _status(response: aiohttp.ClientResponse) -> Failure:
    """Overload and faults of theirs may pass. A redirection is not followed, whatever else there is stays so."""
    after = response.headers.get("Retry-After", "")
    rest = float(after) if response.status in (429, 503) and _SECONDS.fullmatch(after) else None
    again = response.status in (408, 429) or response.status >= 500
    return Failure(f"status_{response.status}", again, rest)
