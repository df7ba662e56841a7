"""Grants (授权): what a person agreed to, on what they were shown, and whether a use is covered by it.

The room decides and writes; it fetches nothing, releases nothing, and tells nobody.
"""

from dspace_core.grants.admission import Admission, Admitted, Claim, NotLive, Redelivered, admit
from dspace_core.grants.approvals import Approval, Approved, Attest, Attestation, Minted, approve
from dspace_core.grants.changes import (
    AlreadyEnded,
    Amended,
    Change,
    Changed,
    Narrowing,
    Withdrawn,
    amend,
    end,
    pause,
    resume,
    revoke,
    withdraw,
)
from dspace_core.grants.differences import Difference, difference
from dspace_core.grants.model import (
    LONGEST,
    ActKind,
    By,
    Grant,
    NoticeId,
    Receipt,
    SeparateAct,
    State,
    Use,
    category_of,
    field_key,
)
from dspace_core.grants.notices import LIFE, Notice, Shown, issue, render
from dspace_core.grants.offers import Category, Offer, OfferedField, Party
from dspace_core.grants.rules import Allowed, Refused, decide
from dspace_core.grants.sentences import Language, Mode, Voice
from dspace_core.grants.states import MOVES, Act, Condition, Move, after, condition
from dspace_core.grants.tables import StoredNotice, find, find_notice, of_subject
from dspace_core.grants.use_ids import use_id, use_key
from dspace_core.grants.use_tables import Held, lock_budgets, lock_live

__all__ = (
    "LIFE",
    "LONGEST",
    "MOVES",
    "Act",
    "ActKind",
    "Admission",
    "Admitted",
    "Allowed",
    "AlreadyEnded",
    "Amended",
    "Approval",
    "Approved",
    "Attest",
    "Attestation",
    "By",
    "Category",
    "Change",
    "Changed",
    "Claim",
    "Condition",
    "Difference",
    "Grant",
    "Held",
    "Language",
    "Minted",
    "Mode",
    "Move",
    "Narrowing",
    "NotLive",
    "Notice",
    "NoticeId",
    "Offer",
    "OfferedField",
    "Party",
    "Receipt",
    "Redelivered",
    "Refused",
    "SeparateAct",
    "Shown",
    "State",
    "StoredNotice",
    "Use",
    "Voice",
    "Withdrawn",
    "admit",
    "after",
    "amend",
    "approve",
    "category_of",
    "condition",
    "decide",
    "difference",
    "end",
    "field_key",
    "find",
    "find_notice",
    "issue",
    "lock_budgets",
    "lock_live",
    "of_subject",
    "pause",
    "render",
    "resume",
    "revoke",
    "use_id",
    "use_key",
    "withdraw",
)
