"""A circuit breaker: a source that fails again and again is left alone for a while, so that nobody waits for it.

Closed, it lets everything through and counts failures in a row; the fifth opens it. Open, it lets nothing through. When
its time is up it is half open: one passage at a time finds out, and its success closes it, its failure opens it again
for twice as long.
"""

from collections.abc import Callable
from enum import Enum

FAILURES = 5
"""So many in a row open the circuit."""
FIRST_OPEN = 5.0
"""Seconds that it stays open for the first time; doubled each time that the one who finds out fails."""
LONGEST_OPEN = 60.0
"""Seconds that it stays open at most, also when the source itself asks for more."""


class State(Enum):
    """How the circuit stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """One source's circuit. `clock` counts seconds and never goes back. Every passage taken is given back once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._until: float | None = None
        self._openings = 0
        self._probing = False
        self._turn = 0
        """Counts changes of the circuit: what began before the last one says nothing about it."""

    @property
    def state(self) -> State:
        """How it stands now."""
        if self._until is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._until else State.HALF_OPEN

    def enter(self) -> int | None:
        """A passage, to be given back by one of the three below; None while nothing is let through."""
        state = self.state
        if state is State.OPEN or (state is State.HALF_OPEN and self._probing):
            return None
        self._probing = state is State.HALF_OPEN
        return self._turn

    def succeeded(self, passage: int) -> None:
        """The source answered."""
        if passage != self._turn:
            return
        self._failures = 0
        if self._until is not None:
            self._until, self._openings, self._probing = None, 0, False
            self._turn += 1

    def failed(self, passage: int, rest: float | None = None) -> bool:
        """The source did not answer; whether that opened the circuit. `rest`: the seconds it asks to be left alone."""
        if passage != self._turn:
            return False
        self._failures += 1
        if rest is not None:
            self._open(rest)
        elif self._until is not None or self._failures >= FAILURES:
            self._open(FIRST_OPEN * 2**self._openings)
            self._openings = min(self._openings + 1, 8)
        return passage != self._turn

    def abandoned(self, passage: int) -> None:
        """Nobody waited for the answer: it says nothing."""
        if passage == self._turn:
            self._probing = False

    def _open(self, seconds: float) -> None:
        self._until = self._clock() + min(max(seconds, 0.0), LONGEST_OPEN)
        self._failures, self._probing = 0, False
        self._turn += 1
