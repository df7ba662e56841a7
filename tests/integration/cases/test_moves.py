"""Moves of a case that stands: who may make them, what each records, and how the clock goes on."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dspace_core.calendar import Limit, Unit, WorkingCalendar
from dspace_core.cases import By, Case, Change, State, ask, decide, find, standing, supply, withdraw
from dspace_core.cases.refusals import CaseErased, CaseUnknown, FilingMalformed, MoveRefused
from dspace_core.errors import Text
from dspace_core.evidence import Act, Actor
from dspace_core.evidence.trail import read_page
from dspace_core.grants import State as GrantState
from dspace_core.grants import of_subject as grants_of
from dspace_core.stores import BrokenWriteError, transaction
from dspace_core.testing.counter import Counter, outcome
from dspace_core.values import CaseId, EvidenceId, Subject, random_id

ASKS = (Text("请补充银行卡正面照片", "a picture of the bank card"),)
FIVE = Limit(5, Unit.WORKING_DAY)


@pytest.fixture
async def referred(counter: Counter) -> Case:
    """A case before a human."""
    counter.script.answers["decide"] = outcome(held=None)
    filed = await counter.file()
    return await find(counter.db, counter.keyring, counter.subject, filed.case)


def change(case: Case, by: By, clock: Any, /, **changes: Any) -> Change:
    made: dict[str, Any] = {
        "subject": case.subject,
        "case": case.id,
        "by": by,
        "authority": "human_resources" if by is By.STAFF else None,
        "acted": random_id() if by is By.STAFF else None,
        "at": clock(),
        "evidence": EvidenceId(random_id()),
        "act": random_id(),
    }
    return Change(**{**made, **changes})


async def do(counter: Counter, act: Callable[..., Any], told: Change, *more: object) -> Case:
    async with transaction(counter.db) as db:
        moved: Case = await act(db, counter.keyring, told, *more)
        return moved


async def test_a_supplement_is_asked_for_and_given_and_the_clock_stands_meanwhile(
    counter: Counter, referred: Case, clock: Any
) -> None:
    calendar = WorkingCalendar.load()
    clock.now = datetime(2026, 5, 7, 2, tzinfo=UTC)
    asked = await do(counter, ask, change(referred, By.STAFF, clock), ASKS)
    assert asked.state is State.SUPPLEMENT
    assert standing(asked.course, FIVE, calendar, date(2026, 6, 30)).left == 4
    clock.now = datetime(2026, 5, 19, 2, tzinfo=UTC)
    given = await do(counter, supply, change(referred, By.APPLICANT, clock), {"card": "enclosed"})
    assert given.state is State.REFERRED
    assert standing(given.course, FIVE, calendar, date(2026, 5, 19)).left == 4
    assert standing(given.course, FIVE, calendar, date(2026, 5, 19)).due == date(2026, 5, 25)
    read = await find(counter.db, counter.keyring, counter.subject, referred.id)
    assert read == given
    assert read.content is not None
    assert [(one.asks, one.answers) for one in read.content.supplements] == [(ASKS, {"card": "enclosed"})]


async def test_a_human_decides_and_the_case_is_closed_after(counter: Counter, referred: Case, clock: Any) -> None:
    decided = await do(counter, decide, change(referred, By.STAFF, clock), outcome())
    assert decided.state is State.APPROVED
    await counter.closure.finish(counter.subject, referred.id)
    closed = await find(counter.db, counter.keyring, counter.subject, referred.id)
    assert closed.state is State.CLOSED
    assert [hook for hook, _ in counter.script.called][-1] == "settle"
    assert counter.script.called[-1][1].outcome == outcome()


async def test_the_applicant_withdraws_and_the_grants_are_ended(counter: Counter, referred: Case, clock: Any) -> None:
    gone = await do(counter, withdraw, change(referred, By.APPLICANT, clock))
    assert (gone.state, gone.released, gone.course.ended) == (State.WITHDRAWN, False, date(2026, 5, 6))
    await counter.closure.finish(counter.subject, referred.id)
    await counter.closure.finish(counter.subject, referred.id)
    read = await find(counter.db, counter.keyring, counter.subject, referred.id)
    assert read.released
    assert [grant.state for grant in await grants_of(counter.db, counter.subject)] == [GrantState.ENDED]


async def test_each_move_is_recorded_with_who_made_it(counter: Counter, referred: Case, clock: Any) -> None:
    asking = change(referred, By.STAFF, clock)
    await do(counter, ask, asking, ASKS)
    supplying = change(referred, By.APPLICANT, clock)
    await do(counter, supply, supplying, {"card": "enclosed"})
    refusing = change(referred, By.STAFF, clock)
    await do(counter, decide, refusing, outcome(held=False))
    page = await read_page(counter.db, counter.keyring, counter.subject)
    records = {line.entry: line.record for line in page.lines}
    told = [records[one.evidence] for one in (asking, supplying, refusing)]
    assert [(record.meta.kind, record.who.actor, record.who.acted) for record in told if record] == [
        (Act.CASE_SUPPLEMENT_ASKED, Actor.STAFF, asking.acted),
        (Act.CASE_SUPPLEMENTED, Actor.SUBJECT, None),
        (Act.CASE_DECIDED, Actor.STAFF, refusing.acted),
    ]
    assert len({record.what.digest for record in told if record}) == 3


@pytest.mark.parametrize("by", [By.APPLICANT, By.SYSTEM])
async def test_what_is_not_in_the_table_is_refused_and_writes_nothing(
    counter: Counter, referred: Case, clock: Any, by: By
) -> None:
    before = await read_page(counter.db, counter.keyring, counter.subject)
    for act, more in ((ask, ASKS), (decide, outcome())):
        with pytest.raises(MoveRefused):
            await do(counter, act, change(referred, by, clock), more)
    with pytest.raises(MoveRefused):
        await do(counter, supply, change(referred, By.APPLICANT, clock), {})
    assert await find(counter.db, counter.keyring, counter.subject, referred.id) == referred
    assert len((await read_page(counter.db, counter.keyring, counter.subject)).lines) == len(before.lines)


async def test_a_case_is_not_referred_twice(counter: Counter, referred: Case, clock: Any) -> None:
    with pytest.raises(MoveRefused):
        await do(counter, decide, change(referred, By.STAFF, clock), outcome(held=None))


async def test_a_closed_case_does_not_move(counter: Counter, clock: Any) -> None:
    filed = await counter.file()
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    for act, by, more in ((withdraw, By.APPLICANT, ()), (ask, By.STAFF, (ASKS,)), (decide, By.STAFF, (outcome(),))):
        with pytest.raises(MoveRefused):
            await do(counter, act, change(case, by, clock), *more)


@pytest.mark.parametrize("authority", [None, "civil_affairs"])
async def test_for_staff_of_another_authority_there_is_no_such_case(
    counter: Counter, referred: Case, clock: Any, authority: str | None
) -> None:
    with pytest.raises(CaseUnknown):
        await do(counter, decide, change(referred, By.STAFF, clock, authority=authority), outcome())


async def test_another_subjects_case_is_unknown(counter: Counter, referred: Case, clock: Any) -> None:
    for changes in ({"subject": Subject(random_id())}, {"case": CaseId(random_id())}):
        with pytest.raises(CaseUnknown):
            await do(counter, withdraw, change(referred, By.APPLICANT, clock, **changes))


async def test_a_supplement_that_no_client_sends_is_refused(counter: Counter, referred: Case, clock: Any) -> None:
    await do(counter, ask, change(referred, By.STAFF, clock), ASKS)
    with pytest.raises(FilingMalformed):
        await do(counter, supply, change(referred, By.APPLICANT, clock), {"Card": "x" * 3000})


async def test_a_move_needs_the_callers_transaction(counter: Counter, referred: Case, clock: Any) -> None:
    async with counter.db.acquire() as db:
        with pytest.raises(BrokenWriteError):
            await withdraw(db, counter.keyring, change(referred, By.APPLICANT, clock))


async def test_two_supplements_are_two_stretches(counter: Counter, referred: Case, clock: Any) -> None:
    for number in range(2):
        clock.now += timedelta(days=number)
        await do(counter, ask, change(referred, By.STAFF, clock), ASKS)
        clock.now += timedelta(days=3)
        await do(counter, supply, change(referred, By.APPLICANT, clock), {})
    read = await find(counter.db, counter.keyring, counter.subject, referred.id)
    assert [(stop.begun.day, stop.ended and stop.ended.day) for stop in read.course.stops] == [(6, 9), (10, 13)]


async def test_an_erased_case_does_not_move_and_still_says_that_it_was(
    counter: Counter, referred: Case, clock: Any, erase: Any
) -> None:
    await erase(counter.subject, referred.id)
    with pytest.raises(CaseErased):
        await do(counter, withdraw, change(referred, By.APPLICANT, clock))
    read = await find(counter.db, counter.keyring, counter.subject, referred.id)
    assert read.content is None
    assert read.number == referred.number
