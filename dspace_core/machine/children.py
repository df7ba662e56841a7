"""Child processes on a leash: when we are gone, however we went, they end too.

On Linux the kernel holds the leash (`PR_SET_PDEATHSIG`). It is bound to the thread that forked and is cleared by a
change of user, so children are started from the main thread and the leash is put on after the change of user: CPython
changes user first and calls `preexec_fn` last. Elsewhere a watcher process holds a pipe (`machine.watcher`).
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
KERNEL_HOLDS_LEASH = sys.platform == "linux"


def start(
    argv: Sequence[str | Path],
    *,
    leash: signal.Signals,
    log: IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    keep: Sequence[int] = (),
    by_kernel: bool = KERNEL_HOLDS_LEASH,
) -> subprocess.Popen[bytes]:
    """Start a child in its own process group, so that a Ctrl-C at the terminal reaches us alone.

    `leash` is sent to it when this process is gone. `user` is a numeric user and group, without further groups.
    `log` takes both outputs; without it the child keeps ours. `keep` lists descriptors that it inherits.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children are started from the main thread: the leash is bound to the forking thread")
    parent = os.getpid()

    def put_on_leash() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(leash), 0, 0, 0)
        if os.getppid() != parent:  # we were gone before the leash was on
            os._exit(1)

    pipe: tuple[int, int] | None = None
    command = [str(part) for part in argv]
    if not by_kernel:
        pipe = os.pipe()
        command = [sys.executable, "-I", "-m", "dspace_core.machine.watcher", str(pipe[0]), str(int(leash)), *command]
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log is not None else None,
            env=None if env is None else dict(env),
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            pass_fds=[*keep, *(pipe[:1] if pipe else ())],
            process_group=0,
            preexec_fn=put_on_leash if by_kernel else None,  # noqa: PLW1509 (one thread, and nothing but system calls)
        )
    finally:
        if pipe is not None:
            os.close(pipe[0])
    if pipe is not None:
        _watched[child.pid] = pipe[1]  # stays open as long as we live; its end is the signal
    return child


def end(child: subprocess.Popen[bytes], within: float, *, last: signal.Signals = signal.SIGKILL) -> None:
    """Wait for a child that was asked to end; when the seconds are over, send it `last` and wait for that."""
    try:
        child.wait(within)
    except subprocess.TimeoutExpired:
        child.send_signal(last)
        child.wait()


def ask(child: subprocess.Popen[bytes], by: signal.Signals) -> None:
    """Ask a child to end; one that is gone already hears nothing."""
    with suppress(ProcessLookupError):
        child.send_signal(by)


def nap() -> None:
    """Wait a moment for a child."""
    time.sleep(0.005)


_watched: dict[int, int] = {}
