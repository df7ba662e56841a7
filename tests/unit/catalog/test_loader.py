"""What the loader refuses, each told by its own code, and what it makes of a file that holds."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.calendar import Limit, Unit
from dspace_core.catalog import (
    STARTER,
    Contents,
    DataCategory,
    FieldRef,
    PredicateKind,
    ServiceItem,
    TrustLevel,
    decode_document,
    decode_proposal,
    fields_declared,
)
from dspace_core.catalog.contents import amended, contents_of
from dspace_core.errors import Refusal
from dspace_core.values import Basis, DataLevel

Edit = Callable[..., bytes]
CODE = "1244000045585999793440514001000"
UNEMPLOYMENT = "1244000045585999793440514002000"
ACCOUNT = FieldRef("bank.account", "account_no")
AGE = '{ kind = "years_at_least", of = "birth_date", operand = 60 }'
PURPOSE = "将养老金发放到您本人的账户"
SERVED = 'plugin = "social_security"\n'


def shipped() -> Contents:
    return contents_of(decode_document(STARTER.read_bytes()))


def item() -> ServiceItem:
    return shipped().items[CODE]


def refusal_of(content: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        contents_of(decode_document(content))
    return caught.value


# What ships


def test_the_shipped_catalogue_holds() -> None:
    contents = shipped()
    assert set(contents.authorities) == {
        "public_security", "human_resources", "medical_insurance", "civil_affairs", "health", "market_regulation",
        "taxation", "disabled_persons", "education", "natural_resources", "credit", "justice", "provident_fund", "bank",
    }  # fmt: skip
    assert {category.source for category in contents.categories.values()} == set(contents.authorities)
    assert list(contents.items) == [CODE, UNEMPLOYMENT]


@pytest.mark.parametrize(
    ("kind", "category", "source", "subject"),
    [
        ("人口", "population.record", "public_security", "citizen_id"),
        ("法人", "legal_person.record", "market_regulation", "uscc"),
        ("地名", "place.record", "civil_affairs", "citizen_id"),
        ("教育", "education.record", "education", "citizen_id"),
        ("婚姻", "marriage.record", "civil_affairs", "citizen_id"),
        ("生育", "childbearing.record", "health", "citizen_id"),
        ("住房", "housing.record", "natural_resources", "citizen_id"),
        ("信用", "credit.record", "credit", "citizen_id"),
    ],
)
def test_each_universal_kind_of_data_has_its_category_authority_and_subject(
    kind: str, category: str, source: str, subject: str
) -> None:
    found = shipped().categories[category]
    assert kind in found.title.zh
    assert (found.source, found.subject_column) == (source, subject)


def test_of_who_is_in_prison_only_the_answer_may_leave() -> None:
    (field,) = shipped().categories["custody.record"].fields
    assert field.level is DataLevel.L4
    assert field.predicate is not None


def test_every_number_of_a_document_or_an_account_is_sensitive() -> None:
    numbers = [
        field
        for category in shipped().categories.values()
        for field in category.fields
        if field.id.endswith(("_no", "_id")) or field.id in ("mother", "father")
    ]
    assert len(numbers) >= 9
    assert {field.level for field in numbers} == {DataLevel.L3}


def test_the_unemployment_benefit_is_shown_and_served_by_nobody_yet() -> None:
    benefit = shipped().items[UNEMPLOYMENT]
    assert benefit.plugin is None
    assert (benefit.statutory_limit, benefit.promised_limit) == (
        Limit(10, Unit.CALENDAR_DAY),
        Limit(5, Unit.WORKING_DAY),
    )
    assert benefit.trust_level is TrustLevel.TWO
    assert benefit.commitment
    assert {use.field.category for use in benefit.uses if use.basis is Basis.GRANT} == {"bank.account"}


def test_the_unemployment_benefit_uses_answers_in_place_of_months_days_and_reasons() -> None:
    declared = {ref.field for ref in fields_declared(shipped().items[UNEMPLOYMENT])}
    assert {"insured_12_months", "left_involuntarily", "employed", "imprisoned", "deceased"} <= declared
    assert not declared & {"insured_months", "left_on", "leave_kind", "since", "employer", "died_on", "birth_date"}


def test_the_item_promises_five_working_days_and_claims_no_limit_of_law() -> None:
    assert item().promised_limit == Limit(5, Unit.WORKING_DAY)
    assert item().statutory_limit is None


def test_the_bank_account_rests_on_a_grant_and_all_else_on_a_duty() -> None:
    by_basis = {basis: {use.field.category for use in item().uses if use.basis is basis} for basis in Basis}
    assert by_basis[Basis.GRANT] == {"bank.account"}
    assert by_basis[Basis.STATUTORY_DUTY] == {"population.record", "death.record", "pension.record"}
    assert item().use(ACCOUNT, Basis.GRANT) is not None
    assert item().use(ACCOUNT, Basis.STATUTORY_DUTY) is None


def test_the_age_is_asked_and_the_birth_date_is_not() -> None:
    declared = fields_declared(item())
    assert FieldRef("population.record", "aged_60") in declared
    assert FieldRef("population.record", "birth_date") not in declared


def test_the_fields_declared_are_those_of_all_uses_and_no_other() -> None:
    assert fields_declared(item()) == {use.field for use in item().uses}
    assert len(fields_declared(item())) == 11
    assert FieldRef("pension.record", "contribution_months") not in fields_declared(item())


def test_trust_levels_are_ordered() -> None:
    assert sorted(TrustLevel, reverse=True)[0] is TrustLevel.FOUR
    assert TrustLevel.ONE < item().trust_level < TrustLevel.THREE


def test_a_column_is_named_like_its_field_unless_it_says_otherwise(edited: Edit) -> None:
    content = edited(('id = "sex", title', 'id = "sex", column = "xb", title'))
    category = contents_of(decode_document(content)).categories["population.record"]
    sex, name = category.field("sex"), category.field("full_name")
    assert sex is not None
    assert name is not None
    assert (sex.column, name.column) == ("xb", "full_name")


# The form


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version = 1\n", 'version = 1\nsurprise = "x"\n'),
        ("version = 1\n", 'version = "1"\n'),
        ("version = 1\n", "version = 0\n"),
        ("version = 1\n", "version = = 1\n"),
        ("effective = 2026-01-01", 'effective = "soon"'),
        ("public_body = true", "public_body = 1"),
        ("level = 2", "level = 5"),
        ('type = "date"', 'type = "datetime"'),
        ("retention_days = 30", "retention_days = 0"),
        ('relation = "population_record"', 'relation = "person; DROP TABLE person"'),
        ('subject_column = "citizen_id"', "subject_column = 'citizen_id\" OR true --'"),
        ('id = "population.record"', 'id = "population.record\\n"'),
        ('basis = "grant"', 'basis = "subject_access"'),
        ('basis = "grant"', 'basis = "screening_run"'),
        ('audience = ["natural_person"]', "audience = []"),
        ("trust_level = 2", "trust_level = 9"),
        ('plugin = "social_security"', 'plugin = "Social Security"'),
        ('plugin = "social_security"', 'plugin = ""'),
        ('unit = "working_day"', 'unit = "day"'),
        ("[[materials]]", "[[stuff]]"),
    ],
)
def test_a_file_of_another_shape_is_unfit(edited: Edit, old: str, new: str) -> None:
    assert refusal_of(edited((old, new))).code == "catalog.file_unfit"


@pytest.mark.parametrize("content", [b"\xff", b"[" * 100_000, b"#" * (4 * 2**20 + 1), b"version = 1"])
def test_what_is_no_file_at_all_is_unfit(content: bytes) -> None:
    assert refusal_of(content).code == "catalog.file_unfit"


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    try:
        decode_document(content)
    except Refusal as refusal:
        assert refusal.code == "catalog.file_unfit"


def test_a_limit_that_is_none_is_refused_by_the_calendar(edited: Edit) -> None:
    assert refusal_of(edited(("amount = 5", "amount = 20000"))).code == "calendar.limit_invalid"


def test_a_code_whose_body_fails_its_check_is_refused(edited: Edit) -> None:
    assert refusal_of(edited((CODE, CODE.replace("99979", "99978", 1)))).code == "identifiers.checksum_failed"


# The refusals of the loader


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("catalog.authority_unknown", 'source = "health"', 'source = "tax"'),
        ("catalog.authority_unknown", 'authority = "human_resources"', 'authority = "tax"'),
        ("catalog.field_ungraded", ", level = 2", ""),
        ("catalog.retention_missing", ", retention_days = 30", ""),
        ("catalog.material_unknown", 'material = "household_book"', 'material = "birth_certificate"'),
        ("catalog.purpose_unfit", f'purpose = "{PURPOSE}"', ""),
        ("catalog.purpose_unfit", PURPOSE, ""),
        ("catalog.purpose_unfit", PURPOSE, "  "),
        ("catalog.purpose_unfit", PURPOSE, "钱" * 61),
        ("catalog.purpose_unfit", PURPOSE, "一行\\n二行"),
        ("catalog.two_owners", 'id = "marriage.record"', 'id = "population.record"'),
        ("catalog.repeated", 'id = "civil_affairs"', 'id = "health"'),
        ("catalog.repeated", 'id = "household_book"', 'id = "identity_card"'),
        ("catalog.repeated", 'material = "household_book"', 'material = "identity_card"'),
        ("catalog.repeated", '{ id = "sex"', '{ id = "full_name"'),
        ("catalog.repeated", 'fields = ["deceased"]', 'fields = ["deceased", "deceased"]'),
        ("catalog.field_unknown", 'fields = ["deceased"]', 'fields = ["cause"]'),
        ("catalog.field_unknown", 'fields = ["household_division"]', 'fields = ["house"]'),
        ("catalog.field_unknown", 'category = "death.record"', 'category = "death.certificate"'),
        ("catalog.field_unknown", 'of = "birth_date"', 'of = "born"'),
        (
            "catalog.flags_contradict",
            "trust_level = 2",
            'trust_level = 2\ncommitment = true\ncommitment_exclusion = "health"',
        ),
        (
            "catalog.flags_contradict",
            "trust_level = 2",
            'trust_level = 2\nstatutory_limit = { amount = 4, unit = "working_day" }',
        ),
        ("catalog.flags_contradict", 'authority = "human_resources"', 'authority = "bank"'),
        ("catalog.flags_contradict", 'fields = ["household_division"]', 'fields = ["address"]'),
        (
            "catalog.flags_contradict",
            'level = 3, share = "conditional", retention_days = 30 },\n  { id = "holder_name"',
            'level = 4, share = "conditional", retention_days = 30 },\n  { id = "holder_name"',
        ),
        ("catalog.flags_contradict", 'share = "conditional"', 'share = "withheld"'),
        ("catalog.flags_contradict", f"predicate = {AGE}", f"predicates = true, predicate = {AGE}"),
        ("catalog.flags_contradict", 'en = "Aged 60 or over" }, type = "boolean"', 'en = "Aged" }, type = "integer"'),
        ("catalog.flags_contradict", "retention_days = 30, predicates = true", "retention_days = 30"),
        ("catalog.flags_contradict", "operand = 60", 'operand = "60"'),
        ("catalog.flags_contradict", 'kind = "years_at_least"', 'kind = "at_least"'),
        ("catalog.flags_contradict", 'kind = "recorded"', 'kind = "recorded", of = "died_on"'),
    ],
)
def test_the_loader_refuses(edited: Edit, code: str, old: str, new: str) -> None:
    assert refusal_of(edited((old, new))).code == code


def test_the_same_item_twice_is_refused(edited: Edit) -> None:
    text = STARTER.read_text("utf-8")
    again = text[text.index("[[items]]") :]
    assert refusal_of(edited(also="\n" + again)).code == "catalog.repeated"


def test_a_promise_in_another_unit_is_not_compared_with_the_law(edited: Edit) -> None:
    content = edited(("trust_level = 2", 'trust_level = 2\nstatutory_limit = { amount = 4, unit = "calendar_day" }'))
    assert contents_of(decode_document(content)).items[CODE].statutory_limit == Limit(4, Unit.CALENDAR_DAY)


def test_an_excluded_item_without_commitment_holds(edited: Edit) -> None:
    content = edited(("trust_level = 2", 'trust_level = 2\ncommitment_exclusion = "life_and_property"'))
    assert not contents_of(decode_document(content)).items[CODE].commitment


def test_a_field_of_level_four_may_be_answered_by_yes_or_no(edited: Edit) -> None:
    content = edited(
        ('en = "Deceased" }, type = "boolean", level = 3', 'en = "Deceased" }, type = "boolean", level = 4')
    )
    field = contents_of(decode_document(content)).categories["death.record"].field("deceased")
    assert field is not None
    assert field.level is DataLevel.L4


def test_a_purpose_of_sixty_characters_is_heard(edited: Edit) -> None:
    contents_of(decode_document(edited((PURPOSE, "钱" * 60))))


# Who serves an item


def test_the_catalogue_says_which_plugin_serves_an_item(edited: Edit) -> None:
    assert item().plugin == "social_security"
    assert contents_of(decode_document(edited((SERVED, "")))).items[CODE].plugin is None


def test_an_approved_proposal_serves_an_item_that_nobody_served(edited: Edit) -> None:
    unserved = contents_of(decode_document(edited((SERVED, ""))))
    assert amended(unserved, decode_proposal(PROPOSAL.encode())).items[CODE].plugin == "social_security"


def test_a_proposal_for_an_item_that_another_plugin_serves_is_refused() -> None:
    no = proposal_refusal(PROPOSAL.replace('plugin = "social_security"', 'plugin = "stranger"'))
    assert no.code == "catalog.served_by_another"
    assert no.values == {"item": CODE, "plugin": "social_security"}


def test_of_two_proposals_for_one_item_the_second_is_refused(edited: Edit) -> None:
    """Even one that asks for nothing: to serve the item is to get its cases."""
    first = amended(contents_of(decode_document(edited((SERVED, "")))), decode_proposal(PROPOSAL.encode()))
    second = f'plugin = "stranger"\n[[items]]\ncode = "{CODE}"\nversion = 1\n'
    with pytest.raises(Refusal) as caught:
        amended(first, decode_proposal(second.encode()))
    assert caught.value.code == "catalog.served_by_another"


# Proposals

PROPOSAL = f"""
plugin = "social_security"

[[categories]]
id = "card.record"
title = {{ zh = "社会保障卡", en = "Social security card" }}
source = "human_resources"
relation = "card_record"
subject_column = "citizen_id"
max_age_days = 7
fields = [
  {{ id = "card_state", title = {{ zh = "卡状态", en = "State" }}, type = "text", level = 2, share = "conditional", retention_days = 30 }},
]

[[items]]
code = "{CODE}"
version = 1
bindings = [{{ material = "social_security_card", category = "card.record", fields = ["card_state"] }}]
uses = [{{ category = "card.record", fields = ["card_state"], basis = "statutory_duty", purpose = "核对社会保障卡状态" }}]
"""


def proposal_refusal(text: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        amended(shipped(), decode_proposal(text.encode()))
    return caught.value


def test_a_proposal_adds_a_category_a_binding_and_a_use_and_changes_nothing_else() -> None:
    before = shipped()
    after = amended(before, decode_proposal(PROPOSAL.encode()))
    card = FieldRef("card.record", "card_state")
    assert fields_declared(after.items[CODE]) == fields_declared(before.items[CODE]) | {card}
    assert set(after.categories) == {*before.categories, "card.record"}
    assert isinstance(after.categories["card.record"], DataCategory)
    assert after.items[CODE].materials[2].bindings == (*before.items[CODE].materials[2].bindings, card)
    assert [one.material for one in after.items[CODE].materials] == [
        one.material for one in before.items[CODE].materials
    ]
    assert "card.record" not in before.categories


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("catalog.two_owners", 'id = "card.record"', 'id = "pension.record"'),
        ("catalog.authority_unknown", 'source = "human_resources"', 'source = "social_security"'),
        ("catalog.field_ungraded", "level = 2, ", ""),
        ("catalog.retention_missing", ", retention_days = 30", ""),
        ("catalog.item_unknown", CODE, "TE44011350000011405442111689000"),
        ("catalog.item_unknown", "version = 1", "version = 2"),
        ("catalog.material_unknown", 'material = "social_security_card"', 'material = "photograph"'),
        ("catalog.field_unknown", 'fields = ["card_state"]', 'fields = ["photograph"]'),
        ("catalog.purpose_unfit", "核对社会保障卡状态", "卡" * 61),
        ("catalog.flags_contradict", "uses = [", "uses = [] # ["),
        ("catalog.flags_contradict", "level = 2", "level = 4"),
    ],
)
def test_a_proposal_that_oversteps_is_refused(code: str, old: str, new: str) -> None:
    assert old in PROPOSAL
    assert proposal_refusal(PROPOSAL.replace(old, new, 1)).code == code


@pytest.mark.parametrize("table", ["authorities", "materials", "steps"])
def test_a_proposal_has_no_place_for_a_step_a_material_or_an_authority(table: str) -> None:
    with pytest.raises(Refusal) as caught:
        decode_proposal(f'plugin = "x"\n[[{table}]]\nid = "y"\n'.encode())
    assert caught.value.code == "catalog.file_unfit"


def test_a_use_that_the_item_has_already_is_refused() -> None:
    again = f"""
plugin = "social_security"
[[items]]
code = "{CODE}"
version = 1
uses = [{{ category = "death.record", fields = ["deceased"], basis = "statutory_duty", purpose = "再来一次" }}]
"""
    assert proposal_refusal(again).code == "catalog.repeated"


def test_what_is_loaded_cannot_be_changed() -> None:
    contents = shipped()
    with pytest.raises(TypeError):
        contents.items["x"] = item()  # type: ignore[index]
    with pytest.raises(AttributeError):
        contents.items[CODE].version = 2  # type: ignore[misc]


def test_a_predicate_keeps_its_question() -> None:
    field = shipped().categories["population.record"].field("aged_60")
    assert field is not None
    assert field.predicate is not None
    assert (field.predicate.kind, field.predicate.of, field.predicate.operand) == (
        PredicateKind.YEARS_AT_LEAST,
        "birth_date",
        60,
    )
