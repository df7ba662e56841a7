"""A claim on a data folder that ends with the last process of the server that works in it.

It is an exclusive lock (`flock`) on a descriptor that the server inherits, and its children from it. So the kernel
knows whether anybody is left, whatever was killed, whoever runs as which user: no pid is read, no folder is searched.
"""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from dspace_core.machine.refusals import DataInUse


def take(claim: Path, data: Path, deadline: float, pause: Callable[[], None]) -> int:
    """The descriptor of the claim, to hand to the server and then to close here. Raises DataInUse at the deadline.

    `deadline` is on the monotonic clock, in seconds; `pause` is called while somebody else has the claim.
    """
    descriptor = os.open(claim, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DataInUse(path=data) from None
                pause()
            else:
                return descriptor
    except BaseException:
        os.close(descriptor)
        raise
