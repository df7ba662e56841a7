"""Moving a case that stands: ask for a supplement, supply it, refer, decide, withdraw.

Each call is the row and its evidence inside the caller's transaction. What follows a decision or a withdrawal, and
ends the case's grants, is the closure's.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_core.calendar import legal_day
from dspace_core.cases import keys, states, tables
from dspace_core.cases.deadline import Course, Stop
from dspace_core.cases.keys import CaseKey
from dspace_core.cases.model import Case, Content, Supplement, check_answers
from dspace_core.cases.records import Entry, case_draft
from dspace_core.cases.refusals import CaseErased, CaseUnknown
from dspace_core.cases.states import DECIDED, FINAL, By, State
from dspace_core.cases.tables import Row
from dspace_core.errors import Text
from dspace_core.evidence import Act
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.pending import attest
from dspace_core.scenario import Outcome, Verdict
from dspace_core.stores import Connection
from dspace_core.values import CaseId, EvidenceId, Subject, utc

RECORDED = {
    states.Act.ASK: Act.CASE_SUPPLEMENT_ASKED,
    states.Act.SUPPLY: Act.CASE_SUPPLEMENTED,
    states.Act.REFER: Act.CASE_REFERRED,
    states.Act.APPROVE: Act.CASE_DECIDED,
    states.Act.REFUSE: Act.CASE_DECIDED,
    states.Act.CLOSE: Act.CASE_CLOSED,
    states.Act.WITHDRAW: Act.CASE_WITHDRAWN,
}
ACTS = {
    Verdict.APPROVE: states.Act.APPROVE,
    Verdict.REFUSE: states.Act.REFUSE,
    Verdict.REFER: states.Act.REFER,
}
"""What a verdict does to the case."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Who changes which case when, and the ids of what is recorded, made before and kept."""

    subject: Subject
    case: CaseId
    by: By
    authority: str | None = None
    """Of the staff member: there is no case of another authority for them."""
    acted: UUID | None = None
    at: datetime
    evidence: EvidenceId
    act: UUID


async def ask(db: Connection, keyring: Keyring, change: Change, asks: tuple[Text, ...]) -> Case:
    """Ask the applicant for a supplement; from the next day on the clock stands still.

    Raises CaseUnknown, CaseErased, MoveRefused, as all of these do.
    """
    held = await _take(db, keyring, change, states.Act.ASK)
    content = msgspec.structs.replace(held.content, supplements=(*held.content.supplements, Supplement(asks=asks)))
    return await held.write(db, keyring, content)


async def supply(db: Connection, keyring: Keyring, change: Change, answers: dict[str, str]) -> Case:
    """Take in what the applicant was asked for; this day still counts as one on which the clock stood.

    Raises FilingMalformed for answers that no client of ours sends.
    """
    check_answers(answers)
    held = await _take(db, keyring, change, states.Act.SUPPLY)
    *before, asked = held.content.supplements
    given = msgspec.structs.replace(asked, answers=answers)
    return await held.write(db, keyring, msgspec.structs.replace(held.content, supplements=(*before, given)))


async def decide(db: Connection, keyring: Keyring, change: Change, outcome: Outcome) -> Case:
    """Approve or refuse the case, or refer it to a human, as the reasons come out."""
    held = await _take(db, keyring, change, ACTS[outcome.verdict])
    return await held.write(db, keyring, msgspec.structs.replace(held.content, outcome=outcome))


async def withdraw(db: Connection, keyring: Keyring, change: Change) -> Case:
    """Withdraw the case (撤件), before it is decided."""
    held = await _take(db, keyring, change, states.Act.WITHDRAW)
    return await held.write(db, keyring, held.content)


class _Held(msgspec.Struct, frozen=True):
    """A case taken for one move, opened."""

    case: Case
    content: Content
    key: CaseKey
    change: Change
    act: states.Act

    async def write(self, db: Connection, keyring: Keyring, content: Content) -> Case:
        """Save the case as the move leaves it, and record the move."""
        change = self.change
        state = states.after(self.case.state, self.act, change.by)
        moved = msgspec.structs.replace(
            self.case,
            state=state,
            course=_onward(self.case.course, self.act, state, change.at),
            changed_at=utc(change.at),
            evidence=change.evidence,
        )
        await tables.save(db, Row(moved, self.key.seal_content(content)))
        entry = Entry(
            kind=RECORDED[self.act],
            by=change.by,
            acted=change.acted,
            at=change.at,
            evidence=change.evidence,
            act=change.act,
        )
        await attest(db, case_draft(moved, entry, self.key.digest(content)), keyring)
        return msgspec.structs.replace(moved, content=content)


async def _take(db: Connection, keyring: Keyring, change: Change, act: states.Act) -> _Held:
    """The case, locked and opened, if the act may be done to it."""
    row = await tables.take(db, change.subject, change.case)
    if row is None or (change.by is By.STAFF and row.case.authority != change.authority):
        raise CaseUnknown
    states.after(row.case.state, act, change.by)
    key = await keys.held(keyring, change.subject, change.case)
    if key is None:
        raise CaseErased
    return _Held(row.case, key.open_content(row.sealed), key, change, act)


def _onward(course: Course, act: states.Act, state: State, at: datetime) -> Course:
    """The days after the move: asking stops the clock, supplying lets it run, a decision or a withdrawal ends it."""
    today = legal_day(at)
    stops = course.stops
    if act is states.Act.ASK:
        stops = (*stops, Stop(today))
    elif act is states.Act.SUPPLY:
        stops = (*stops[:-1], Stop(stops[-1].begun, today))
    ended = course.ended or (today if state in DECIDED | FINAL else None)
    return Course(accepted=course.accepted, stops=stops, ended=ended)
