"""What a case is, what is filed to begin one, and what the person is answered."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from dspace_core.cases.deadline import Course, Due
from dspace_core.cases.refusals import FilingMalformed
from dspace_core.cases.states import State
from dspace_core.errors import Text
from dspace_core.evidence.record import Code
from dspace_core.grants import NoticeId, SeparateAct
from dspace_core.identifiers import Hidden
from dspace_core.scenario import Outcome, Prefill, Settlement
from dspace_core.values import CaseId, EvidenceId, GrantId, Subject

QuestionName = Annotated[str, msgspec.Meta(max_length=64, pattern=r"\A(?!.*[0-9]{7})[a-z][a-z0-9_]*\Z")]
"""How a question of a form is called. A refusal names it, so no value fits: no run of seven digits."""
_Key = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[ -~]*\Z")]
_Field = Annotated[str, msgspec.Meta(min_length=1, max_length=129)]
_Answers = Annotated[
    dict[QuestionName, Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]], msgspec.Meta(max_length=100)
]
_FORMS: dict[str, Any] = {
    "client": Code,
    "key": _Key,
    "item": Annotated[str, msgspec.Meta(min_length=1, max_length=50)],
    "acts": Annotated[frozenset[SeparateAct], msgspec.Meta(max_length=200)],
    "declined": Annotated[frozenset[_Field], msgspec.Meta(max_length=200)],
    "answers": _Answers,
}


class Filing(Hidden, frozen=True, kw_only=True):
    """One filing, as a client sends it for a person. Raises FilingMalformed when made of what no client of ours sends."""

    client: str
    """The registered client: a name of our own lists."""
    key: str
    """The idempotency key: a repeat under it gets the first answer."""
    subject: Subject
    item: str
    """The code of the service item."""
    case: CaseId
    """As `prepare` minted it."""
    notice: NoticeId | None = None
    acts: frozenset[SeparateAct] = frozenset()
    declined: frozenset[str] = frozenset()
    answers: dict[str, str] = msgspec.field(default_factory=dict)
    """What the person entered for the questions of the form, by question name."""

    def __post_init__(self) -> None:
        for part in _FORMS:
            _check(part, getattr(self, part))


def check_answers(answers: dict[str, str]) -> None:
    """Refuse answers that no client of ours sends (`FilingMalformed`)."""
    _check("answers", answers)


def _check(part: str, value: object) -> None:
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=_FORMS[part])
    except (msgspec.MsgspecError, UnicodeError, TypeError):
        raise FilingMalformed(part=part) from None


class Receipt(msgspec.Struct, frozen=True):
    """One recorded act of the filing: its entry and the digest of what was recorded."""

    evidence: EvidenceId
    digest: str


class Filed(Hidden, frozen=True, kw_only=True):
    """The answer to a filing, kept sealed: a repeat gets the same. How the case went on, `find` says."""

    case: CaseId
    number: str
    """The case number (办件编号), as printed."""
    state: State
    """APPROVED, REFUSED or REFERRED."""
    accepted: date
    promised: Due
    statutory: Due
    outcome: Outcome
    grants: tuple[GrantId, ...]
    receipts: tuple[Receipt, ...]
    """Of each grant in the order of the offers, of the case, of what was decided."""


class Supplement(Hidden, frozen=True, kw_only=True):
    """What the applicant was asked for besides (一次性告知), and what they gave."""

    asks: tuple[Text, ...]
    answers: dict[str, str] = msgspec.field(default_factory=dict)


class Content(Hidden, frozen=True, kw_only=True):
    """What is sealed of a case: the form, the answers, the decision, supplements, what follows."""

    form: Prefill
    answers: dict[str, str]
    outcome: Outcome
    """The scenario's, or that of the human who decided after it."""
    supplements: tuple[Supplement, ...] = ()
    settlement: Settlement | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case as it stands."""

    subject: Subject
    id: CaseId
    number: str
    client: str
    item: str
    item_version: int
    edition: int
    """The number of the edition of the catalogue that the case keeps."""
    authority: str
    plugin: str
    grants: tuple[GrantId, ...]
    """Those it rests on."""
    state: State
    course: Course
    filed_at: datetime
    changed_at: datetime
    released: bool
    """Whether the case is over and its grants were ended with it."""
    filed_evidence: EvidenceId
    evidence: EvidenceId
    """The entries of the filing and of the newest act."""
    content: Content | None
    """None once it was erased."""


class Minted(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of everything one filing writes, made before anything is written, so that a retry repeats them."""

    act: UUID
    """Joins the entries of the tap."""
    grants: tuple[tuple[GrantId, EvidenceId], ...]
    """One for each offer of the notice."""
    filed: EvidenceId
    decided: EvidenceId
