"""One tap, end to end in the room: what is stored, recorded and answered, and what stores nothing."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from dspace_core.cases import NeedsInput, State, find, of_subject
from dspace_core.cases.deadline import Due
from dspace_core.cases.refusals import (
    AlreadyFiled,
    AnswerUnasked,
    CaseUnknown,
    FormUnfit,
    ItemUnserved,
    KeyReused,
    NoticeNeeded,
    NoticeUnfit,
)
from dspace_core.catalog import STARTER, Catalogue, Necessity
from dspace_core.catalog.refusals import EditionUnknown, ItemUnknown
from dspace_core.errors import Refusal, Text
from dspace_core.evidence import Act, Actor
from dspace_core.evidence.trail import read_page
from dspace_core.gate.refusals import Undeclared
from dspace_core.grants import Language, Mode, SeparateAct, Voice
from dspace_core.grants import State as GrantState
from dspace_core.grants import find as find_grant
from dspace_core.grants import of_subject as grants_of
from dspace_core.grants.refusals import (
    NoticeExpired,
    NoticeUnknown,
    NoticeUsed,
    Paused,
    SeparateConsentMissing,
    WithdrawnGrant,
)
from dspace_core.scenario import DataRefused, HookUnanswered, Prefill, Question, Settlement
from dspace_core.stores import Connection
from dspace_core.testing.claims import ACCOUNT
from dspace_core.testing.counter import Counter, outcome
from dspace_core.testing.space import CLAIM
from dspace_core.values import Basis, CaseId, GrantId, Subject, random_id

NAME = Question(name="phone", label=Text("联系电话", "Telephone"), why=Text("以便通知", "to tell you"))


async def kinds(counter: Counter) -> list[str]:
    """What the subject's trail says, oldest first, as far as one can tell the order of what still waits."""
    page = await read_page(counter.db, counter.keyring, counter.subject)
    return sorted(line.record.meta.kind.value for line in page.lines if line.record is not None)


async def rows(owner: Connection, counter: Counter) -> tuple[int, int]:
    """How many cases and how many grants the subject has."""
    return (
        await owner.fetchval("SELECT count(*) FROM cases WHERE subject_id = $1", counter.subject),
        await owner.fetchval("SELECT count(*) FROM grants WHERE subject_id = $1", counter.subject),
    )


async def test_one_tap_leaves_one_grant_one_case_and_says_so(counter: Counter, owner: Connection) -> None:
    filed = await counter.file()
    assert filed.state is State.APPROVED
    assert filed.outcome == outcome()
    assert filed.accepted == date(2026, 5, 6)
    assert filed.promised == Due(date(2026, 5, 12))
    assert filed.statutory == Due(None)
    assert await rows(owner, counter) == (1, 1)
    assert len(filed.receipts) == 3
    assert filed.number.startswith(f"{CLAIM}20260506")


async def test_what_is_stored_can_be_read_again(counter: Counter) -> None:
    filed = await counter.file()
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert (case.number, case.grants, case.item, case.edition) == (filed.number, filed.grants, CLAIM, 1)
    assert (case.authority, case.plugin, case.client) == ("human_resources", "social_security", "dev.phone")
    assert case.content is not None
    assert case.content.outcome == filed.outcome
    assert case.content.settlement == counter.script.answers["settle"]
    assert await of_subject(counter.db, counter.keyring, counter.subject) == (case,)


async def test_a_decided_case_is_closed_and_its_grants_are_ended(counter: Counter) -> None:
    filed = await counter.file()
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert (case.state, case.released, case.course.ended) == (State.CLOSED, True, date(2026, 5, 6))
    for grant in await grants_of(counter.db, counter.subject):
        assert grant.state is GrantState.ENDED


async def test_every_act_is_recorded_once_and_the_tap_joins_its_own(counter: Counter) -> None:
    filed = await counter.file()
    assert await kinds(counter) == ["case-closed", "case-decided", "case-filed", "grant-approved", "grant-ended"]
    page = await read_page(counter.db, counter.keyring, counter.subject)
    records = {line.entry: line.record for line in page.lines}
    told = [records[receipt.evidence] for receipt in filed.receipts]
    assert [record.meta.kind for record in told if record] == [Act.GRANT_APPROVED, Act.CASE_FILED, Act.CASE_DECIDED]
    assert len({record.meta.act for record in told if record}) == 1
    _, case, decision = told
    assert case is not None
    assert decision is not None
    assert (case.who.actor, case.who.client, case.who.plugin) == (Actor.SUBJECT, "dev.phone", None)
    assert (decision.who.actor, decision.who.plugin) == (Actor.SYSTEM, "social_security")
    assert case.next.case == filed.case
    assert case.next.service == CLAIM
    assert case.what.digest == decision.what.digest is not None


async def test_the_scenario_sees_names_of_this_case_only(counter: Counter) -> None:
    first, second = await counter.file(), await counter.file()
    seen = {case.id for _, case in counter.script.called}, {case.subject for _, case in counter.script.called}
    assert all(len(names) == 2 for names in seen)
    real = {str(counter.subject), counter.subject.hex, *(one.case.hex for one in (first, second))}
    assert not (seen[0] | seen[1]) & {text.replace("-", "") for text in real}
    assert {case.accepted for _, case in counter.script.called} == {date(2026, 5, 6)}


async def test_article_1_what_the_scenario_asks_for_comes_through_the_gate(claimant: Counter) -> None:
    filed = await claimant.file()
    (given,) = claimant.script.given.values
    assert isinstance(given, dict)
    assert set(given) == ACCOUNT.fields
    page = await read_page(claimant.db, claimant.keyring, claimant.subject)
    (use,) = [line.record for line in page.lines if line.record and line.record.meta.kind is Act.USE_RELEASED]
    assert (use.next.case, use.why.grant) == (filed.case, filed.grants[0])


async def test_a_scenario_may_ask_in_each_of_its_hooks(claimant: Counter, owner: Connection) -> None:
    claimant.script.asks = dict.fromkeys(("prefill", "decide", "settle"), (ACCOUNT,))
    await claimant.file()
    assert len(claimant.script.given.values) == 3
    assert await owner.fetchval("SELECT count(*) FROM use WHERE subject_id = $1", claimant.subject) == 3


async def test_the_notice_speaks_as_it_was_asked_to(counter: Counter) -> None:
    prepared = await counter.intake.prepare(counter.subject, CLAIM, Voice(Language.EN, Mode.ELDER))
    assert prepared.notice is not None
    shown = msgspec.json.decode(prepared.notice.shown)
    assert (shown["language"], shown["mode"]) == ("en", "elder")
    assert prepared.notice.boxes == {SeparateAct("human_resources", "bank.account")}


async def test_a_refusal_is_a_decision_like_any_other(counter: Counter) -> None:
    counter.script.answers["decide"] = outcome(held=False)
    filed = await counter.file()
    assert filed.state is State.REFUSED
    assert (await find(counter.db, counter.keyring, counter.subject, filed.case)).state is State.CLOSED


async def test_what_does_not_tell_goes_to_a_human_and_keeps_its_grants(counter: Counter) -> None:
    counter.script.answers["decide"] = outcome(held=None)
    filed = await counter.file()
    assert filed.state is State.REFERRED
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert (case.state, case.course.ended) == (State.REFERRED, None)
    assert [grant.state for grant in await grants_of(counter.db, counter.subject)] == [GrantState.LIVE]
    assert "case-referred" in await kinds(counter)
    assert [hook for hook, _ in counter.script.called] == ["prefill", "decide"]


async def test_a_scenario_without_form_and_settlement_still_decides(counter: Counter) -> None:
    counter.script.answers["prefill"] = HookUnanswered(hook="prefill")
    counter.script.answers["settle"] = HookUnanswered(hook="settle")
    filed = await counter.file()
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert case.content is not None
    assert (case.content.form, case.content.settlement) == (Prefill(filled=()), Settlement())


async def test_a_day_without_a_calendar_keeps_nobody_from_filing(counter: Counter, clock: Any) -> None:
    clock.now = datetime(2026, 12, 30, 7, tzinfo=UTC)
    filed = await counter.file()
    assert filed.promised == Due(None, "calendar.year_missing")


# What stores nothing


async def test_questions_that_are_open_are_named_and_nothing_is_stored(counter: Counter, owner: Connection) -> None:
    counter.script.answers["prefill"] = Prefill(filled=(), questions=(NAME,))
    filing = counter.filing(await counter.prepare())
    with pytest.raises(NeedsInput) as caught:
        await counter.intake.file(filing)
    assert caught.value.values == {"count": 1, "names": "phone"}
    assert caught.value.questions == (NAME,)
    assert await rows(owner, counter) == (0, 1)


async def test_a_question_is_answered_under_a_new_key_and_the_consent_stands(
    counter: Counter, owner: Connection
) -> None:
    counter.script.answers["prefill"] = Prefill(filled=(), questions=(NAME,))
    filing = counter.filing(await counter.prepare())
    with pytest.raises(NeedsInput):
        await counter.intake.file(filing)
    answered = msgspec.structs.replace(filing, key="another", answers={"phone": "12345"})
    filed = await counter.intake.file(answered)
    assert await rows(owner, counter) == (1, 1)
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert case.content is not None
    assert case.content.answers == {"phone": "12345"}
    assert [case.answers for hook, case in counter.script.called if hook == "decide"] == [{"phone": "12345"}]
    assert all(receipt.digest for receipt in filed.receipts)


async def test_a_blank_is_no_answer(counter: Counter) -> None:
    counter.script.answers["prefill"] = Prefill(filled=(), questions=(NAME,))
    with pytest.raises(NeedsInput):
        await counter.file(answers={"phone": " 　"})


async def test_an_answer_that_nobody_asked_for_is_not_taken(counter: Counter, owner: Connection) -> None:
    with pytest.raises(AnswerUnasked) as caught:
        await counter.file(answers={"phone": "12345"})
    assert caught.value.values == {"count": 1}
    assert (await rows(owner, counter))[0] == 0


@pytest.mark.parametrize(
    "names", [["phone", "phone"], ["Phone"], ["110101199003070003"], ["a" * 65], ["张三"]], ids=str
)
async def test_a_form_whose_questions_have_no_plain_names_is_refused(counter: Counter, names: list[str]) -> None:
    questions = tuple(msgspec.structs.replace(NAME, name=name) for name in names)
    counter.script.answers["prefill"] = Prefill(filled=(), questions=questions)
    with pytest.raises(FormUnfit) as caught:
        await counter.file()
    assert caught.value.values == {"plugin": "social_security"}


async def test_without_a_notice_nothing_that_needs_consent_is_filed(counter: Counter, owner: Connection) -> None:
    with pytest.raises(NoticeNeeded):
        await counter.file(notice=None)
    assert await rows(owner, counter) == (0, 0)
    assert counter.script.called == []


async def test_a_separate_consent_that_is_missing_stops_it(counter: Counter, owner: Connection) -> None:
    with pytest.raises(SeparateConsentMissing):
        await counter.file(acts=frozenset())
    assert await rows(owner, counter) == (0, 0)
    assert counter.script.called == []


async def test_a_notice_of_another_case_or_subject_or_none_is_refused(counter: Counter, owner: Connection) -> None:
    prepared = await counter.prepare()
    with pytest.raises(NoticeUnfit):
        await counter.intake.file(counter.filing(prepared, case=CaseId(random_id())))
    with pytest.raises(NoticeUnknown):
        await counter.intake.file(counter.filing(prepared, subject=Subject(random_id())))
    with pytest.raises(NoticeUnknown):
        await counter.intake.file(counter.filing(prepared, notice=random_id()))
    assert await rows(owner, counter) == (0, 0)
    assert await owner.fetchval("SELECT count(*) FROM idempotency WHERE subject_id = $1", counter.subject) == 0


async def test_a_notice_of_an_older_version_of_the_item_is_refused(counter: Counter) -> None:
    prepared = await counter.prepare()
    counter.catalogue = changed(version=2)
    with pytest.raises(NoticeUnfit):
        await counter.intake.file(counter.filing(prepared))


async def test_an_expired_notice_is_refused(counter: Counter, clock: Any) -> None:
    prepared = await counter.prepare()
    clock.now = datetime(2026, 5, 6, 8, tzinfo=UTC)
    with pytest.raises(NoticeExpired):
        await counter.intake.file(counter.filing(prepared))


async def test_an_item_that_is_unknown_or_unserved_is_refused(counter: Counter) -> None:
    with pytest.raises(ItemUnknown):
        await counter.intake.prepare(counter.subject, "440111000001")
    with pytest.raises(ItemUnknown):
        await counter.file(item="440111000001")
    prepared = await counter.prepare()
    counter.catalogue = changed(plugin=None)
    with pytest.raises(ItemUnserved):
        await counter.prepare()
    with pytest.raises(ItemUnserved):
        await counter.intake.file(counter.filing(prepared))


async def test_a_notice_for_another_plugin_is_refused(counter: Counter) -> None:
    prepared = await counter.prepare()
    counter.catalogue = changed(plugin="another")
    with pytest.raises(NoticeUnfit):
        await counter.intake.file(counter.filing(prepared))


async def test_before_the_first_edition_nothing_is_served(counter: Counter, clock: Any) -> None:
    clock.now = datetime(2025, 12, 31, 7, tzinfo=UTC)
    with pytest.raises(EditionUnknown):
        await counter.prepare()


@pytest.mark.parametrize("refusal", [HookUnanswered(hook="decide"), DataRefused(item="x", reason="y")])
async def test_a_scenario_that_fails_stores_no_case_and_may_be_tried_again(
    counter: Counter, owner: Connection, refusal: Refusal
) -> None:
    filing = counter.filing(await counter.prepare())
    counter.script.answers["decide"] = refusal
    with pytest.raises(type(refusal)):
        await counter.intake.file(filing)
    assert await rows(owner, counter) == (0, 1)
    counter.script.answers["decide"] = outcome()
    assert (await counter.intake.file(filing)).state is State.APPROVED
    assert await rows(owner, counter) == (1, 1)


async def test_what_the_gate_refuses_ends_the_filing(claimant: Counter, owner: Connection) -> None:
    claimant.script.asks["decide"] = (msgspec.structs.replace(ACCOUNT, purpose="随便看看"),)
    with pytest.raises(Undeclared):
        await claimant.file()
    assert await rows(owner, claimant) == (0, 1)
    assert claimant.script.given.values == []


@pytest.mark.parametrize("when", ["before the data", "after the data"])
async def test_article_3_a_grant_withdrawn_while_the_scenario_decides_stores_nothing(
    claimant: Counter, owner: Connection, when: str
) -> None:
    async def withdraw(hook: str) -> None:
        if hook == "decide":
            (grant,) = await grants_of(claimant.db, claimant.subject)
            await claimant.withdraw(grant)

    claimant.script.before = withdraw
    if when == "after the data":
        claimant.script.asks = {"prefill": (ACCOUNT,)}
    filing = claimant.filing(await claimant.prepare())
    with pytest.raises(WithdrawnGrant):
        await claimant.intake.file(filing)
    assert await rows(owner, claimant) == (0, 1)
    assert "case-filed" not in await kinds(claimant)
    claimant.script.before = None
    with pytest.raises(WithdrawnGrant):
        await claimant.intake.file(filing)
    assert await rows(owner, claimant) == (0, 1)


async def test_a_paused_grant_stores_nothing(counter: Counter, owner: Connection) -> None:
    async def pause(hook: str) -> None:
        if hook == "decide":
            await owner.execute(
                "UPDATE grants SET state = 'paused', evidence_id = gen_random_uuid() WHERE subject_id = $1",
                counter.subject,
            )

    counter.script.before = pause
    with pytest.raises(Paused):
        await counter.file()
    assert (await rows(owner, counter))[0] == 0


# Keys


async def test_a_repeat_gets_the_first_answer_and_does_nothing(counter: Counter, owner: Connection) -> None:
    filing = counter.filing(await counter.prepare())
    first = await counter.intake.file(filing)
    called = len(counter.script.called)
    counter.script.answers["decide"] = outcome(held=False)
    assert await counter.intake.file(filing) == first
    assert len(counter.script.called) == called
    assert await rows(owner, counter) == (1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"case": random_id()},
        {"notice": random_id()},
        {"notice": None},
        {"acts": frozenset()},
        {"declined": frozenset({"bank.account.bank_name"})},
        {"answers": {"phone": "1"}},
        {"item": "440111000001"},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_another_body_under_the_key_is_a_conflict(counter: Counter, changes: dict[str, Any]) -> None:
    filing = counter.filing(await counter.prepare())
    first = await counter.intake.file(filing)
    with pytest.raises(KeyReused):
        await counter.intake.file(msgspec.structs.replace(filing, **changes))
    assert await counter.intake.file(filing) == first


async def test_a_failed_filing_keeps_its_body(counter: Counter) -> None:
    filing = counter.filing(await counter.prepare())
    with pytest.raises(SeparateConsentMissing):
        await counter.intake.file(msgspec.structs.replace(filing, acts=frozenset()))
    with pytest.raises(KeyReused):
        await counter.intake.file(filing)


async def test_one_key_of_two_clients_or_two_subjects_is_two_keys(counter: Counter) -> None:
    first = await counter.file(key="same")
    second = await counter.file(key="same", client="dev.desk")
    other = counter.another()
    third = await other.file(key="same")
    assert len({first.case, second.case, third.case}) == 3


async def test_a_case_is_filed_under_one_key_only(counter: Counter, owner: Connection) -> None:
    filing = counter.filing(await counter.prepare())
    await counter.intake.file(filing)
    with pytest.raises(AlreadyFiled):
        await counter.intake.file(msgspec.structs.replace(filing, key="another"))
    assert await rows(owner, counter) == (1, 1)


async def test_what_was_agreed_to_before_is_not_stretched_over_a_later_no(counter: Counter, owner: Connection) -> None:
    """An item whose fields can all be declined, filed first with all and then with less."""
    counter.catalogue = optional()
    counter.script.answers["prefill"] = Prefill(filled=(), questions=(NAME,))
    filing = counter.filing(await counter.prepare())
    with pytest.raises(NeedsInput):
        await counter.intake.file(filing)
    less = {"key": "less", "answers": {"phone": "1"}, "declined": frozenset({"bank.account.bank_name"})}
    with pytest.raises(NoticeUsed):
        await counter.intake.file(msgspec.structs.replace(filing, **less))
    with pytest.raises(NoticeUsed):
        await counter.intake.file(msgspec.structs.replace(filing, key="acts", answers={"phone": "1"}, acts=frozenset()))
    assert await rows(owner, counter) == (0, 1)


async def test_a_declined_field_is_not_granted(counter: Counter) -> None:
    counter.catalogue = optional()
    filed = await counter.file(declined=frozenset({"bank.account.account_no"}), acts=frozenset())
    grant = await find_grant(counter.db, counter.subject, GrantId(filed.grants[0]))
    assert grant is not None
    assert "bank.account.account_no" not in grant.fields


def changed(**changes: Any) -> Catalogue:
    """The shipped catalogue with A3 changed."""
    edition = Catalogue.from_file(STARTER).editions[0]
    items = {CLAIM: msgspec.structs.replace(edition.contents.items[CLAIM], **changes)}
    contents = msgspec.structs.replace(edition.contents, items=items)
    return Catalogue((msgspec.structs.replace(edition, contents=contents),))


def optional() -> Catalogue:
    """The bank account as a material that need not be there."""
    materials = [
        msgspec.structs.replace(one, necessity=Necessity.OPTIONAL) if one.material == "social_security_card" else one
        for one in Catalogue.from_file(STARTER).editions[0].item(CLAIM).materials
    ]
    return changed(materials=tuple(materials))


async def test_an_item_without_consent_is_filed_without_a_notice(counter: Counter, owner: Connection) -> None:
    uses = counter.catalogue.editions[0].item(CLAIM).uses
    counter.catalogue = changed(uses=tuple(use for use in uses if use.basis is not Basis.GRANT))
    prepared = await counter.prepare()
    assert prepared.notice is None
    filed = await counter.intake.file(counter.filing(prepared))
    assert filed.grants == ()
    assert await rows(owner, counter) == (1, 0)
    assert len(filed.receipts) == 2


async def test_numbers_of_a_day_differ(counter: Counter) -> None:
    assert len({(await counter.file()).number for _ in range(5)}) == 5


async def test_another_subjects_case_is_unknown(counter: Counter) -> None:
    filed = await counter.file()
    with pytest.raises(CaseUnknown):
        await find(counter.db, counter.keyring, Subject(random_id()), filed.case)
    assert await of_subject(counter.db, counter.keyring, Subject(random_id())) == ()


async def test_neither_a_filing_nor_a_case_nor_an_answer_prints_what_is_in_it(counter: Counter) -> None:
    counter.script.answers["prefill"] = Prefill(filled=(), questions=(NAME,))
    filing = counter.filing(await counter.prepare(), answers={"phone": "canary"})
    filed = await counter.intake.file(filing)
    case = await find(counter.db, counter.keyring, counter.subject, filed.case)
    assert case.content is not None
    assert "canary" not in f"{filing!r} {filed!r} {case!r} {case.content!r}"
    assert "60" not in f"{filed!r} {case.content!r}"
