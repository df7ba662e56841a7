"""The life of a grant as a table: which act leads from which state to which, and who may do it. All else is refused."""

from datetime import datetime
from enum import Enum

import msgspec

from dspace_core.grants.model import By, Grant, State
from dspace_core.grants.refusals import MoveRefused


class Act(Enum):
    """What can be done to a grant that stands."""

    AMEND = "amend"
    PAUSE = "pause"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    END = "end"


class Move(msgspec.Struct, frozen=True):
    """One legal move."""

    start: State
    act: Act
    to: State
    who: frozenset[By]


_SUBJECT = frozenset({By.SUBJECT})
_OFFICE = frozenset({By.STAFF, By.SYSTEM})
_SYSTEM = frozenset({By.SYSTEM})

MOVES = (
    Move(State.LIVE, Act.AMEND, State.LIVE, _SUBJECT),
    Move(State.LIVE, Act.PAUSE, State.PAUSED, _SUBJECT),
    Move(State.LIVE, Act.WITHDRAW, State.WITHDRAWN, _SUBJECT),
    Move(State.LIVE, Act.REVOKE, State.REVOKED, _OFFICE),
    Move(State.LIVE, Act.END, State.ENDED, _SYSTEM),
    Move(State.PAUSED, Act.AMEND, State.PAUSED, _SUBJECT),
    Move(State.PAUSED, Act.RESUME, State.LIVE, _SUBJECT),
    Move(State.PAUSED, Act.WITHDRAW, State.WITHDRAWN, _SUBJECT),
    Move(State.PAUSED, Act.REVOKE, State.REVOKED, _OFFICE),
    Move(State.PAUSED, Act.END, State.ENDED, _SYSTEM),
)
FINAL: frozenset[State] = frozenset(State) - {move.start for move in MOVES}
"""States that nothing leads out of."""
_BY_START = {(move.start, move.act): move for move in MOVES}


def after(state: State, act: Act, by: By) -> State:
    """The state that the act leads to. Refuses what is not in the table (`MoveRefused`)."""
    move = _BY_START.get((state, act))
    if move is None or by not in move.who:
        raise MoveRefused(state=state.value, act=act.value)
    return move.to


class Condition(Enum):
    """How a grant stands at an instant: its state, or what follows from its period and its budget."""

    LIVE = "live"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    ENDED = "ended"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"


def condition(grant: Grant, now: datetime) -> Condition:
    """How it stands now. An act that ended it comes first, then its period, then its budget, then a pause."""
    if grant.state in FINAL:
        return Condition(grant.state.value)
    if grant.period.end is not None and now >= grant.period.end:
        return Condition.EXPIRED
    if grant.uses_left == 0:
        return Condition.EXHAUSTED
    return Condition(grant.state.value)
