"""Approving: exactly what was shown, once, in one transaction with its evidence."""

import hashlib
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from dspace_core.errors import Refusal
from dspace_core.grants import (
    LIFE,
    ActKind,
    Approval,
    Attestation,
    Grant,
    Minted,
    NoticeId,
    SeparateAct,
    State,
    approve,
    find,
    find_notice,
    issue,
    of_subject,
    pause,
    withdraw,
)
from dspace_core.grants.refusals import (
    ActNotOffered,
    AmendmentMismatch,
    DeclineRefused,
    GrantChanged,
    GrantMissing,
    MoveRefused,
    NoticeExpired,
    NoticeUnknown,
    NoticeUsed,
    OfferMalformed,
    SeparateConsentMissing,
)
from dspace_core.stores import BrokenWriteError, Connection, transaction
from dspace_core.values import CaseId, EvidenceId, GrantId, Period, Subject, random_id


async def test_a_notice_is_kept_byte_for_byte_with_its_digest(desk: Any) -> None:
    notice = await desk.show(desk.offer())
    kept = await find_notice(desk.pool, notice.subject, notice.id)
    assert kept is not None
    assert kept.shown == notice.shown
    assert kept.digest == notice.digest == hashlib.sha256(notice.shown).digest()
    assert kept.grants is None


async def test_article_11_what_was_shown_is_what_is_granted(desk: Any) -> None:
    made = desk.offer(uses=3, until=desk.now + timedelta(days=9))
    notice = await desk.show(made)
    identifier = GrantId(random_id())
    approved = await desk.approve(notice, identifier, at=desk.now + timedelta(minutes=2))
    (grant,) = approved.grants
    assert grant == Grant(
        subject=notice.subject,
        id=identifier,
        plugin=made.plugin,
        recipient=made.recipient.id,
        item=made.item,
        item_version=made.item_version,
        fields=made.keys,
        purpose=made.purpose,
        case=made.case,
        period=Period(desk.now + timedelta(minutes=2), desk.now + timedelta(days=9)),
        uses_left=3,
        notice=notice.id,
        acts=frozenset({SeparateAct("human_resources", "bank.account")}),
        evidence=grant.evidence,
    )
    assert await find(desk.pool, notice.subject, identifier) == grant
    (act,) = desk.acts
    assert (act.kind, act.grant, act.notice_digest) == (ActKind.APPROVED, grant, notice.digest)
    assert [(receipt.evidence, receipt.digest) for receipt in approved.receipts] == [(act.entry, "digest of approved")]


async def test_a_standing_grant_has_no_case(desk: Any) -> None:
    (grant,) = (await desk.approve(await desk.show(desk.offer(case=None)))).grants
    assert grant.case is None


async def test_a_notice_of_two_offers_gives_two_grants_in_their_order(desk: Any) -> None:
    notice = await desk.show(desk.offer(purpose="发放"), desk.offer(purpose="核对"))
    ids = sorted((GrantId(random_id()), GrantId(random_id())), reverse=True)
    approved = await desk.approve(notice, *ids)
    assert [(grant.id, grant.purpose) for grant in approved.grants] == [(ids[0], "发放"), (ids[1], "核对")]
    assert len({act.act for act in desk.acts}) == 1
    assert {grant.id for grant in await of_subject(desk.pool, notice.subject)} == set(ids)


async def test_an_optional_field_can_be_declined(desk: Any) -> None:
    declined = frozenset({"household.record.street"})
    (grant,) = (await desk.approve(await desk.show(desk.offer()), declined=declined)).grants
    assert grant.fields == desk.offer().keys - declined


async def test_declining_a_sensitive_category_spares_its_act(desk: Any) -> None:
    fields = tuple(msgspec.structs.replace(field, required=field.id != "number") for field in desk.offer().fields)
    notice = await desk.show(desk.offer(fields=fields))
    (grant,) = (await desk.approve(notice, declined=frozenset({"bank.account.number"}), acts=frozenset())).grants
    assert grant.acts == frozenset()
    assert "bank.account.number" not in grant.fields


BAD: list[tuple[type[Refusal], dict[str, object]]] = [
    (SeparateConsentMissing, {"acts": frozenset()}),
    (ActNotOffered, {"acts": frozenset({SeparateAct("human_resources", "health.record")})}),
    (
        ActNotOffered,
        {"acts": frozenset({SeparateAct("human_resources", "bank.account"), SeparateAct("x", "bank.account")})},
    ),
    (DeclineRefused, {"declined": frozenset({"bank.account.number"})}),
    (DeclineRefused, {"declined": frozenset({"household.record.birth_date"})}),
    (NoticeUnknown, {"notice": NoticeId(random_id())}),
    (NoticeUnknown, {"subject": Subject(random_id())}),
]


@pytest.mark.parametrize(("why", "changes"), BAD)
async def test_an_approval_of_anything_else_is_refused_and_writes_nothing(
    desk: Any, why: type[Refusal], changes: dict[str, object]
) -> None:
    notice = await desk.show(desk.offer())
    with pytest.raises(why):
        await desk.approve(notice, **changes)
    kept = await find_notice(desk.pool, notice.subject, notice.id)
    assert kept is not None
    assert kept.grants is None
    assert await of_subject(desk.pool, notice.subject) == []
    assert desk.acts == []


async def test_declining_all_fields_of_a_part_is_refused(desk: Any) -> None:
    optional = tuple(msgspec.structs.replace(field, required=False) for field in desk.offer().fields)
    with pytest.raises(DeclineRefused):
        await desk.approve(await desk.show(desk.offer(fields=optional)), declined=desk.offer().keys)


async def test_a_notice_expires(desk: Any) -> None:
    notice = await desk.show(desk.offer())
    with pytest.raises(NoticeExpired):
        await desk.approve(notice, at=desk.now + LIFE)
    assert len((await desk.approve(notice, at=desk.now + LIFE - timedelta(milliseconds=1))).grants) == 1


async def test_a_notice_expires_no_later_than_what_it_offers(desk: Any) -> None:
    assert (await desk.show(desk.offer(until=desk.now + timedelta(minutes=3)))).expires_at == desk.now + timedelta(
        minutes=3
    )


async def test_a_notice_is_used_once(desk: Any) -> None:
    notice = await desk.show(desk.offer())
    await desk.approve(notice)
    with pytest.raises(NoticeUsed):
        await desk.approve(notice)
    assert len(await of_subject(desk.pool, notice.subject)) == 1


async def test_the_same_approval_again_gives_the_same_grant_and_no_second_entry(desk: Any) -> None:
    notice = await desk.show(desk.offer())
    minted = (Minted(GrantId(random_id()), EvidenceId(random_id())),)
    first = await desk.approve(notice, minted=minted)
    again = await desk.approve(notice, minted=minted)
    assert again.grants == first.grants
    assert [receipt.evidence for receipt in again.receipts] == [receipt.evidence for receipt in first.receipts]
    assert again.receipts[0].digest is None
    assert len(desk.acts) == 1


@pytest.mark.parametrize("amends", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        {"acts": frozenset()},
        {"acts": frozenset({SeparateAct("human_resources", "health.record")})},
        {"declined": frozenset({"household.record.street"})},
        {"minted": None},
    ],
    ids=["no act", "another act", "declined", "another entry"],
)
async def test_a_used_notice_is_not_approved_again_in_another_way(
    desk: Any, amends: bool, changes: dict[str, object]
) -> None:
    """Else the answer would be a receipt for what nobody recorded. An amendment's grant id is no secret of the first."""
    offer = desk.wider(await desk.give(), uses=3) if amends else desk.offer()
    notice = await desk.show(offer)
    minted = (Minted(offer.amends or GrantId(random_id()), EvidenceId(random_id())),)
    first = await desk.approve(notice, minted=minted)
    if "minted" in changes:
        changes = {"minted": (Minted(minted[0].grant, EvidenceId(random_id())),)}
    with pytest.raises(NoticeUsed):
        await desk.approve(notice, **{"minted": minted, **changes})
    assert (await desk.approve(notice, minted=minted)).receipts[0].evidence == first.receipts[0].evidence


async def test_a_notice_of_no_offer_is_refused(desk: Any) -> None:
    with pytest.raises(OfferMalformed) as caught:
        await desk.show()
    assert caught.value.values == {"part": "offers"}


async def test_article_5_without_its_evidence_no_grant_is_written(desk: Any) -> None:
    async def fail(db: Connection, act: Attestation) -> str:
        raise GrantMissing

    notice = await desk.show(desk.offer())
    approval = desk.approval(notice)
    with pytest.raises(GrantMissing):
        async with transaction(desk.pool) as db:
            await approve(db, approval, desk.now, fail)
    kept = await find_notice(desk.pool, notice.subject, notice.id)
    assert kept is not None
    assert kept.grants is None
    assert await of_subject(desk.pool, notice.subject) == []


async def test_an_approval_outside_a_transaction_is_our_fault(desk: Any) -> None:
    notice = await desk.show(desk.offer())
    approval = Approval(subject=notice.subject, notice=notice.id, act=random_id(), minted=())
    async with desk.pool.acquire() as db:
        with pytest.raises(BrokenWriteError, match="transaction"):
            await approve(db, approval, desk.now, desk.attest)


async def test_an_approval_must_bring_an_id_for_each_offer(desk: Any) -> None:
    with pytest.raises(BrokenWriteError, match="2 minted ids for 1 offers"):
        await desk.approve(await desk.show(desk.offer()), GrantId(random_id()), GrantId(random_id()))


# Amending to more, through a new notice


async def test_more_is_granted_through_a_notice_that_marks_what_is_new(desk: Any) -> None:
    street = frozenset({"household.record.street"})
    (grant,) = (await desk.approve(await desk.show(desk.offer(uses=2)), declined=street)).grants
    notice = await desk.show(desk.wider(grant, uses=5))
    assert "本次新增" in notice.shown.decode()
    assert "变更前:剩余 2 次" in notice.shown.decode()
    (amended,) = (await desk.approve(notice, grant.id, at=desk.now + timedelta(minutes=5))).grants
    assert amended.fields == grant.fields | street
    assert (amended.version, amended.uses_left, amended.notice) == (2, 5, notice.id)
    assert amended.period == grant.period
    assert await find(desk.pool, grant.subject, grant.id) == amended
    assert desk.acts[-1].kind is ActKind.AMENDED


async def test_an_amendment_names_the_fields_that_it_drops(desk: Any) -> None:
    grant = await desk.give()
    notice = await desk.show(desk.wider(grant, fields=desk.offer().fields[:2]))
    assert "不再使用:街道" in notice.shown.decode()


async def test_an_amendment_keeps_the_budget_that_it_does_not_name(desk: Any) -> None:
    grant = await desk.give(uses=4)
    notice = await desk.show(desk.wider(grant))
    assert "最多 4 次" in notice.shown.decode()
    assert (await desk.approve(notice, grant.id)).grants[0].uses_left == 4


async def test_an_amendment_is_void_when_the_grant_was_amended_meanwhile(desk: Any) -> None:
    grant = await desk.give()
    one, two = await desk.show(desk.wider(grant, uses=1)), await desk.show(desk.wider(grant, uses=2))
    await desk.approve(one, grant.id)
    with pytest.raises(GrantChanged):
        await desk.approve(two, grant.id)


async def test_a_paused_grant_stays_paused_when_it_is_amended(desk: Any) -> None:
    grant = await desk.give()
    async with transaction(desk.pool) as db:
        await pause(db, desk.change(grant), desk.attest)
    assert (await desk.approve(await desk.show(desk.wider(grant, uses=1)), grant.id)).grants[0].state is State.PAUSED


async def test_a_withdrawn_grant_cannot_be_amended_back_to_life(desk: Any) -> None:
    grant = await desk.give()
    notice = await desk.show(desk.wider(grant, uses=1))
    async with transaction(desk.pool) as db:
        await withdraw(db, desk.change(grant), desk.attest)
    with pytest.raises(MoveRefused):
        await desk.approve(notice, grant.id)
    with pytest.raises(MoveRefused):
        await desk.show(desk.wider(grant, uses=1))


@pytest.mark.parametrize(
    "changes",
    [{"plugin": "policy_push"}, {"item": "440111000002"}, {"purpose": "营销"}, {"case": CaseId(random_id())}],
)
async def test_an_amendment_of_another_matter_is_refused(desk: Any, changes: dict[str, object]) -> None:
    grant = await desk.give()
    with pytest.raises(AmendmentMismatch):
        await desk.show(msgspec.structs.replace(desk.wider(grant), **changes))


async def test_an_amendment_is_approved_under_the_id_of_its_grant_only(desk: Any) -> None:
    grant = await desk.give()
    with pytest.raises(AmendmentMismatch):
        await desk.approve(await desk.show(desk.wider(grant, uses=1)), GrantId(random_id()))


async def test_nobody_amends_another_subjects_grant(desk: Any) -> None:
    grant = await desk.give()
    with pytest.raises(GrantMissing):
        async with transaction(desk.pool) as db:
            await issue(db, Subject(random_id()), NoticeId(random_id()), [desk.wider(grant)], desk.now)
