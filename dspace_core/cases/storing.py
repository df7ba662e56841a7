"""Storing a decided filing: the case, its evidence, and the answer that a repeat will get, in one transaction."""

import msgspec

from dspace_core.calendar import legal_day
from dspace_core.cases import attempt_tables, states, tables
from dspace_core.cases.attempt_tables import Attempt, Key
from dspace_core.cases.attempts import Attempts
from dspace_core.cases.consulting import Matter
from dspace_core.cases.deadline import Course, told
from dspace_core.cases.keys import CaseKey
from dspace_core.cases.means import Means
from dspace_core.cases.model import Case, Content, Filed, Filing, Receipt
from dspace_core.cases.moves import ACTS, RECORDED
from dspace_core.cases.numbers import case_number
from dspace_core.cases.records import Entry, case_draft
from dspace_core.cases.refusals import AlreadyFiled
from dspace_core.cases.states import DECIDED, By, State
from dspace_core.cases.tables import Row
from dspace_core.catalog import ServiceItem
from dspace_core.evidence import Act
from dspace_core.evidence.pending import attest_all, draft_digest
from dspace_core.grants import lock_live
from dspace_core.grants.refusals import Expired, GrantMissing
from dspace_core.grants.rules import not_live
from dspace_core.points import Point, reached
from dspace_core.stores import Connection, transaction
from dspace_core.values import GrantId, Subject, to_ms, utc


class Deposit(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a case is made of."""

    key: Key
    filing: Filing
    attempt: Attempt
    item: ServiceItem
    matter: Matter
    content: Content
    receipts: tuple[Receipt, ...]
    """Of its grants."""


async def deposit(means: Means, attempts: Attempts, made: Deposit, key: CaseKey) -> Filed | None:
    """Store the case; nothing if another process took the filing over.

    (1) the filing is still ours  (2) the case is new  (3) every grant that it rests on is live, and stays so until this
    commits  (4) its evidence  (5) the answer. Raises the reason why a grant is not live, AlreadyFiled.
    """
    attempt = made.attempt
    assert attempt.process is not None  # noqa: S101  (it is ours)
    async with transaction(means.db) as db:
        if not await attempts.still_ours(db, made.key, attempt.process):  # 1
            return None
        case = _case(means, made, await tables.serial(db))
        if not await tables.add(db, Row(case, key.seal_content(made.content))):  # 2
            raise AlreadyFiled
        await _check_live(db, made.filing.subject, made.matter.grants, to_ms(means.keyring.clock()))  # 3
        digest = key.digest(made.content)
        drafts = [case_draft(state, entry, digest) for state, entry in _entries(case, made)]
        await attest_all(db, drafts, means.keyring)  # 4
        filed = Filed(
            case=case.id,
            number=case.number,
            state=case.state,
            accepted=case.course.accepted,
            promised=told(case.course, made.item.promised_limit, means.calendar),
            statutory=told(case.course, made.item.statutory_limit, means.calendar),
            outcome=made.content.outcome,
            grants=case.grants,
            receipts=(*made.receipts, *(Receipt(draft.meta.entry, draft_digest(draft)) for draft in drafts)),
        )
        await attempt_tables.answer(db, made.key, key.seal_answer(made.key.digest, filed))  # 5
        reached(Point.CASE)
    return filed


async def _check_live(db: Connection, subject: Subject, held: tuple[GrantId, ...], now: int) -> None:
    keys = [(subject, grant) for grant in held]
    found = await lock_live(db, keys)
    for key in keys:
        if key not in found:
            raise GrantMissing
        why = not_live(found[key].state)
        if why is not None:
            raise why
        if now >= found[key].ends_at:
            raise Expired


def _case(means: Means, made: Deposit, serial: int) -> Case:
    """The case as it is stored: accepted on the day of the first attempt, and decided today."""
    filing, matter, now = made.filing, made.matter, utc(means.keyring.clock())
    act = ACTS[made.content.outcome.verdict]
    state = states.after(State.ACCEPTED, act, By.SYSTEM)
    return Case(
        subject=filing.subject,
        id=filing.case,
        number=case_number(filing.item, matter.accepted, serial),
        client=filing.client,
        item=filing.item,
        item_version=made.item.version,
        edition=matter.edition,
        authority=made.item.authority,
        plugin=matter.plugin,
        grants=matter.grants,
        state=state,
        course=Course(accepted=matter.accepted, ended=legal_day(now) if state in DECIDED else None),
        filed_at=now,
        changed_at=now,
        released=False,
        filed_evidence=made.attempt.minted.filed,
        evidence=made.attempt.minted.decided,
        content=None,
    )


def _entries(case: Case, made: Deposit) -> tuple[tuple[Case, Entry], ...]:
    """The acts of one filing: the applicant's, and what the scenario decided on it."""
    minted, act = made.attempt.minted, ACTS[made.content.outcome.verdict]
    filed = Entry(kind=Act.CASE_FILED, by=By.APPLICANT, at=case.filed_at, evidence=minted.filed, act=minted.act)
    decided = Entry(kind=RECORDED[act], by=By.SYSTEM, at=case.filed_at, evidence=minted.decided, act=minted.act)
    return (case, filed), (case, decided)
