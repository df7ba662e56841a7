"""Starting a worker: a fresh interpreter with one descriptor, no environment and no place of its own.

The interpreter is the one of the plugin's environment; its own site-packages hold the SDK and the plugin. The worker
asks the kernel to be killed when the thread that started it ends, so start it from a thread that lives as long as the
host: the one with the event loop.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol


class Process(Protocol):
    """A started worker, as its host knows it."""

    sock: socket.socket
    """The host's end of the wire, non-blocking."""

    def kill(self) -> None:
        """End it at once, with all it started. Harmless when it is gone."""

    async def wait(self) -> None:
        """Return when it is gone and nothing of it remains."""


Spawn = Callable[[], Awaitable[Process]]
"""Starts a worker. Raises OSError if it cannot."""


class ExecutedWorker:
    """A worker in its own process and its own session."""

    def __init__(self, sock: socket.socket, process: asyncio.subprocess.Process) -> None:
        self.sock = sock
        self.pid = process.pid
        self._process = process

    def kill(self) -> None:
        """Kill the whole group; after `wait` its number may be somebody else's, and is left alone."""
        if self._process.returncode is None:
            self._kill_group()

    async def wait(self) -> None:
        """Wait for the process to end, and end what it left behind: the number stands as long as the group has members."""
        await self._process.wait()
        self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def executed(python: Path) -> Spawn:
    """Start workers with this interpreter. It runs isolated: no path, setting or site of a user gets in."""

    async def spawn() -> ExecutedWorker:
        ours, theirs = socket.socketpair()
        try:
            ours.setblocking(False)
            process = await asyncio.create_subprocess_exec(
                *(str(python), "-I", "-m", "dspace_core.confine.worker", str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,  # what a plugin prints may hold what it was given
                stderr=asyncio.subprocess.DEVNULL,
                cwd="/",
                env={},
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return ExecutedWorker(ours, process)

    return spawn
