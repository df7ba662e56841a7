"""Fault points: named places of one tap at which a test may end, stop or delay the process it runs in.

Nothing is armed unless code of the same process arms it: there is no setting, no variable and no message that does.
"""

from collections.abc import Callable
from enum import Enum


class Point(Enum):
    """Where a fault is worth having, in the order of one tap."""

    GRANT = "grant"
    """The grants of an approval and their evidence are written; nothing is committed."""
    FETCH = "fetch"
    """The source has answered; nothing of the use is written."""
    EVIDENCE = "evidence"
    """The use and its evidence are written; nothing is committed."""
    LEASE = "lease"
    """The use is committed; whether it may still be released is not yet asked."""
    RELEASE = "release"
    """The last byte of the release is out."""
    CASE = "case"
    """The case and its evidence are written; nothing is committed."""
    NOTARY = "notary"
    """A batch is numbered; nothing is committed."""


_armed: dict[Point, Callable[[], None]] = {}


def arm(point: Point, action: Callable[[], None]) -> None:
    """Call `action` whenever this process comes to the point, until it is disarmed."""
    _armed[point] = action


def disarm(point: Point) -> None:
    """Let the process pass the point again."""
    _armed.pop(point, None)


def reached(point: Point) -> None:
    """Say that the process is at the point."""
    if _armed and (action := _armed.get(point)) is not None:
        action()
