"""How each of our HTTP processes serves: one socket of its own, no name of the server, a bounded end."""

import socket

import uvicorn
from litestar.types import ASGIApp

from dspace_core.machine.line import Line

_GRACE = 3  # seconds that an open request may take after we are asked to end


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, line: Line) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._line.say_ready()


def serve(app: ASGIApp, port: int, line: Line) -> int:
    """Serve on 127.0.0.1 until asked to end; answer the exit code. The kernel spreads connections over its processes."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # it would write URLs; ours comes without personal values
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=_GRACE,
        lifespan="on",
    )
    with socket.socket() as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ours.bind(("127.0.0.1", port))
        server = _Server(config, line)
        server.run(sockets=[ours])
        return 0 if server.started else 1
