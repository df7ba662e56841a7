"""Closing: resumed at each step, once, and never in the way of other cases."""

import asyncio
from typing import Any

import pytest

from dspace_core.cases import Filed, State, find
from dspace_core.errors import Refusal, Text
from dspace_core.evidence import Act
from dspace_core.evidence.trail import read_page
from dspace_core.grants import State as GrantState
from dspace_core.grants import of_subject as grants_of
from dspace_core.grants.refusals import GrantMissing
from dspace_core.scenario import DataRefused, Settlement
from dspace_core.testing.claims import ACCOUNT
from dspace_core.testing.counter import Counter


async def state(counter: Counter, filed: Filed) -> State:
    return (await find(counter.db, counter.keyring, counter.subject, filed.case)).state


async def closings(counter: Counter) -> int:
    page = await read_page(counter.db, counter.keyring, counter.subject)
    return sum(line.record is not None and line.record.meta.kind is Act.CASE_CLOSED for line in page.lines)


@pytest.mark.parametrize("fault", [DataRefused(item="x", reason="y")])
async def test_a_scenario_that_cannot_settle_leaves_a_decision_that_stands(counter: Counter, fault: Refusal) -> None:
    settlement = counter.script.answers["settle"]
    counter.script.answers["settle"] = fault
    filing = counter.filing(await counter.prepare())
    filed = await counter.intake.file(filing)
    assert await state(counter, filed) is State.APPROVED
    counter.script.answers["settle"] = settlement
    assert await counter.intake.file(filing) == filed
    assert await state(counter, filed) is State.CLOSED


async def test_a_gate_that_cannot_stop_leaves_the_case_open_until_it_can(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(*_: object) -> object:
        raise GrantMissing

    with monkeypatch.context() as planted:
        planted.setattr(counter.process.gate, "end", stuck)
        filed = await counter.file()
        assert await state(counter, filed) is State.APPROVED
    await counter.closure.finish(counter.subject, filed.case)
    assert await state(counter, filed) is State.CLOSED
    assert [hook for hook, _ in counter.script.called].count("settle") == 1


async def test_a_closed_case_has_no_live_grant_wherever_closing_was_interrupted(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> object:
        raise GrantMissing

    for step in ("_settle", "_end_grants", "_close"):
        with monkeypatch.context() as planted:
            planted.setattr(counter.closure, step, fails)
            filed = await counter.file()
            assert await state(counter, filed) is State.APPROVED
        await counter.closure.finish(counter.subject, filed.case)
        assert await state(counter, filed) is State.CLOSED
    assert {grant.state for grant in await grants_of(counter.db, counter.subject)} == {GrantState.ENDED}
    assert await closings(counter) == 3


async def test_many_at_once_close_once(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    async def later(*_: object) -> bool:
        return False

    with monkeypatch.context() as planted:
        planted.setattr(counter.closure, "tried", later)
        filed = await counter.file()
    await asyncio.gather(*(counter.closure.finish(counter.subject, filed.case) for _ in range(4)))
    assert await state(counter, filed) is State.CLOSED
    assert await closings(counter) == 1


async def test_the_sweep_finishes_what_nobody_finished_and_passes_what_cannot_be(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dspace_core.cases.closure._AT_ONCE", 2)
    counter.script.answers["settle"] = DataRefused(item="x", reason="y")
    filed = [await counter.file() for _ in range(5)]
    assert await counter.closure.finish_waiting() == 0
    counter.script.answers["settle"] = Settlement()
    assert await counter.closure.finish_waiting() >= 5
    assert {await state(counter, one) for one in filed} == {State.CLOSED}
    assert await counter.closure.finish_waiting() == 0


async def test_when_the_person_stopped_the_data_nothing_more_is_asked(claimant: Counter) -> None:
    claimant.script.asks["settle"] = (ACCOUNT,)
    claimant.script.answers["settle"] = DataRefused(item="x", reason="y")
    filed = await claimant.file()
    assert await state(claimant, filed) is State.APPROVED
    (grant,) = await grants_of(claimant.db, claimant.subject)
    await claimant.withdraw(grant)
    given = len(claimant.script.given.values)
    await claimant.closure.finish(claimant.subject, filed.case)
    assert await state(claimant, filed) is State.CLOSED
    assert len(claimant.script.given.values) == given


async def test_article_3_what_a_scenario_settles_after_a_withdrawal_is_not_stored(claimant: Counter) -> None:
    """It was asked before, with the data; the person withdraws while it thinks (design 5 and 12.6)."""

    async def withdrawn(hook: str) -> None:
        if hook == "settle":
            (grant,) = await grants_of(claimant.db, claimant.subject)
            await claimant.withdraw(grant)

    claimant.script.before = withdrawn
    filed = await claimant.file()
    case = await find(claimant.db, claimant.keyring, claimant.subject, filed.case)
    assert case.state is State.CLOSED
    assert case.content is not None
    assert case.content.settlement == Settlement()


async def test_what_is_settled_first_stands(counter: Counter) -> None:
    """A filing and the sweep may ask at once; whoever comes second does not write over what the person has read."""
    second, both = asyncio.Event(), asyncio.Event()
    counter.script.answers["settle"] = DataRefused(item="x", reason="y")
    filed = await counter.file()

    async def late(hook: str) -> None:
        both.set()
        await second.wait()

    other = Counter(counter.process, counter.subject)
    other.script.answers["settle"] = Settlement(next_steps=(Text("迟到", "late"),))
    other.script.before = late
    sweeping = asyncio.create_task(other.closure.finish(counter.subject, filed.case))
    await both.wait()
    counter.script.answers["settle"] = Settlement(next_steps=(Text("次月起发放", "paid from next month on"),))
    with pytest.MonkeyPatch.context() as planted:
        planted.setattr(counter.closure, "_end_grants", second.wait)  # never reached in time: the case stays decided
        settling = asyncio.create_task(counter.closure.finish(counter.subject, filed.case))
        while (await find(counter.db, counter.keyring, counter.subject, filed.case)).content.settlement is None:  # type: ignore[union-attr]
            await asyncio.sleep(0.01)
        settling.cancel()
    second.set()
    await sweeping
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert case.content is not None
    assert case.content.settlement is not None
    assert [step.en for step in case.content.settlement.next_steps] == ["paid from next month on"]


async def test_a_fault_in_one_case_keeps_neither_its_answer_nor_other_cases_back(counter: Counter) -> None:
    settlement = counter.script.answers["settle"]
    counter.script.answers["settle"] = RuntimeError("planted")
    filed = [await counter.file() for _ in range(2)]
    other = counter.another()
    other.script.answers["settle"] = DataRefused(item="x", reason="y")
    theirs = await other.file()
    assert {await state(counter, one) for one in filed} == {State.APPROVED}
    failing = iter([True])

    async def fails_once(hook: str) -> None:
        if next(failing, False):
            raise RuntimeError("planted")

    counter.script.answers["settle"] = settlement
    counter.script.before = fails_once
    assert await counter.closure.finish_waiting() >= 2
    assert sorted([(await state(counter, one)).value for one in filed] + [(await state(other, theirs)).value]) == [
        "approved",
        "closed",
        "closed",
    ]


async def test_a_case_whose_content_was_erased_is_closed_without_it(counter: Counter, erase: Any) -> None:
    settlement = counter.script.answers["settle"]
    counter.script.answers["settle"] = DataRefused(item="x", reason="y")
    filed = await counter.file()
    await erase(counter.subject, filed.case)
    counter.script.answers["settle"] = settlement
    await counter.closure.finish(counter.subject, filed.case)
    assert await state(counter, filed) is State.CLOSED


async def test_what_is_not_over_is_left_alone(counter: Counter) -> None:
    filed = await counter.file()
    before = await read_page(counter.db, counter.keyring, counter.subject)
    await counter.closure.finish(counter.subject, filed.case)
    after = await read_page(counter.db, counter.keyring, counter.subject)
    assert {line.entry for line in after.lines} == {line.entry for line in before.lines}
