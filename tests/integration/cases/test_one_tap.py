"""One tap on item A3 with everything real: gate, sources, duties, and the shipped scenario in a process of its own."""

import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from dspace_core.cases import State, find, of_subject
from dspace_core.confine.crew import Crew
from dspace_core.confine.process import executed
from dspace_core.evidence import Act
from dspace_core.evidence.trail import read_page
from dspace_core.grants import State as GrantState
from dspace_core.grants import of_subject as grants_of
from dspace_core.grants.refusals import WithdrawnGrant
from dspace_core.testing.counter import Counter
from dspace_core.testing.space import ScratchSpace, SpaceProcess


@pytest.fixture(scope="module")
async def today(space: ScratchSpace) -> AsyncIterator[SpaceProcess]:
    """A process on the real day: the duties of the space begin with it."""
    async with space.process() as running:
        yield running


@pytest.fixture(scope="module")
async def crew() -> AsyncIterator[Crew]:
    made = Crew({"social_security": executed(Path(sys.executable))})
    assert await made.start() == ()
    yield made
    await made.close()


async def tapping(space: ScratchSpace, today: SpaceProcess, crew: Crew, number: int) -> Counter:
    """One of those who can claim, at a counter behind which the shipped scenario works."""
    return Counter(today, await today.subject(space.claimants()[number]), crew)


async def test_a_claim_is_approved_on_one_confirmation_with_nothing_to_fill_in(
    space: ScratchSpace, today: SpaceProcess, crew: Crew
) -> None:
    counter = await tapping(space, today, crew, 0)
    prepared = await counter.prepare()
    assert prepared.notice is not None
    assert len(prepared.notice.boxes) == 1
    filed = await counter.intake.file(counter.filing(prepared))
    assert filed.state is State.APPROVED
    assert all(reason.held for reason in filed.outcome.reasons)
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert case.state is State.CLOSED
    assert case.content is not None
    assert case.content.form.questions == ()
    assert case.content.settlement is not None
    assert case.content.settlement.next_steps
    assert [grant.state for grant in await grants_of(counter.db, counter.subject)] == [GrantState.ENDED]


async def test_every_use_of_the_tap_stands_in_the_trail_with_its_basis(
    space: ScratchSpace, today: SpaceProcess, crew: Crew
) -> None:
    counter = await tapping(space, today, crew, 1)
    filed = await counter.file()
    page = await read_page(counter.db, counter.keyring, counter.subject)
    records = [line.record for line in page.lines if line.record is not None]
    uses = [record for record in records if record.meta.kind in (Act.USE_RELEASED, Act.STATUTORY_USE)]
    assert {record.what.item for record in uses} == {
        "population.record",
        "death.record",
        "pension.record",
        "bank.account",
    }
    assert {record.what.item for record in uses if record.meta.kind is Act.USE_RELEASED} == {"bank.account"}
    assert {record.next.case for record in uses} == {filed.case}


async def test_a_repeat_of_the_tap_reads_nothing_again(space: ScratchSpace, today: SpaceProcess, crew: Crew) -> None:
    counter = await tapping(space, today, crew, 2)
    filing = counter.filing(await counter.prepare())
    first = await counter.intake.file(filing)
    before = await read_page(counter.db, counter.keyring, counter.subject)
    assert await counter.intake.file(filing) == first
    assert await read_page(counter.db, counter.keyring, counter.subject) == before


async def test_article_3_a_consent_withdrawn_before_the_tap_is_repeated_leaves_no_case(
    space: ScratchSpace, today: SpaceProcess, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await tapping(space, today, crew, 3)
    filing = counter.filing(await counter.prepare())

    async def fails(*_: object) -> None:
        raise RuntimeError("planted")

    with monkeypatch.context() as planted:
        planted.setattr(crew, "call", fails)
        with pytest.raises(RuntimeError, match="planted"):
            await counter.intake.file(filing)
    (grant,) = await grants_of(counter.db, counter.subject)
    await counter.withdraw(grant)
    with pytest.raises(WithdrawnGrant):
        await counter.intake.file(filing)
    assert await of_subject(counter.db, counter.keyring, counter.subject) == ()


async def test_whoever_cannot_claim_is_refused_with_reasons_and_the_case_is_closed(
    space: ScratchSpace, today: SpaceProcess, crew: Crew
) -> None:
    """Somebody with a record everywhere, and too young."""
    rows = space.registers
    young = {row[0] for row in rows.table("person").rows if isinstance(row[3], date) and row[3] > date(1980, 1, 1)}
    insured = {row[0] for row in rows.table("pension").rows if row[1] == "resident"}
    paid_to = {row[1] for row in rows.table("account").rows if row[4] and row[5] == "active"}
    someone = sorted(str(one) for one in young & insured & paid_to)[0]
    counter = Counter(today, await today.subject(someone), crew)
    filed = await counter.file()
    assert filed.state is State.REFUSED
    assert any(reason.held is False for reason in filed.outcome.reasons)
    assert (await find(counter.db, counter.keyring, counter.subject, filed.case)).state is State.CLOSED
