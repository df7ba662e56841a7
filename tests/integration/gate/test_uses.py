"""Uses through the gate on real servers: what goes out, what does not, and what stands recorded of either."""

import asyncio
from datetime import date

import msgspec
import pytest

from dspace_core.errors import Refusal
from dspace_core.evidence import Act, Draft
from dspace_core.evidence.pending import open_pending
from dspace_core.evidence.tables import Pending
from dspace_core.gate import purpose_digest
from dspace_core.scenario import Use
from dspace_core.testing.claims import ACCOUNT, IDENTITY, Claim, Sent, claim
from dspace_core.testing.space import CLAIM, ScratchSpace, SpaceProcess
from dspace_core.values import Basis, DataLevel, EvidenceId, GrantId, Subject, random_id


async def recorded(process: SpaceProcess, subject: Subject) -> list[Draft]:
    """What waits in the subject's chain, in the order of writing."""
    rows = await process.session.db.fetch(
        "SELECT evidence_id, subject_id, day, sealed FROM evidence_pending WHERE subject_id = $1 ORDER BY inserted_at",
        subject,
    )
    pending = [Pending(EvidenceId(row[0]), Subject(row[1]), row[2], row[3]) for row in rows]
    return [open_pending(row, await process.session.keyring.day(row.day)) for row in pending]


async def refused(process: SpaceProcess, wanted: object) -> tuple[str, list[object]]:
    sent = Sent()
    with pytest.raises(Refusal) as no:
        await process.gate.use(wanted, sent)  # type: ignore[arg-type]
    return no.value.code, sent.values


async def test_article_1_a_granted_field_goes_out_with_its_value(process: SpaceProcess, claimed: Claim) -> None:
    sent = Sent()
    await process.gate.use(claimed.wants(), sent)
    (value,) = sent.values
    assert isinstance(value, dict)
    assert set(value) == ACCOUNT.fields
    assert value["account_active"] is True
    assert str(value["account_no"]).startswith("00")


async def test_article_2_the_evidence_is_durable_before_the_first_byte(
    process: SpaceProcess, claimed: Claim, space: ScratchSpace
) -> None:
    seen: list[int] = []

    class Looks(Sent):
        async def __call__(self, value: object, before_send: object) -> int:
            async with space.process() as other:  # another session sees committed rows only
                drafts = await recorded(other, claimed.subject)
            ours = [draft for draft in drafts if draft.next.case == claimed.case]
            seen.append(sum(draft.meta.kind is Act.USE_RELEASED for draft in ours))
            return await super().__call__(value, before_send)  # type: ignore[arg-type]

    await process.gate.use(claimed.wants(), Looks())
    assert seen == [1]


async def test_the_record_says_who_what_why_and_where_to(process: SpaceProcess, claimed: Claim) -> None:
    out = await process.gate.use(claimed.wants(), Sent())
    (draft,) = [draft for draft in await recorded(process, claimed.subject) if draft.meta.entry == out.evidence]
    assert (draft.who.plugin, draft.who.authority) == ("social_security", "human_resources")
    assert (draft.what.item, draft.what.level) == ("bank.account", DataLevel.L3)
    assert frozenset(draft.what.fields) == ACCOUNT.fields
    assert (draft.why.basis, draft.why.grant) == (Basis.GRANT, claimed.grant.id)
    assert draft.why.purpose == purpose_digest(ACCOUNT.purpose)
    assert (draft.next.case, draft.next.service, draft.next.recipient) == (claimed.case, CLAIM, "human_resources")
    assert draft.meta.source == "bank"


async def test_a_duty_opens_what_the_item_uses_by_law(process: SpaceProcess, claimed: Claim) -> None:
    sent = Sent()
    out = await process.gate.use(claimed.wants(IDENTITY), sent)
    (value,) = sent.values
    assert isinstance(value, dict)
    assert value["aged_60"] is True
    assert set(value) == IDENTITY.fields
    kinds = {draft.meta.entry: draft for draft in await recorded(process, claimed.subject)}
    assert kinds[out.evidence].meta.kind is Act.STATUTORY_USE
    assert kinds[out.evidence].why.duty is not None


async def test_the_same_use_again_is_redelivered_and_recorded_as_that(
    process: SpaceProcess, space: ScratchSpace
) -> None:
    budgeted = await claim(process, space.claimants()[1], uses=1)
    first = await process.gate.use(budgeted.wants(), Sent())
    again = Sent()
    second = await process.gate.use(budgeted.wants(), again)
    assert (first.redelivered, second.redelivered) == (False, True)
    assert len(again.values) == 1
    kinds = [draft.meta.kind for draft in await recorded(process, budgeted.subject)]
    assert kinds.count(Act.USE_RELEASED) == kinds.count(Act.USE_REDELIVERED) == 1
    assert await refused(process, budgeted.wants(hook="prefill")) == ("grants.exhausted", [])


async def test_the_last_use_of_a_budget_is_redelivered_by_a_process_that_never_saw_the_grant(
    process: SpaceProcess, space: ScratchSpace
) -> None:
    """Whoever counted it may have died before anything went out (design 12.3)."""
    budgeted = await claim(process, space.claimants()[5], uses=1)
    await process.gate.use(budgeted.wants(), Sent())
    async with space.process() as other:
        again = Sent()
        assert (await other.gate.use(budgeted.wants(), again)).redelivered
        assert len(again.values) == 1
        assert await refused(other, budgeted.wants(hook="prefill")) == ("grants.exhausted", [])
        left = await other.session.db.fetchval("SELECT uses_left FROM grants WHERE grant_id = $1", budgeted.grant.id)
        assert left == 0
        await other.session.db.execute(
            "UPDATE grants SET state = 'withdrawn', evidence_id = gen_random_uuid() WHERE grant_id = $1",
            budgeted.grant.id,
        )
        assert await refused(other, budgeted.wants()) == ("grants.withdrawn", [])


async def test_a_duty_use_again_is_redelivered(process: SpaceProcess, claimed: Claim) -> None:
    first = await process.gate.use(claimed.wants(IDENTITY), Sent())
    second = await process.gate.use(claimed.wants(IDENTITY), Sent())
    assert (first.redelivered, second.redelivered) == (False, True)


async def test_many_uses_of_a_budget_at_once_are_counted_exactly(process: SpaceProcess, space: ScratchSpace) -> None:
    budgeted = await claim(process, space.claimants()[2], uses=5)
    sent = [Sent() for _ in range(12)]
    answers = await asyncio.gather(
        *(process.gate.use(budgeted.wants(hook=f"hook_{n}"), one) for n, one in enumerate(sent)), return_exceptions=True
    )
    codes = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert codes == ["grants.exhausted"] * 7
    assert sum(len(one.values) for one in sent) == 5
    left = await process.session.db.fetchval("SELECT uses_left FROM grants WHERE grant_id = $1", budgeted.grant.id)
    assert left == 0


async def test_article_4_a_field_that_the_item_does_not_list_stays_shut(process: SpaceProcess, claimed: Claim) -> None:
    more = Use(item="population.record", fields=frozenset({"full_name", "address"}), purpose=IDENTITY.purpose)
    assert await refused(process, claimed.wants(more)) == ("gate.undeclared", [])


async def test_article_10_another_purpose_than_the_catalogues_stays_shut(process: SpaceProcess, claimed: Claim) -> None:
    other = msgspec.structs.replace(ACCOUNT, purpose="随便看看")
    assert await refused(process, claimed.wants(other)) == ("gate.undeclared", [])


async def test_a_category_that_the_catalogue_does_not_know_stays_shut(process: SpaceProcess, claimed: Claim) -> None:
    unknown = msgspec.structs.replace(ACCOUNT, item="no.such")
    assert await refused(process, claimed.wants(unknown)) == ("gate.undeclared", [])


async def test_without_a_grant_nothing_goes_out(process: SpaceProcess, claimed: Claim) -> None:
    bare = msgspec.structs.replace(claimed.wants(), grants=())
    assert await refused(process, bare) == ("grants.missing", [])


async def test_a_grant_of_somebody_else_opens_nothing(
    process: SpaceProcess, claimed: Claim, space: ScratchSpace
) -> None:
    other = await claim(process, space.claimants()[3])
    theirs = msgspec.structs.replace(claimed.wants(), grants=(other.grant.id,))
    assert await refused(process, theirs) == ("grants.missing", [])


async def test_a_grant_for_another_case_opens_nothing(process: SpaceProcess, claimed: Claim) -> None:
    elsewhere = msgspec.structs.replace(claimed.wants(), case=random_id())
    assert await refused(process, elsewhere) == ("grants.other_case", [])


async def test_another_plugin_gets_nothing_of_it(process: SpaceProcess, claimed: Claim) -> None:
    stranger = msgspec.structs.replace(claimed.wants(), plugin="stranger")
    code, values = await refused(process, stranger)
    assert (code, values) == ("gate.item_unserved", [])


async def test_a_refusal_is_recorded_once_and_then_counted(process: SpaceProcess, space: ScratchSpace) -> None:
    person = await claim(process, space.claimants()[4])
    bare = msgspec.structs.replace(person.wants(), grants=(GrantId(random_id()),))
    for _ in range(5):
        await refused(process, bare)
    drafts = [draft for draft in await recorded(process, person.subject) if draft.meta.kind is Act.USE_REFUSED]
    assert [draft.why.refusal for draft in drafts] == ["grants.missing"]
    assert drafts[0].next.case == person.case


async def test_a_source_that_says_nothing_refuses_and_takes_nothing_from_the_budget(
    process: SpaceProcess, space: ScratchSpace
) -> None:
    without = next(
        str(row[0])
        for row in space.registers.table("person").rows
        if row[0] not in {account[1] for account in space.registers.table("account").rows} and isinstance(row[3], date)
    )
    person = await claim(process, without, uses=1)
    assert await refused(process, person.wants()) == ("source.no_record", [])
    left = await process.session.db.fetchval("SELECT uses_left FROM grants WHERE grant_id = $1", person.grant.id)
    assert left == 1


async def test_a_person_sees_their_own_data_and_the_look_is_recorded(process: SpaceProcess, claimed: Claim) -> None:
    sent, session = Sent(), random_id()
    out = await process.gate.show(claimed.subject, session, "pension.record", frozenset({"contribution_months"}), sent)
    (value,) = sent.values
    assert isinstance(value, dict)
    assert list(value) == ["contribution_months"]
    (draft,) = [draft for draft in await recorded(process, claimed.subject) if draft.meta.entry == out.evidence]
    assert (draft.meta.kind, draft.meta.act, draft.why.basis) == (Act.SUBJECT_ACCESS, session, Basis.SUBJECT_ACCESS)


async def test_article_9_a_category_that_is_not_there_to_be_shown_is_not_repeated(
    process: SpaceProcess, claimed: Claim
) -> None:
    with pytest.raises(Refusal, match=r"gate\.field_unknown") as no:
        await process.gate.show(claimed.subject, random_id(), "x110101199003077715", frozenset({"x"}), Sent())
    assert "1990" not in f"{no.value} {no.value.values}"


@pytest.mark.parametrize("fields", [frozenset(), frozenset({"no_such"})])
async def test_what_the_catalogue_does_not_have_is_not_shown(
    process: SpaceProcess, claimed: Claim, fields: frozenset[str]
) -> None:
    sent = Sent()
    with pytest.raises(Refusal, match=r"gate\.field_unknown"):
        await process.gate.show(claimed.subject, random_id(), "pension.record", fields, sent)
    assert sent.values == []
