"""Refusals of one kind: the first at once, the rest counted; a process that died with counts untold leaves a gap."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.evidence import Act, Draft
from dspace_core.evidence.coalesced import Coalesced, Refused
from dspace_core.values import CaseId, Subject, random_id


class Desk:
    """Records drafts in memory, on a clock that is moved by hand. While `slow` is set, it fails when that is."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
        self.drafts: list[Draft] = []
        self.broken = False
        self.slow: asyncio.Event | None = None

    def __call__(self) -> datetime:
        return self.now

    async def attest(self, draft: Draft) -> None:
        if self.slow is not None:
            await self.slow.wait()
        if self.broken:
            raise OSError("no database")
        self.drafts.append(draft)

    @property
    def told(self) -> list[tuple[Act, int | None]]:
        return [(draft.meta.kind, draft.what.count) for draft in self.drafts]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def coalesced(desk: Desk, tmp_path: Path) -> Coalesced:
    return Coalesced(desk.attest, tmp_path / "web-0.refusals", desk)


def kind(reason: str = "grant.missing") -> Refused:
    return Refused(Subject(random_id()), "social-security", CaseId(random_id()), reason)


async def test_the_first_is_recorded_at_once_and_the_rest_as_one_count(desk: Desk, coalesced: Coalesced) -> None:
    refused = kind()
    for _ in range(5):
        await coalesced.refuse(refused)
    assert desk.told == [(Act.USE_REFUSED, None)]
    desk.now += timedelta(minutes=1)
    await coalesced.tell()
    assert desk.told == [(Act.USE_REFUSED, None), (Act.REFUSALS_COALESCED, 4)]
    assert desk.drafts[1].why.refusal == "grant.missing"


async def test_another_case_reason_or_minute_is_recorded_of_its_own(desk: Desk, coalesced: Coalesced) -> None:
    refused = kind()
    await coalesced.refuse(refused)
    await coalesced.refuse(kind())
    await coalesced.refuse(Refused(refused.subject, refused.plugin, refused.case, "grant.expired"))
    desk.now += timedelta(minutes=1)
    await coalesced.refuse(refused)
    assert desk.told == [(Act.USE_REFUSED, None)] * 4


async def test_a_refusal_that_could_not_be_recorded_is_not_counted_as_known(desk: Desk, coalesced: Coalesced) -> None:
    desk.broken = True
    refused = kind()
    with pytest.raises(OSError, match="no database"):
        await coalesced.refuse(refused)
    desk.broken = False
    await coalesced.refuse(refused)
    assert desk.told == [(Act.USE_REFUSED, None)]


async def test_refusals_that_could_not_be_recorded_are_told_later_behind_a_gap_that_counts_them(
    desk: Desk, coalesced: Coalesced
) -> None:
    desk.broken = True
    refused = kind()
    for _ in range(3):
        with pytest.raises(OSError, match="no database"):
            await coalesced.refuse(refused)
    with pytest.raises(OSError, match="no database"):
        await coalesced.tell()
    desk.broken = False
    await coalesced.tell()
    assert desk.told == [(Act.GAP, 3), (Act.REFUSALS_COALESCED, 3)]
    assert desk.drafts[1].who.subject == refused.subject
    await coalesced.tell()
    assert len(desk.told) == 2


@pytest.mark.parametrize("seconds", [0, 60])
async def test_what_was_counted_behind_a_first_that_failed_is_not_lost(
    desk: Desk, coalesced: Coalesced, seconds: int
) -> None:
    """A first is being recorded, others are counted behind it, the minute may end, and then it fails."""
    desk.slow, desk.broken = asyncio.Event(), True
    refused = kind()
    first = asyncio.create_task(coalesced.refuse(refused))
    await asyncio.sleep(0)
    await coalesced.refuse(refused)
    await coalesced.refuse(refused)
    desk.now += timedelta(seconds=seconds)
    telling = asyncio.create_task(coalesced.tell())
    await asyncio.sleep(0)
    desk.slow.set()
    with pytest.raises(OSError, match="no database"):
        await first
    await asyncio.gather(telling, return_exceptions=True)
    desk.slow, desk.broken = None, False
    await coalesced.tell(ending=True)
    assert desk.told[0][0] is Act.GAP
    assert sum(count or 0 for act, count in desk.told if act is Act.REFUSALS_COALESCED) == 3


async def test_a_process_that_died_with_refusals_unrecorded_leaves_a_gap(
    desk: Desk, coalesced: Coalesced, tmp_path: Path
) -> None:
    desk.broken = True
    with pytest.raises(OSError, match="no database"):
        await coalesced.refuse(kind())
    desk.broken = False
    assert await Coalesced(desk.attest, tmp_path / "web-0.refusals", desk).start()
    assert desk.told == [(Act.GAP, None)]


async def test_a_process_that_died_with_counts_untold_leaves_a_gap(
    desk: Desk, coalesced: Coalesced, tmp_path: Path
) -> None:
    refused = kind()
    await coalesced.refuse(refused)
    await coalesced.refuse(refused)
    next_one = Coalesced(desk.attest, tmp_path / "web-0.refusals", desk)
    assert await next_one.start()
    assert desk.told[-1] == (Act.GAP, None)
    assert not await next_one.start()


async def test_a_process_that_ended_well_leaves_none(desk: Desk, coalesced: Coalesced, tmp_path: Path) -> None:
    refused = kind()
    await coalesced.refuse(refused)
    await coalesced.refuse(refused)
    await coalesced.tell(ending=True)
    assert desk.told[-1] == (Act.REFUSALS_COALESCED, 1)
    assert not await Coalesced(desk.attest, tmp_path / "web-0.refusals", desk).start()


async def test_a_count_that_could_not_be_told_is_told_later(desk: Desk, coalesced: Coalesced) -> None:
    refused = kind()
    await coalesced.refuse(refused)
    await coalesced.refuse(refused)
    desk.now += timedelta(minutes=1)
    desk.broken = True
    with pytest.raises(OSError, match="no database"):
        await coalesced.tell()
    desk.broken = False
    await coalesced.tell()
    assert desk.told[-1] == (Act.REFUSALS_COALESCED, 1)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50), st.booleans()), max_size=40))
async def test_no_refusal_is_lost_and_none_counted_twice(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[int, int, bool]]
) -> None:
    desk = Desk()
    mark = tmp_path_factory.mktemp("mark") / "m"
    coalesced = Coalesced(desk.attest, mark, desk)
    kinds = [kind() for _ in range(3)]
    for which, seconds, broken in asked:
        desk.now += timedelta(seconds=seconds)
        desk.broken = broken
        for step in (coalesced.tell(), coalesced.refuse(kinds[which])):
            with contextlib.suppress(OSError):
                await step
    desk.broken = False
    await coalesced.tell(ending=True)
    told = [(act, count) for act, count in desk.told if act is not Act.GAP]
    assert sum(1 if count is None else count for _, count in told) == len(asked)
    assert not await Coalesced(desk.attest, mark, desk).start()
