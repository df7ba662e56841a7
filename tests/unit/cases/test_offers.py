"""From the catalogue to what is asked for."""

import msgspec
import pytest

from dspace_core.cases.offers import OTHERWISE, needs_consent, offers_for, served_by
from dspace_core.cases.refusals import ContactMissing, ItemUnserved
from dspace_core.catalog import (
    STARTER,
    Catalogue,
    Edition,
    FieldRef,
    FieldUse,
    ItemMaterial,
    Necessity,
    ServiceItem,
)
from dspace_core.errors import Text
from dspace_core.values import Basis, CaseId, DataLevel, random_id

A3 = "1244000045585999793440514001000"
CONTACTS = {"human_resources": Text("12333", "12333")}


@pytest.fixture
def edition() -> Edition:
    return Catalogue.from_file(STARTER).editions[0]


@pytest.fixture
def item(edition: Edition) -> ServiceItem:
    return edition.item(A3)


def test_one_offer_for_a_purpose_holds_all_its_fields_and_no_field_of_a_duty(
    edition: Edition, item: ServiceItem
) -> None:
    case = CaseId(random_id())
    (offer,) = offers_for(edition, item, case, CONTACTS)
    assert [field.key for field in offer.fields] == [
        "bank.account.account_no",
        "bank.account.holder_name",
        "bank.account.bank_name",
        "bank.account.account_active",
    ]
    assert (offer.case, offer.item, offer.item_version) == (case, A3, 1)
    assert (offer.recipient.id, offer.recipient.contact) == ("human_resources", CONTACTS["human_resources"])
    assert offer.fields[0].category.source == Text("银行", "Banks")


def test_levels_and_answers_are_the_catalogues(edition: Edition, item: ServiceItem) -> None:
    (offer,) = offers_for(edition, item, CaseId(random_id()), CONTACTS)
    assert [field.level for field in offer.fields] == [DataLevel.L3, DataLevel.L2, DataLevel.L2, DataLevel.L2]
    assert [field.answer for field in offer.fields] == [False, False, False, True]


def test_two_purposes_make_two_offers_in_the_catalogues_order(edition: Edition, item: ServiceItem) -> None:
    other = FieldUse(field=FieldRef("marriage.record", "married"), basis=Basis.GRANT, purpose="核定家庭情况")
    wider = msgspec.structs.replace(item, uses=(other, *item.uses))
    offers = offers_for(edition, wider, CaseId(random_id()), CONTACTS)
    assert [offer.purpose for offer in offers] == ["核定家庭情况", "将养老金发放到您本人的账户"]


@pytest.mark.parametrize(
    ("necessities", "required"),
    [
        ((), True),
        ((Necessity.REQUIRED,), True),
        ((Necessity.OPTIONAL,), False),
        ((Necessity.DEFERRABLE,), False),
        ((Necessity.OPTIONAL, Necessity.REQUIRED), True),
    ],
)
def test_a_field_can_be_declined_if_only_materials_rest_on_it_that_need_not_be_there(
    edition: Edition, item: ServiceItem, necessities: tuple[Necessity, ...], required: bool
) -> None:
    ref = FieldRef("bank.account", "account_no")
    use = FieldUse(field=ref, basis=Basis.GRANT, purpose="将养老金发放到您本人的账户")
    materials = tuple(ItemMaterial(material="identity_card", necessity=one, bindings=(ref,)) for one in necessities)
    made = msgspec.structs.replace(item, materials=materials, uses=(use,))
    (offer,) = offers_for(edition, made, CaseId(random_id()), CONTACTS)
    assert offer.fields[0].required is required
    assert offer.otherwise == OTHERWISE["required" if required else "optional"]


def test_an_item_without_fields_to_agree_to_offers_nothing_and_needs_no_contact(
    edition: Edition, item: ServiceItem
) -> None:
    duties = msgspec.structs.replace(item, uses=tuple(use for use in item.uses if use.basis is not Basis.GRANT))
    assert needs_consent(item)
    assert not needs_consent(duties)
    assert offers_for(edition, duties, CaseId(random_id()), {}) == ()


def test_an_authority_that_nobody_can_reach_asks_for_nothing(edition: Edition, item: ServiceItem) -> None:
    with pytest.raises(ContactMissing) as caught:
        offers_for(edition, item, CaseId(random_id()), {"bank": Text("95588", "95588")})
    assert caught.value.values == {"authority": "human_resources"}


def test_an_item_that_nobody_serves_is_refused(edition: Edition, item: ServiceItem) -> None:
    unserved = msgspec.structs.replace(item, plugin=None)
    assert served_by(item) == "social_security"
    with pytest.raises(ItemUnserved):
        served_by(unserved)
    with pytest.raises(ItemUnserved):
        offers_for(edition, unserved, CaseId(random_id()), CONTACTS)


@pytest.mark.parametrize("name", ["required", "optional"])
def test_what_happens_on_no_can_stand_in_a_notice(name: str) -> None:
    for words in (OTHERWISE[name].zh, OTHERWISE[name].en):
        assert words.isprintable()
