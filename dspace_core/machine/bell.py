"""How the supervisor hears that it should end: signals ring a bell, and it rings only where somebody listens.

A signal that raised at any line would leave steps half done (a child started and not remembered). So a handler only
takes note, and every wait goes through `pause`.
"""

import os
import select
import signal
from collections.abc import Sequence
from types import FrameType

from dspace_core.machine.line import FarEnd

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AskedToEndError(Exception):
    """Somebody asked us to end, or whoever started us is gone. A request, not a failure."""


class Bell:
    """Takes the signals over for the rest of this process. `parent` is the process whose end is ours too."""

    def __init__(self, parent: int | None) -> None:
        self._parent = parent
        self._rung = False
        for number in _SIGNALS:
            signal.signal(number, self._ring)

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        self._rung = True

    def pause(self, seconds: float = 0.005, lines: Sequence[FarEnd] = ()) -> None:
        """Sleep a moment, or less when a line speaks. Raises AskedToEndError."""
        select.select(lines, [], [], seconds)
        if self._rung or (self._parent is not None and os.getppid() != self._parent):
            raise AskedToEndError
