"""The embedded Valkey: a Redis-compatible server on a unix socket, with an append-only file, on a leash."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from dspace_core.machine import children, claim
from dspace_core.machine.home import Home, hand_over
from dspace_core.machine.refusals import ServerFailed

_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}


class Valkey:
    """The one embedded Valkey of a home. What it holds may be forgotten; what may not is in PostgreSQL."""

    def __init__(self, home: Home, program: Path, user: int | None) -> None:
        self.data = home.folder("valkey") / "data"
        self.socket = home.sockets("valkey") / "valkey.sock"
        self.log = home.log("valkey")
        self._claim = home.claim("valkey")
        self._program = program
        self._user = user
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, within: float = 15.0, pause: Callable[[], None] = children.nap) -> None:
        """Start the server and wait until it answers PING. A second writer on one file is never started."""
        deadline = time.monotonic() + within
        self.data.mkdir(mode=0o700, exist_ok=True)
        hand_over(self.data, self._user)
        settings = [part for name, value in _SETTINGS.items() for part in (f"--{name}", value)]
        with claim.taken(self._claim, self.data, deadline, pause) as held, self.log.open("ab") as log:
            self.socket.unlink(missing_ok=True)
            self.process = children.start(
                [self._program, "--dir", self.data, "--unixsocket", self.socket, *settings],
                leash=signal.SIGTERM,
                log=log,
                user=self._user,
                keep=(held,),
                env={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            )
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerFailed(server="Valkey", log=self.log)
            pause()

    def answers(self) -> bool:
        """Whether the server answers, its file loaded."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1.0)
            try:
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(7).startswith(b"+PONG")
            except OSError:
                return False

    def stop(self, within: float = 10.0) -> None:
        """End the server; it writes its file first."""
        if self.process is None:
            return
        children.ask(self.process, signal.SIGTERM)
        children.end(self.process, within)
        self.process = None
