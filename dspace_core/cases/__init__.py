"""Cases (办件): taken in on one tap, decided on released data, kept sealed, and brought to their end in time.

The room holds no credential and opens no source: data comes through the gate, decisions from scenarios behind a port.
"""

from dspace_core.cases.closure import Closure
from dspace_core.cases.deadline import Course, Due, Standing, Stop, due_day, standing
from dspace_core.cases.intake import Intake, Prepared
from dspace_core.cases.means import Means
from dspace_core.cases.model import Case, Content, Filed, Filing, Receipt, Supplement
from dspace_core.cases.moves import Change, ask, decide, supply, withdraw
from dspace_core.cases.ports import Answer, Plugins
from dspace_core.cases.reading import find, of_subject
from dspace_core.cases.refusals import NeedsInput
from dspace_core.cases.states import DECIDED, FINAL, MOVES, Act, By, Move, State, after

__all__ = (
    "DECIDED",
    "FINAL",
    "MOVES",
    "Act",
    "Answer",
    "By",
    "Case",
    "Change",
    "Closure",
    "Content",
    "Course",
    "Due",
    "Filed",
    "Filing",
    "Intake",
    "Means",
    "Move",
    "NeedsInput",
    "Plugins",
    "Prepared",
    "Receipt",
    "Standing",
    "State",
    "Stop",
    "Supplement",
    "after",
    "ask",
    "decide",
    "due_day",
    "find",
    "of_subject",
    "standing",
    "supply",
    "withdraw",
)
