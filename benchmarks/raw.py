"""What a POST costs on our HTTP server with no route of ours: one ES256 verification, one SET NX, an answer as long.

`python benchmarks/raw.py PORT` in the environment of a deployment that runs; it uses that deployment's ephemeral store.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from dspace_backend.serving import serve
from dspace_core.crypto import P256Signer, P256Verifier, Secret
from dspace_core.machine import read
from dspace_core.machine.addresses import redis
from dspace_core.machine.home import Home
from dspace_core.machine.line import Line
from dspace_core.stores import ValkeyEphemeral
from dspace_core.values import random_id

BODY = b'{"allowed":true,"code":null}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
_LIFE = timedelta(seconds=90)


class Raw:
    """The ASGI application. The ephemeral store is opened at start and closed at the end."""

    def __init__(self) -> None:
        signer = P256Signer(Secret.random())
        self._signed = os.urandom(400)  # as long as what a proof signs
        self._signature = signer.sign(self._signed)
        self._verifier = P256Verifier(signer.public)
        self._names = count()
        self._run = random_id().hex

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Read the body, verify, set, answer."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        while (await receive()).get("more_body"):
            pass
        self._verifier.verify(self._signed, self._signature)
        await self._ephemeral.first_time(f"raw:{self._run}{next(self._names)}", _LIFE, datetime.now(UTC))
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": BODY, "more_body": False})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        settings = read(os.environ)
        self._ephemeral = await ValkeyEphemeral.open(redis(settings, Home(settings)))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._ephemeral.close()
        await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    try:
        sys.exit(serve(Raw(), int(sys.argv[1]), Line(None)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(0)
