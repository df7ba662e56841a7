"""The line between the supervisor and a resident process: one says "go", the other "ready".

A resident is started while the databases still start, so that its imports cost nobody time. It waits for `go`. Started
alone, without a line, it goes at once; nobody hears its `ready`.
"""

import socket
from collections.abc import Sequence

_FLAG = "--line"
_GO, _READY = b"g", b"r"


class Line:
    """The resident's end."""

    def __init__(self, descriptor: int | None) -> None:
        self._socket = None if descriptor is None else socket.socket(fileno=descriptor)
        if self._socket is not None:
            self._socket.set_inheritable(False)  # the resident's own children do not hold it

    @classmethod
    def of(cls, argv: Sequence[str]) -> "Line":
        """The line named on the command line, if any."""
        return cls(int(argv[argv.index(_FLAG) + 1]) if _FLAG in argv else None)

    def wait_for_go(self) -> None:
        """Block until the databases are prepared. Ends the process when the supervisor is gone instead."""
        if self._socket is not None and self._socket.recv(1) != _GO:
            raise SystemExit(1)

    def say_ready(self) -> None:
        """Tell that requests are served from now on."""
        if self._socket is not None:
            self._socket.send(_READY)


class FarEnd:
    """The supervisor's end."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._gone = False

    @property
    def argv(self) -> tuple[str, str]:
        """What to add to the resident's command line."""
        return (_FLAG, str(self._theirs.fileno()))

    @property
    def keep(self) -> int:
        """The descriptor that the resident inherits."""
        return self._theirs.fileno()

    def handed_over(self) -> None:
        """Close our copy of the resident's end, once it was started."""
        self._theirs.close()

    def go(self) -> None:
        """Let it go; a resident that is gone already hears nothing."""
        if not self._gone:
            self._gone = True
            try:
                self._ours.send(_GO)
            except OSError:
                return

    def is_ready(self) -> bool:
        """Whether it has said so since the last time we asked."""
        try:
            return self._ours.recv(1) == _READY
        except (BlockingIOError, ConnectionError):
            return False

    def fileno(self) -> int:
        """For a selector."""
        return self._ours.fileno()

    def close(self) -> None:
        """Hang up."""
        self._ours.close()
