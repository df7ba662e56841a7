"""One `web` process: `python -m dspace_backend.web`. It opens its own socket; the kernel spreads the connections."""

import logging
import os
import socket
import sys

import uvicorn

from dspace_backend.app import create_app
from dspace_core.machine import read
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


def main(argv: list[str]) -> int:
    """Serve until asked to end."""
    line = Line.of(argv)
    logging.basicConfig(format="dspace web: %(message)s", level=logging.WARNING)
    settings = read(os.environ)
    config = uvicorn.Config(
        create_app(settings),
        log_level="warning",
        access_log=False,  # it would write URLs; ours comes without personal values
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=_GRACE,
        lifespan="on",
    )
    line.wait_for_go()
    with socket.socket() as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        ours.bind(("127.0.0.1", settings.port))
        server = _Server(config, line)
        server.run(sockets=[ours])
        return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
