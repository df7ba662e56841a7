"""Cases (办件): filed on one tap, looked at, withdrawn."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from dspace_backend.outside import Code, Outside
from dspace_backend.refusals import StepUpNeeded
from dspace_backend.routes.catalogue import today
from dspace_backend.routing import Call, Nothing, Routes
from dspace_core import Text
from dspace_core.cases import By as CaseBy
from dspace_core.cases import Case, Change, Due, Filed, Filing, find, of_subject, withdraw
from dspace_core.cases.deadline import told
from dspace_core.cases.refusals import (
    AlreadyFiled,
    AnswerGone,
    AnswerUnasked,
    CaseErased,
    CaseUnknown,
    FilingMalformed,
    FormUnfit,
    InProgress,
    ItemUnserved,
    KeyReused,
    MoveRefused,
    NeedsInput,
    NoticeNeeded,
    NoticeUnfit,
)
from dspace_core.catalog.refusals import ItemUnknown
from dspace_core.confine.refusals import (
    AnswerTooLarge,
    AskUnanswered,
    CaseTooLarge,
    DeadlinePassed,
    FrameRefused,
    PluginRaised,
    PluginUnfit,
    ReleaseAborted,
    ResultRefused,
    ResultTooLarge,
    WorkerBusy,
    WorkerLost,
    WorkerUnready,
)
from dspace_core.evidence.keyring import Clock
from dspace_core.gate.refusals import (
    BasesMixed,
    BasisUnserved,
    DutyMissing,
    EvidenceStale,
    LeaseLost,
    SourceMissing,
    Stopped,
    Undeclared,
)
from dspace_core.grants import NoticeId, SeparateAct
from dspace_core.grants.refusals import (
    ActNotOffered,
    DeclineRefused,
    EndedGrant,
    Expired,
    NoticeExpired,
    NoticeUnknown,
    NoticeUsed,
    Paused,
    RevokedGrant,
    SeparateConsentMissing,
    WithdrawnGrant,
)
from dspace_core.scenario import Filled, Outcome
from dspace_core.scenario.refusals import PluginUnknown
from dspace_core.sources.refusals import (
    AnswerOnly,
    AnswerUnfit,
    NoRecord,
    RecordAmbiguous,
    SourceFieldUnknown,
    SourceStale,
    SourceUnavailable,
)
from dspace_core.stores import transaction
from dspace_core.values import CaseId, EvidenceId, random_id

cases = Routes("cases")


class Consent(Outside, frozen=True, kw_only=True):
    """One separate consent (单独同意)."""

    recipient: Code
    category: Code


class CaseRequest(Outside, frozen=True, kw_only=True):
    """The one tap: a case that a notice began, and what was agreed to."""

    case: UUID
    item: Code
    notice: UUID | None = None
    acts: tuple[Consent, ...] = ()
    declined: tuple[str, ...] = ()
    answers: dict[str, str] = msgspec.field(default_factory=dict)


class ReasonShown(msgspec.Struct, frozen=True):
    """One reason of a decision: which rule in which version, on which facts, and whether it held."""

    rule: str
    version: str
    facts: tuple[str, ...]
    held: bool | None
    says: Text


class DecisionShown(msgspec.Struct, frozen=True):
    """A decision that explains itself (article 12). It can be reviewed by a human (人工复核)."""

    verdict: str
    reasons: tuple[ReasonShown, ...]


class ReceiptShown(msgspec.Struct, frozen=True):
    """What a recorded act is known by."""

    evidence: UUID
    digest: str


class CaseFiled(msgspec.Struct, frozen=True):
    """The answer to the tap; a repeat under its key gets the same."""

    case: UUID
    case_no: str
    state: str
    accepted: date
    promised_date: date | None
    statutory_date: date | None
    decision: DecisionShown
    grants: tuple[UUID, ...]
    receipts: tuple[ReceiptShown, ...]


class CaseShown(msgspec.Struct, frozen=True):
    """A case as it stands. `decision`, `form` and `next_steps` are gone once it was erased."""

    case: UUID
    case_no: str
    item: str
    item_version: int
    state: str
    accepted: date
    filed_at: datetime
    promised_date: date | None
    decision: DecisionShown | None
    form: tuple[Filled, ...]
    next_steps: tuple[Text, ...]
    grants: tuple[UUID, ...]
    evidence: UUID


class CasesShown(msgspec.Struct, frozen=True):
    """All cases of the person, newest first."""

    cases: tuple[CaseShown, ...]


def decision_shown(outcome: Outcome) -> DecisionShown:
    """A decision in words."""
    return DecisionShown(
        outcome.verdict.value,
        tuple(
            ReasonShown(
                one.rule, one.version, tuple(f"{fact.item}.{fact.field}" for fact in one.facts), one.held, one.says
            )
            for one in outcome.reasons
        ),
    )


def _day(due: Due) -> date | None:
    return due.day


def filed_shown(filed: Filed) -> CaseFiled:
    """The answer to a filing."""
    return CaseFiled(
        case=filed.case,
        case_no=filed.number,
        state=filed.state.value,
        accepted=filed.accepted,
        promised_date=_day(filed.promised),
        statutory_date=_day(filed.statutory),
        decision=decision_shown(filed.outcome),
        grants=filed.grants,
        receipts=tuple(ReceiptShown(one.evidence, one.digest) for one in filed.receipts),
    )


def case_shown(call: Call[Nothing], case: Case) -> CaseShown:
    """A case in words."""
    content = case.content
    item = call.parts.catalogue().edition(case.edition).item(case.item)
    return CaseShown(
        case=case.id,
        case_no=case.number,
        item=case.item,
        item_version=case.item_version,
        state=case.state.value,
        accepted=case.course.accepted,
        filed_at=case.filed_at,
        promised_date=told(case.course, item.promised_limit, call.parts.calendar).day,
        decision=None if content is None else decision_shown(content.outcome),
        form=() if content is None else content.form.filled,
        next_steps=() if content is None or content.settlement is None else content.settlement.next_steps,
        grants=case.grants,
        evidence=case.evidence,
    )


BY_SCENARIO = (
    FormUnfit,
    PluginUnknown,
    PluginUnfit,
    WorkerUnready,
    WorkerLost,
    WorkerBusy,
    DeadlinePassed,
    FrameRefused,
    ResultRefused,
    ResultTooLarge,
    PluginRaised,
    CaseTooLarge,
    AnswerTooLarge,
    AskUnanswered,
    ReleaseAborted,
)
"""What comes of a scenario that does not answer as it has to."""
BY_GATE = (
    Undeclared,
    BasesMixed,
    BasisUnserved,
    DutyMissing,
    LeaseLost,
    EvidenceStale,
    Stopped,
    Paused,
    WithdrawnGrant,
    RevokedGrant,
    EndedGrant,
    Expired,
    SourceMissing,
    SourceUnavailable,
    SourceStale,
    SourceFieldUnknown,
    NoRecord,
    RecordAmbiguous,
    AnswerOnly,
    AnswerUnfit,
)
"""What the gate refuses a scenario, and the scenario lets end the filing."""
_EXAMPLE = CaseRequest(
    case=UUID(int=1),
    item="1244000045585999793440514001000",
    notice=UUID(int=2),
    acts=(Consent(recipient="human_resources", category="bank.account"),),
)


@cases.write(
    "/v1/cases",
    Text("一键办理: 提交办件", "One tap: file the case"),
    takes=CaseRequest,
    gives=CaseFiled,
    status=201,
    refuses=(
        ItemUnknown,
        ItemUnserved,
        StepUpNeeded,
        FilingMalformed,
        NoticeNeeded,
        NoticeUnfit,
        NoticeUnknown,
        NoticeExpired,
        NoticeUsed,
        ActNotOffered,
        SeparateConsentMissing,
        DeclineRefused,
        NeedsInput,
        AnswerUnasked,
        KeyReused,
        InProgress,
        AlreadyFiled,
        AnswerGone,
        *BY_SCENARIO,
        *BY_GATE,
    ),
    keyed=True,
    example=_EXAMPLE,
)
async def file_case(call: Call[CaseRequest]) -> CaseFiled:
    """Approve, decide on released data, store, answer."""
    asked = call.taken
    call.who.needs(today(call).item(asked.item).trust_level)
    filing = Filing(
        client=call.who.client,
        key=call.key,
        subject=call.who.subject,
        item=asked.item,
        case=CaseId(asked.case),
        notice=None if asked.notice is None else NoticeId(asked.notice),
        acts=frozenset(SeparateAct(one.recipient, one.category) for one in asked.acts),
        declined=frozenset(asked.declined),
        answers=asked.answers,
    )
    return filed_shown(await call.parts.intake.file(filing))


@cases.read("/v1/cases", Text("我的办件", "My cases"), takes=Nothing, gives=CasesShown)
async def list_cases(call: Call[Nothing]) -> CasesShown:
    """All cases of the person."""
    found = await of_subject(call.parts.main, call.parts.keyring, call.who.subject)
    return CasesShown(tuple(case_shown(call, case) for case in found))


@cases.read(
    "/v1/cases/{case:uuid}", Text("一个办件", "One case"), takes=Nothing, gives=CaseShown, refuses=(CaseUnknown,)
)
async def show_case(call: Call[Nothing]) -> CaseShown:
    """One case of the person."""
    found = await find(call.parts.main, call.parts.keyring, call.who.subject, CaseId(call.id("case")))
    return case_shown(call, found)


@cases.write(
    "/v1/cases/{case:uuid}/withdrawal",
    Text("撤件", "Withdraw a case before it is decided"),
    takes=Nothing,
    gives=CaseShown,
    refuses=(CaseUnknown, CaseErased, MoveRefused),
    example=Nothing(),
)
async def withdraw_case(call: Call[Nothing]) -> CaseShown:
    """Withdraw it, and end what was granted for it."""
    parts, case = call.parts, CaseId(call.id("case"))
    async with transaction(parts.main) as db:
        await withdraw(db, parts.keyring, _change(call, case, parts.keyring.clock))
    await parts.closure.finish(call.who.subject, case)
    return case_shown(call, await find(parts.main, parts.keyring, call.who.subject, case))


def _change(call: Call[Nothing], case: CaseId, clock: Clock) -> Change:
    return Change(
        subject=call.who.subject,
        case=case,
        by=CaseBy.APPLICANT,
        at=clock(),
        evidence=EvidenceId(random_id()),
        act=random_id(),
    )
