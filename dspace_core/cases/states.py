"""The life of a case (办件) as a table: which act leads from which state to which, and who may do it. All else is refused."""

from enum import Enum

import msgspec

from dspace_core.cases.refusals import MoveRefused


class State(Enum):
    """Where a case stands. That it is late is derived (`deadline`), never stored."""

    ACCEPTED = "accepted"
    """受理: the clock runs."""
    SUPPLEMENT = "supplement"
    """补正: the applicant was asked for more; the clock stands still."""
    REFERRED = "referred"
    """转人工: a human decides."""
    APPROVED = "approved"
    REFUSED = "refused"
    CLOSED = "closed"
    """办结: the decision is settled, and no grant of the case is live."""
    WITHDRAWN = "withdrawn"
    """撤件, by the applicant."""


class Act(Enum):
    """What can be done to a case that stands."""

    ASK = "ask"
    """Ask the applicant for a supplement."""
    SUPPLY = "supply"
    REFER = "refer"
    APPROVE = "approve"
    REFUSE = "refuse"
    CLOSE = "close"
    WITHDRAW = "withdraw"


class By(Enum):
    """In what role somebody acts on a case."""

    APPLICANT = "applicant"
    STAFF = "staff"
    SYSTEM = "system"


class Move(msgspec.Struct, frozen=True):
    """One legal move."""

    start: State
    act: Act
    to: State
    who: frozenset[By]


_APPLICANT = frozenset({By.APPLICANT})
_STAFF = frozenset({By.STAFF})
_SYSTEM = frozenset({By.SYSTEM})
_OFFICE = _STAFF | _SYSTEM

MOVES = (
    Move(State.ACCEPTED, Act.ASK, State.SUPPLEMENT, _STAFF),
    Move(State.ACCEPTED, Act.REFER, State.REFERRED, _OFFICE),
    Move(State.ACCEPTED, Act.APPROVE, State.APPROVED, _OFFICE),
    Move(State.ACCEPTED, Act.REFUSE, State.REFUSED, _OFFICE),
    Move(State.ACCEPTED, Act.WITHDRAW, State.WITHDRAWN, _APPLICANT),
    # Only a human asks for a supplement, so that is who goes on with the case.
    Move(State.SUPPLEMENT, Act.SUPPLY, State.REFERRED, _APPLICANT),
    Move(State.SUPPLEMENT, Act.REFUSE, State.REFUSED, _STAFF),
    Move(State.SUPPLEMENT, Act.WITHDRAW, State.WITHDRAWN, _APPLICANT),
    Move(State.REFERRED, Act.ASK, State.SUPPLEMENT, _STAFF),
    Move(State.REFERRED, Act.APPROVE, State.APPROVED, _STAFF),
    Move(State.REFERRED, Act.REFUSE, State.REFUSED, _STAFF),
    Move(State.REFERRED, Act.WITHDRAW, State.WITHDRAWN, _APPLICANT),
    Move(State.APPROVED, Act.CLOSE, State.CLOSED, _SYSTEM),
    Move(State.REFUSED, Act.CLOSE, State.CLOSED, _SYSTEM),
)
DECIDED = frozenset({State.APPROVED, State.REFUSED})
"""The decision stands; what is left is to settle and to close."""
FINAL: frozenset[State] = frozenset(State) - {move.start for move in MOVES}
"""States that nothing leads out of."""
_BY_START = {(move.start, move.act): move for move in MOVES}


def after(state: State, act: Act, by: By) -> State:
    """The state that the act leads to. Refuses what is not in the table (`MoveRefused`)."""
    move = _BY_START.get((state, act))
    if move is None or by not in move.who:
        raise MoveRefused(state=state.value, act=act.value)
    return move.to
