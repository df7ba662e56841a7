"""The desk: what waits for a human at one authority. Who may do what stands in `roles`; every row is found by authority.

Of the person staff see what the case holds for its decision and nothing else: its form, what was entered and asked for
besides, and the reasons so far. Without them nobody could decide a referred case, and a decision without them could not be
explained (article 12). No subject, no client and no grant is shown, and where seven digits stand in a row (no identity, card or
phone number has fewer) they are hidden: whom a case is of, nobody has to know to decide it. Lists open nothing; each look at a content is recorded in the person's own chain before it is shown.
"""

import re
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from dspace_backend.outside import Most, Outside
from dspace_backend.roles import admit
from dspace_backend.routes.cases import DecisionShown, decision_shown
from dspace_backend.routing import Call, Nothing, Routes
from dspace_backend.strict import QueryInvalid
from dspace_core import Text
from dspace_core.cases import By, Case, Change, ask, decide, desk
from dspace_core.cases.deadline import told
from dspace_core.cases.refusals import CaseErased, CaseUnknown, MoveRefused
from dspace_core.corrections import Answering, Correction, answer
from dspace_core.corrections import desk as correction_desk
from dspace_core.corrections.asking import MOST
from dspace_core.corrections.refusals import AlreadyAnswered, CorrectionUnknown, WordsUnfit
from dspace_core.evidence.ledger_refusals import KeyErased
from dspace_core.scenario import Filled, Outcome, Reason, Verdict
from dspace_core.stores import transaction
from dspace_core.values import EvidenceId, from_ms, random_id, to_ms

at_the_desk = Routes("staff", admit)
RULE = "staff.decision"
"""The rule of a decision by a human; what it says is in the human's own words, in one language."""
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=MOST, pattern=r"\S")]


class ReferredQuery(Outside, frozen=True, kw_only=True):
    """Which page: from the beginning, or from where the page before ended."""

    after: Annotated[str, msgspec.Meta(max_length=50, pattern=r"\A[0-9A-Z]*\Z")] = ""
    most: Most = 20


class AskedQuery(Outside, frozen=True, kw_only=True):
    """Which page: from the oldest, or from where the page before ended."""

    after: Annotated[str, msgspec.Meta(max_length=64)] = ""
    most: Most = 20


class ReferredLine(msgspec.Struct, frozen=True):
    """A case that waits, without its content."""

    case_no: str
    item: str
    item_version: int
    state: str
    accepted: date
    promised_date: date | None


class ReferredShown(msgspec.Struct, frozen=True):
    """A page, by item, of each the oldest first; `after` leads to the next one."""

    cases: tuple[ReferredLine, ...]
    after: str | None


class SupplementShown(msgspec.Struct, frozen=True):
    """What was asked for besides, and what was given."""

    asks: tuple[Text, ...]
    answers: dict[str, str]


class ReferredCase(msgspec.Struct, frozen=True):
    """A case with what it holds for its decision."""

    line: ReferredLine
    form: tuple[Filled, ...]
    answers: dict[str, str]
    decision: DecisionShown
    """The reasons so far."""
    supplements: tuple[SupplementShown, ...]


class SupplementRequest(Outside, frozen=True, kw_only=True):
    """Everything that is missing, at once (一次性告知)."""

    asks: Annotated[tuple[Words, ...], msgspec.Meta(min_length=1, max_length=20)]


class DecisionRequest(Outside, frozen=True, kw_only=True):
    """A human's decision and the reason for it, which the person reads."""

    verdict: Literal["approve", "refuse"]
    reason: Words


class AskedLine(msgspec.Struct, frozen=True):
    """A correction that waits, without its words."""

    ticket: str
    category: str
    field: str
    asked_at: datetime


class AskedShown(msgspec.Struct, frozen=True):
    """A page, the oldest first; `after` leads to the next one."""

    corrections: tuple[AskedLine, ...]
    after: str | None


class AskedCorrection(msgspec.Struct, frozen=True):
    """A correction with the person's words."""

    line: AskedLine
    says: str


class AnswerRequest(Outside, frozen=True, kw_only=True):
    """Whether the record is or will be corrected, and what the person is told."""

    accepted: bool
    says: Words


class AnswerShown(msgspec.Struct, frozen=True):
    """A correction as it was answered."""

    category: str
    field: str
    state: str
    evidence: UUID


def _line(call: Call[object], case: Case) -> ReferredLine:
    item = call.parts.catalogue().edition(case.edition).item(case.item)
    return ReferredLine(
        case_no=case.number,
        item=case.item,
        item_version=case.item_version,
        state=case.state.value,
        accepted=case.course.accepted,
        promised_date=told(case.course, item.promised_limit, call.parts.calendar).day,
    )


@at_the_desk.read(
    "/v1/staff/cases", Text("待人工办理的办件", "Cases that wait for a human"), takes=ReferredQuery, gives=ReferredShown
)
async def list_referred(call: Call[ReferredQuery]) -> ReferredShown:
    """One page of those of the own authority. Nothing is opened, so nothing is recorded."""
    asked = call.taken
    found = await desk.waiting(call.parts.main, call.desk.authority, after=asked.after, most=asked.most)
    after = found[-1].number if len(found) == asked.most else None
    return ReferredShown(tuple(_line(call, case) for case in found), after)


@at_the_desk.read(
    "/v1/staff/cases/{number:str}",
    Text("一个待办件, 查看将被记录", "One case that waits; the look is recorded"),
    takes=Nothing,
    gives=ReferredCase,
    refuses=(CaseUnknown, CaseErased),
)
async def look_at_referred(call: Call[Nothing]) -> ReferredCase:
    """With its content."""
    parts, member = call.parts, call.desk
    by = desk.Look(
        authority=member.authority,
        acted=member.id,
        at=parts.keyring.clock(),
        evidence=EvidenceId(random_id()),
        act=random_id(),
    )
    async with transaction(parts.main) as db:
        case = await desk.look(db, parts.keyring, _number(call), by)
    content = case.content
    assert content is not None  # noqa: S101  (an erased case is refused)
    return ReferredCase(
        _line(call, case),
        tuple(msgspec.structs.replace(one, value=_hidden(one.value)) for one in content.form.filled),
        _all_hidden(content.answers),
        decision_shown(content.outcome),
        tuple(SupplementShown(one.asks, _all_hidden(one.answers)) for one in content.supplements),
    )


@at_the_desk.write(
    "/v1/staff/cases/{number:str}/supplement",
    Text("一次性告知补正", "Ask the applicant for what is missing"),
    takes=SupplementRequest,
    gives=ReferredLine,
    refuses=(CaseUnknown, CaseErased, MoveRefused),
    example=SupplementRequest(asks=("请补充银行卡正面照片",)),
)
async def ask_for_supplement(call: Call[SupplementRequest]) -> ReferredLine:
    """The clock of the case stands still until it is supplied."""
    async with transaction(call.parts.main) as db:
        case = await desk.find_waiting(db, call.desk.authority, _number(call))
        asks = tuple(_said(words) for words in call.taken.asks)
        return _line(call, await ask(db, call.parts.keyring, _change(call, case), asks))


@at_the_desk.write(
    "/v1/staff/cases/{number:str}/decision",
    Text("人工决定", "Decide a case, with the reason for it"),
    takes=DecisionRequest,
    gives=ReferredLine,
    refuses=(CaseUnknown, CaseErased, MoveRefused),
    example=DecisionRequest(verdict="approve", reason="经人工核实, 符合条件"),
)
async def decide_referred(call: Call[DecisionRequest]) -> ReferredLine:
    """Settled, and closed with its grants, by the sweep that closes every decided case."""
    held = Verdict(call.taken.verdict) is Verdict.APPROVE
    reason = Reason(rule=RULE, version="1", facts=(), held=held, says=_said(call.taken.reason))
    async with transaction(call.parts.main) as db:
        case = await desk.find_waiting(db, call.desk.authority, _number(call))
        return _line(call, await decide(db, call.parts.keyring, _change(call, case), Outcome((reason,))))


@at_the_desk.read(
    "/v1/staff/corrections",
    Text("待答复的更正申请", "Corrections that wait for an answer"),
    takes=AskedQuery,
    gives=AskedShown,
)
async def list_asked(call: Call[AskedQuery]) -> AskedShown:
    """One page of those that concern the own authority's records. Nothing is opened, so nothing is recorded."""
    asked = call.taken
    after = _ticket(asked.after) if asked.after else None
    if asked.after and after is None:
        raise QueryInvalid(at="$.after", problem=Text("无法识别的页码", "no page begins there"))
    found = await correction_desk.waiting(call.parts.main, call.desk.authority, after=after, most=asked.most)
    lines = tuple(map(_asked_line, found))
    return AskedShown(lines, lines[-1].ticket if len(lines) == asked.most else None)


@at_the_desk.read(
    "/v1/staff/corrections/{ticket:str}",
    Text("一项待答复的更正申请, 查看将被记录", "One correction that waits; the look is recorded"),
    takes=Nothing,
    gives=AskedCorrection,
    refuses=(CorrectionUnknown, KeyErased),
)
async def look_at_asked(call: Call[Nothing]) -> AskedCorrection:
    """With the person's words."""
    parts, member = call.parts, call.desk
    by = correction_desk.Look(
        authority=member.authority,
        acted=member.id,
        at=parts.keyring.clock(),
        evidence=EvidenceId(random_id()),
        act=random_id(),
    )
    async with transaction(parts.main) as db:
        one = await correction_desk.look(db, parts.keyring, _named(call), by)
    assert one.content is not None  # noqa: S101  (an erased one is refused)
    return AskedCorrection(_asked_line(one), _hidden(one.content.says))


@at_the_desk.write(
    "/v1/staff/corrections/{ticket:str}/answer",
    Text("答复更正申请", "Answer a correction"),
    takes=AnswerRequest,
    gives=AnswerShown,
    refuses=(CorrectionUnknown, AlreadyAnswered, WordsUnfit, KeyErased),
    example=AnswerRequest(accepted=True, says="已更正"),
)
async def answer_asked(call: Call[AnswerRequest]) -> AnswerShown:
    """Once, for the authority."""
    parts, member = call.parts, call.desk
    async with transaction(parts.main) as db:
        one = await correction_desk.find_waiting(db, member.authority, _named(call))
        answering = Answering(
            subject=one.subject,
            id=one.id,
            authority=member.authority,
            acted=member.id,
            accepted=call.taken.accepted,
            says=call.taken.says,
            at=parts.keyring.clock(),
            evidence=EvidenceId(random_id()),
        )
        done = await answer(db, parts.keyring, answering)
    return AnswerShown(done.category, done.field, done.state.value, done.evidence)


def _change(call: Call[object], case: Case) -> Change:
    return Change(
        subject=case.subject,
        case=case.id,
        by=By.STAFF,
        authority=call.desk.authority,
        acted=call.desk.id,
        at=call.parts.keyring.clock(),
        evidence=EvidenceId(random_id()),
        act=random_id(),
    )


def _said(words: str) -> Text:
    """A human's own words: nobody translates them."""
    said = words.strip()
    return Text(said, said)


def _hidden(text: str) -> str:
    """The text without what may be an identifier, in whatever digits it is written."""
    return re.sub(r"[A-Za-z]?\d{7,}[A-Za-z]?", "******", text)


def _all_hidden(answers: dict[str, str]) -> dict[str, str]:
    return {name: _hidden(given) for name, given in answers.items()}


def _number(call: Call[object]) -> str:
    """The case number in the path. Raises CaseUnknown for what is none."""
    number = call.text("number")
    if re.fullmatch(r"[0-9A-Z]{1,50}", number, re.ASCII) is None:
        raise CaseUnknown
    return number


def _asked_line(one: Correction) -> AskedLine:
    of = correction_desk.ticket(one)
    return AskedLine(f"{to_ms(of.asked_at)}-{of.evidence.hex}", one.category, one.field, one.asked_at)


def _named(call: Call[object]) -> correction_desk.Ticket:
    """The ticket in the path. Raises CorrectionUnknown for what is none."""
    found = _ticket(call.text("ticket"))
    if found is None:
        raise CorrectionUnknown
    return found


def _ticket(text: str) -> correction_desk.Ticket | None:
    read = re.fullmatch(r"([0-9]{1,14})-([0-9a-f]{32})", text, re.ASCII)
    return None if read is None else correction_desk.Ticket(from_ms(int(read[1])), EvidenceId(UUID(read[2])))
