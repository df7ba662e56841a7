"""`dspace status` and `dspace down`: what another process may see of a running home, and how it asks it to end."""

import os
import signal
import time
from contextlib import suppress

import msgspec

from dspace_core.machine.home import Home
from dspace_core.machine.refusals import NotRunning, NotStopped
from dspace_core.machine.settings import Settings
from dspace_core.machine.supervisor import State


def status(settings: Settings) -> State:
    """What runs in the home. Raises NotRunning. A state file left behind by a killed owner is not believed."""
    home = Home(settings)
    owner = home.owner()
    if owner is None:
        raise NotRunning(home=home.path)
    with suppress(OSError, msgspec.DecodeError):
        state = msgspec.json.decode(home.state.read_bytes(), type=State)
        if state.pid == owner:
            return state
    return State(owner, "", {}, {})


def down(settings: Settings, within: float = 30.0) -> int:
    """Ask the owner of the home to end, wait for it, and answer its pid. Raises NotRunning or NotStopped.

    The pid comes from the kernel's record of the lock. It is pinned by a pidfd and looked up once more before the
    signal, so that a pid that was given to somebody else in between gets none.
    """
    home = Home(settings)
    owner = home.owner()
    if owner is None:
        raise NotRunning(home=home.path)
    _ask(home, owner)
    deadline = time.monotonic() + within
    while home.owner() == owner:
        if time.monotonic() > deadline:
            raise NotStopped(pid=owner, seconds=int(within))
        time.sleep(0.02)
    return owner


def _ask(home: Home, owner: int) -> None:
    with suppress(ProcessLookupError):
        if not hasattr(os, "pidfd_open"):
            os.kill(owner, signal.SIGTERM)
            return
        pinned = os.pidfd_open(owner)
        try:
            if home.owner() == owner:
                signal.pidfd_send_signal(pinned, signal.SIGTERM)
        finally:
            os.close(pinned)
