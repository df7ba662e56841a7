"""A whole deployment run from the command line, as an operator runs it: for tests that kill its parts."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dspace_core.machine import State, status
from dspace_core.machine.addresses import Address, Role, Store, database
from dspace_core.machine.home import Home
from dspace_core.machine.refusals import NotRunning
from dspace_core.testing.servers import open_folder, settings_for


def free_port() -> int:
    """A port on which nobody listens at this moment, nor on the one after it."""
    while True:
        with socket.socket() as probe, socket.socket() as next_to_it:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            with suppress(OSError, OverflowError):
                next_to_it.bind(("127.0.0.1", port + 1))
                return port


class Deployment:
    """One home, started by a command again and again, with or without a terminal of its own."""

    def __init__(
        self, command: Sequence[str], folder: Path, *, terminal: bool = False, also: Mapping[str, str] | None = None
    ) -> None:
        self.folder = open_folder()
        self.settings = settings_for(self.folder, free_port())
        self.home = Home(self.settings)
        self._command = list(command)
        self._cwd = folder
        self._terminal = terminal
        self.also = dict(also or {})
        self._screen: int | None = None
        self.top: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What the command finds in its environment."""
        return {
            **{name: text for name, text in os.environ.items() if not name.startswith("DSPACE_")},
            "DSPACE_MODE": "development",
            "DSPACE_HOME": str(self.settings.home),
            "DSPACE_RUNTIME": str(self.settings.runtime),
            "DSPACE_PORT": str(self.settings.port),
            "DSPACE_WEB": "1",
            "DSPACE_PEOPLE": "0",  # no authorities are made but where a test asks for people
            **self.also,
        }

    def start(self, within: float = 60.0) -> float:
        """Start it; answer after how many seconds it was ready."""
        begun = time.monotonic()
        self.output = self.folder / "output"
        with self.output.open("wb") as output:
            ours, theirs = os.openpty() if self._terminal else (None, os.open(os.devnull, os.O_RDONLY))
            self._screen = ours
            self.top = subprocess.Popen(
                # setsid makes the new session; with a terminal it becomes the controlling one.
                ["/usr/bin/setsid", *(["--ctty"] if self._terminal else []), "--wait", *self._command],
                stdin=theirs,
                stdout=output,
                stderr=output,
                cwd=self._cwd,
                env=self.environment,
            )
            os.close(theirs)
        while b"dspace ready" not in self.output.read_bytes():
            if self.top.poll() is not None or time.monotonic() - begun > within:
                raise AssertionError(f"not ready: {self.output.read_text(errors='replace')[-2000:]}")
            time.sleep(0.01)
        return time.monotonic() - begun

    def wait_for(self, words: str, within: float = 60.0) -> None:
        """Wait until it has printed these words. Raises AssertionError with what it printed instead."""
        deadline = time.monotonic() + within
        while words not in (printed := self.output.read_text(errors="replace")):
            if time.monotonic() > deadline:
                raise AssertionError(f"not said: {words}\n{printed[-2000:]}")
            time.sleep(0.02)

    def wait_for_authorities(self) -> None:
        """After a first start: wait until the made authorities hold their people."""
        self.wait_for("dspace authorities: made")

    def state(self) -> State:
        """What runs now."""
        return status(self.settings)

    def address(self, role: Role) -> Address:
        """Where one role enters the main database."""
        return database(self.settings, self.home, Store.MAIN, role)

    def kill(self, pids: Sequence[int]) -> None:
        """Kill -9 each; one that is gone already is no matter."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def processes(self) -> dict[int, str]:
        """Every living process that belongs to this home: by its environment, its arguments or where it works."""
        mark = os.fsencode(self.folder)
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                arguments = (entry / "cmdline").read_bytes()
                if not arguments:  # a zombie, or the kernel's own
                    continue
                inside = (entry / "environ").read_bytes() + arguments + os.fsencode((entry / "cwd").readlink())
                if mark in inside and int(entry.name) != os.getpid():
                    found[int(entry.name)] = arguments.replace(b"\0", b" ").decode(errors="replace")
        return found

    def wait_until_gone(self, within: float = 10.0) -> None:
        """Wait until no process of this home lives. Raises AssertionError naming those that do."""
        deadline = time.monotonic() + within
        while living := self.processes():
            if time.monotonic() > deadline:
                raise AssertionError(f"still there: {living}")
            time.sleep(0.01)
        if self.top is not None:
            self.top.wait()
        if self._screen is not None:
            os.close(self._screen)
            self._screen = None

    def interrupt(self) -> int:
        """What Ctrl-C does to the group in the foreground; answer the exit code of the command."""
        assert self.top is not None  # noqa: S101
        with suppress(NotRunning, ProcessLookupError):
            os.killpg(os.getpgid(self.state().pid), signal.SIGINT)
        self.wait_until_gone()
        return self.top.returncode

    def close(self) -> None:
        """End what is left and remove the folder."""
        self.kill(list(self.processes()))
        self.wait_until_gone()
        subprocess.run(["/bin/rm", "-rf", str(self.folder)], check=True)
