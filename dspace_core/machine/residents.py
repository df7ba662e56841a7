"""The resident processes that `dspace up` keeps alive, and the life of one: started, told to go, ready, fallen, back."""

import logging
import os
import signal
import subprocess
import sys
import time

import msgspec

from dspace_core.machine import children
from dspace_core.machine.line import FarEnd

_log = logging.getLogger("dspace.machine")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_SETTLED_AFTER = 10.0


class Resident(msgspec.Struct, frozen=True):
    """What to run: by module name, since the core imports no web framework."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()


class Keeper:
    """Keeps one resident alive: restarts it with a growing pause, and remembers whether it was ever ready."""

    def __init__(self, resident: Resident) -> None:
        self.resident = resident
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.ever_ready = False
        self.falls = 0
        self.line: FarEnd | None = None
        self._may_go = False
        self._started = 0.0
        self._due = 0.0
        self._pause = _FIRST_PAUSE

    def start(self) -> None:
        """Start it on a leash of SIGKILL: without us nobody would drain or record for it."""
        line = FarEnd()
        self.process = children.start(
            [sys.executable, "-P", "-m", self.resident.module, *self.resident.arguments, *line.argv],
            leash=signal.SIGKILL,
            keep=(line.keep,),
            env=os.environ,
        )
        line.handed_over()
        self.line = line
        self._started = time.monotonic()
        self.ready = False
        if self._may_go:
            line.go()

    def go(self) -> None:
        """Let it, and those that come after it, go on: the databases are prepared."""
        self._may_go = True
        if self.line is not None:
            self.line.go()

    def look(self) -> None:
        """Take note of what became of it; bring it back when its pause is over."""
        if self.line is not None and self.line.is_ready():
            self.ready = self.ever_ready = True
        if self.process is not None and self.process.poll() is not None:
            self._fell(self.process.returncode)
        if self.process is None and time.monotonic() >= self._due:
            self.start()

    def ask_to_end(self) -> None:
        """Ask it to end in its own way."""
        if self.process is not None:
            children.ask(self.process, signal.SIGTERM)

    def end(self, within: float) -> None:
        """Wait for its end; then end it."""
        if self.process is None:
            return
        children.end(self.process, within)
        self.process = None
        self._hang_up()

    def _fell(self, code: int) -> None:
        now = time.monotonic()
        if now - self._started > _SETTLED_AFTER:
            self._pause = _FIRST_PAUSE
        _log.error("%s ended (%s); back in %.1f s", self.resident.name, code, self._pause)
        self.falls += 1
        self.process = None
        self.ready = False
        self._hang_up()
        self._due = now + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _hang_up(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None
