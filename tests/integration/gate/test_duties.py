"""Duties are proposed by one and approved by two others, and are recorded when they come into force."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest

from dspace_core.errors import Refusal
from dspace_core.evidence.pending import SYSTEM
from dspace_core.gate import Duty, duties, duty_tables
from dspace_core.stores import transaction
from dspace_core.testing.ledger import Session
from dspace_core.testing.space import ScratchSpace
from dspace_core.values import random_id

AT = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
async def operator(space: ScratchSpace) -> AsyncIterator[Session]:
    async with space.ledger.session("migrate") as session:
        yield session


def duty() -> Duty:
    return Duty(
        id=random_id(),
        authority="human_resources",
        law="a law made up for tests, article 2",
        items=frozenset({"440111000001"}),
        fields=frozenset({"population.record.sex"}),
        purpose="统计",
        starts_on=date(2026, 1, 1),
        ends_on=date(2027, 1, 1),
    )


async def approve(operator: Session, one: UUID, approver: str) -> object:
    async with transaction(operator.db) as db:
        return await duties.approve(db, one, approver, AT, operator.keyring)


async def proposed(operator: Session) -> Duty:
    one = duty()
    async with transaction(operator.db) as db:
        await duties.propose(db, one, "somebody", AT)
    return one


async def in_force(operator: Session, one: Duty) -> bool:
    return one in await duty_tables.in_force(operator.db)


async def test_two_others_bring_a_duty_into_force_and_that_is_recorded(operator: Session) -> None:
    one = await proposed(operator)
    assert await approve(operator, one.id, "first") is None
    assert not await in_force(operator, one)
    before = await operator.db.fetchval("SELECT count(*) FROM evidence_pending WHERE subject_id = $1", SYSTEM)
    assert await approve(operator, one.id, "second") is not None
    assert await in_force(operator, one)
    after = await operator.db.fetchval("SELECT count(*) FROM evidence_pending WHERE subject_id = $1", SYSTEM)
    assert after == before + 1


@pytest.mark.parametrize("approvers", [("somebody",), ("first", "first"), ("first", "somebody"), ("",)])
async def test_nobody_approves_twice_or_their_own(operator: Session, approvers: tuple[str, ...]) -> None:
    one = await proposed(operator)
    for approver in approvers[:-1]:
        await approve(operator, one.id, approver)
    with pytest.raises(Refusal, match=r"gate\.approver_refused"):
        await approve(operator, one.id, approvers[-1])
    assert not await in_force(operator, one)


async def test_a_third_approval_finds_nothing_to_approve(operator: Session) -> None:
    one = await proposed(operator)
    for approver in ("first", "second"):
        await approve(operator, one.id, approver)
    with pytest.raises(Refusal, match=r"gate\.duty_unknown"):
        await approve(operator, one.id, "third")


async def test_an_id_keeps_its_words(operator: Session) -> None:
    one = await proposed(operator)
    async with transaction(operator.db) as db:
        await duties.propose(db, one, "somebody", AT)  # the same again changes nothing
    wider = msgspec.structs.replace(one, fields=one.fields | {"population.record.address"})
    with pytest.raises(Refusal, match=r"gate\.duty_repeated"):
        async with transaction(operator.db) as db:
            await duties.propose(db, wider, "somebody", AT)


async def test_only_what_is_in_force_can_be_ended_and_once(operator: Session) -> None:
    one = await proposed(operator)

    async def end() -> None:
        async with transaction(operator.db) as db:
            await duties.end(db, one.id, AT)

    with pytest.raises(Refusal, match=r"gate\.duty_unknown"):
        await end()
    for approver in ("first", "second"):
        await approve(operator, one.id, approver)
    await end()
    assert not await in_force(operator, one)
    with pytest.raises(Refusal, match=r"gate\.duty_unknown"):
        await end()


async def test_a_serving_process_can_change_no_duty(space: ScratchSpace, operator: Session) -> None:
    one = await proposed(operator)
    async with space.ledger.session("app") as app:
        for statement in ("UPDATE duty SET ended_at = 1", "DELETE FROM duty", "INSERT INTO duty SELECT * FROM duty"):
            with pytest.raises(Exception, match="permission denied"):
                await app.db.execute(statement)
    assert not await in_force(operator, one)


def test_a_duty_covers_its_own_authority_item_fields_purpose_and_days_only() -> None:
    one = duty()
    asked: dict[str, object] = {
        "authority": one.authority,
        "item": "440111000001",
        "fields": one.fields,
        "purpose": one.purpose,
        "day": date(2026, 1, 1),
    }
    assert duties.covering([one], **asked) == one  # type: ignore[arg-type]
    for name, other in {
        "authority": "health",
        "item": "440111000002",
        "fields": one.fields | {"population.record.address"},
        "purpose": "别的",
        "day": date(2027, 1, 1),
    }.items():
        assert duties.covering([one], **{**asked, name: other}) is None  # type: ignore[arg-type]
