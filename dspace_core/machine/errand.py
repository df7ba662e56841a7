"""An errand: a child of the supervisor that does one thing and ends. It is tried once per start, within bounds."""

import logging
import os
import signal
import subprocess
import sys
import time

from dspace_core.machine import children

_log = logging.getLogger("dspace.machine")


class Errand:
    """One that fails or takes too long is told of; nothing else ends for it."""

    def __init__(self, name: str, module: str, within: float) -> None:
        """Send it off, on a leash of SIGKILL, for so many seconds at most."""
        self._name = name
        self._deadline = time.monotonic() + within
        self._process: subprocess.Popen[bytes] | None = children.start(
            [sys.executable, "-P", "-m", module], leash=signal.SIGKILL, env=os.environ
        )

    def look(self) -> None:
        """Take note of what became of it."""
        if self._process is None:
            return
        code = self._process.poll()
        if code is None and time.monotonic() > self._deadline:
            self.end()
            _log.error("%s took too long and was ended", self._name)
        elif code is not None:
            self._process = None
            if code:
                _log.error("%s failed (%s)", self._name, code)

    def end(self) -> None:
        """End it, whatever it is doing; what it does is done by transactions."""
        if self._process is not None:
            children.ask(self._process, signal.SIGKILL)
            self._process.wait()
            self._process = None
