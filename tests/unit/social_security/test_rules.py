"""The rules of the resident pension over every combination of what the authorities can answer."""

import re
from itertools import product

import pytest

from dspace_core import Outcome, Text, Verdict, conclude
from dspace_social_security import steps
from dspace_social_security.items import Account, Claimant, Life, Record
from dspace_social_security.rules import ACTIVE, AGE, HOLDER, RULES, VERSION, judge

ANSWERS = (True, False, None)
NAMES = (("张三", "张三"), ("张三", "张叁"), (None, "张三"), ("张三", None), (None, None), ("", ""))
"""The name of the population record and the account's; made up, like every name here."""
EVERY = list(product(ANSWERS, ANSWERS, ("resident", "employee", "rural", "", None), ANSWERS, ANSWERS, ANSWERS, NAMES))

Facts = tuple[
    bool | None, bool | None, str | None, bool | None, bool | None, bool | None, tuple[str | None, str | None]
]


def judged(facts: Facts) -> Outcome:
    aged, deceased, scheme, paid, receiving, active, (name, holder) = facts
    return judge(Claimant(name, aged), Life(deceased), Record(scheme, paid, receiving), Account(holder, active))


GOOD: Facts = (True, False, "resident", True, False, True, ("张三", "张三"))


def but(place: int, answer: object) -> Facts:
    """The good case with one other answer."""
    return (*GOOD[:place], answer, *GOOD[place + 1 :])  # type: ignore[return-value]


def test_a_case_in_which_all_holds_is_approved() -> None:
    outcome = judged(GOOD)
    assert outcome.verdict is Verdict.APPROVE
    assert [reason.held for reason in outcome.reasons] == [True] * 7


def test_every_combination_is_judged_as_its_facts_are() -> None:
    """Any definite no refuses; else anything open goes to a human; else it is approved."""
    assert len(EVERY) == 7290
    verdicts = dict.fromkeys(Verdict, 0)
    for facts in EVERY:
        aged, deceased, scheme, paid, receiving, active, (name, holder) = facts
        no = aged is False or deceased is True or scheme == "employee" or paid is False or receiving is True
        yes = aged and deceased is False and scheme == "resident" and paid and receiving is False and active
        named = name is not None and name != "" and name == holder
        expected = Verdict.REFER
        if no or active is False:
            expected = Verdict.REFUSE
        elif yes and named:
            expected = Verdict.APPROVE
        assert judged(facts).verdict is expected, facts
        verdicts[expected] += 1
    assert verdicts[Verdict.APPROVE] == 1
    assert verdicts[Verdict.REFER] > 1


def test_every_combination_gives_the_seven_reasons_in_their_order_with_rule_version_facts_and_words() -> None:
    for facts in EVERY:
        reasons = judged(facts).reasons
        assert [reason.rule for reason in reasons] == [rule.id for rule in RULES]
        for reason, rule in zip(reasons, RULES, strict=True):
            assert (reason.version, reason.facts) == (VERSION, rule.facts)
            assert reason.says == rule.says[reason.held]


@pytest.mark.parametrize(
    ("place", "refusing", "rule"),
    [
        (0, False, "A3.age"),
        (1, True, "A3.alive"),
        (2, "employee", "A3.scheme"),
        (3, False, "A3.contributions"),
        (4, True, "A3.not_receiving"),
        (5, False, "A3.account_active"),
    ],
)
def test_one_definite_no_refuses_and_names_its_rule(place: int, refusing: object, rule: str) -> None:
    outcome = judged(but(place, refusing))
    assert outcome.verdict is Verdict.REFUSE
    assert [reason.rule for reason in outcome.reasons if reason.held is False] == [rule]


@pytest.mark.parametrize("place", range(6))
def test_one_gap_is_handed_to_a_human(place: int) -> None:
    outcome = judged(but(place, None))
    assert outcome.verdict is Verdict.REFER
    assert [reason.held for reason in outcome.reasons].count(None) == 1


@pytest.mark.parametrize("names", NAMES[1:])
def test_names_that_differ_are_handed_to_a_human_and_never_refused(names: tuple[str, str]) -> None:
    outcome = judged(but(6, names))
    assert outcome.verdict is Verdict.REFER
    assert outcome.reasons[-1].held is None
    with pytest.raises(KeyError):
        HOLDER.found(False)


def test_a_scheme_that_nobody_knows_is_handed_to_a_human() -> None:
    assert judged(but(2, "rural")).verdict is Verdict.REFER


def test_nothing_known_at_all_is_handed_to_a_human() -> None:
    outcome = judge(Claimant(), Life(), Record(), Account())
    assert outcome.verdict is Verdict.REFER
    assert {reason.held for reason in outcome.reasons} == {None}


def test_the_facts_name_every_field_that_was_looked_at() -> None:
    named = [(fact.item, fact.field) for reason in judged(GOOD).reasons for fact in reason.facts]
    assert named == [
        ("population.record", "aged_60"),
        ("death.record", "deceased"),
        ("pension.record", "scheme"),
        ("pension.record", "paid_180_months"),
        ("pension.record", "receiving"),
        ("bank.account", "account_active"),
        ("bank.account", "holder_name"),
        ("population.record", "full_name"),
    ]


# What the person reads


def words() -> list[Text]:
    texts = [text for rule in RULES for text in (*rule.says.values(), rule.remedy) if text is not None]
    outcomes = [judged(GOOD), judged(but(0, None)), *(judged(but(place, False)) for place in (0, 3, 5))]
    return texts + [step for outcome in outcomes for step in steps.after(outcome)]


@pytest.mark.parametrize("text", words(), ids=lambda text: text.en[:40])
def test_a_text_is_plain_in_both_languages_and_claims_no_number(text: Text) -> None:
    """Neither an age, months, an amount nor a day: those are the catalogue's or the authority's to say."""
    assert re.search(r"[\u4e00-\u9fff]", text.zh)
    assert re.search(r"[a-z]{3}", text.en)
    assert not re.search(r"[0-9一二三四五六七八九十百千万]|元|yuan", text.zh.replace("一致", "") + text.en)


def test_no_name_of_the_case_stands_in_the_outcome() -> None:
    outcome = judged(but(6, ("张三", "张叁")))
    assert "张" not in repr(outcome)


# What follows


def test_an_approved_case_leaves_nothing_to_do() -> None:
    (step,) = steps.after(judged(GOOD))
    assert "无需" in step.zh


def test_a_referred_case_says_that_a_person_looks_into_it() -> None:
    (step,) = steps.after(judged(but(0, None)))
    assert "工作人员" in step.zh


def test_a_refused_case_names_a_remedy_for_each_rule_that_failed_and_the_review() -> None:
    outcome = judged((False, False, "resident", True, False, False, ("张三", "张三")))
    first, second, review = steps.after(outcome)
    assert (first, second) == (AGE.remedy, ACTIVE.remedy)
    assert "复核" in review.zh


def test_each_rule_that_can_refuse_has_a_remedy() -> None:
    assert all((rule.remedy is not None) == (False in rule.says) for rule in RULES)


def test_reasons_of_a_rule_that_is_no_longer_there_do_no_harm() -> None:
    (failed,) = [reason for reason in judged(but(0, False)).reasons if reason.held is False]
    renamed = type(failed)(rule="A3.old", version="0", facts=(), held=False, says=failed.says)
    assert len(steps.after(conclude(renamed))) == 1
