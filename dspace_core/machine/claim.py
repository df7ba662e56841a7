"""A claim on a data folder that ends with the last process of the server that works in it.

It is an exclusive lock (`flock`) on a descriptor that the server inherits, and its children from it. So the kernel
knows whether anybody is left, whatever was killed, whoever runs as which user: no pid is read, no folder is searched.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dspace_core.machine.refusals import DataInUse


@contextmanager
def taken(claim: Path, data: Path, deadline: float, pause: Callable[[], None]) -> Iterator[int]:
    """The descriptor of the claim, to start the server with: what inherits it goes on holding the claim.

    `deadline` is on the monotonic clock, in seconds; `pause` is called while somebody else has the claim.
    Raises DataInUse at the deadline.
    """
    descriptor = os.open(claim, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise DataInUse(path=data)
            pause()
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
