"""Versions and effective days: what held when, and what a running case keeps."""

from collections.abc import Callable
from datetime import date

import pytest

from dspace_core.catalog import STARTER, Catalogue, Edition, decode_document, decode_proposal
from dspace_core.catalog.editions import amend, follow
from dspace_core.errors import Refusal

Edit = Callable[..., bytes]
CODE = "1244000045585999793440514001000"
SECOND = (("version = 1\n", "version = 2\n"), ("effective = 2026-01-01", "effective = 2026-03-01"))
ITEM_VERSION = (f'"{CODE}"\nversion = 1', f'"{CODE}"\nversion = 2')
PROPOSAL = decode_proposal(
    f"""
plugin = "social_security"
[[items]]
code = "{CODE}"
version = 1
uses = [{{ category = "marriage.record", fields = ["married"], basis = "grant", purpose = "核对婚姻状况" }}]
""".encode()
)


def first() -> Edition:
    return follow(None, decode_document(STARTER.read_bytes()))


def refusal_of(previous: Edition, content: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        follow(previous, decode_document(content))
    return caught.value.code


def test_a_case_keeps_the_edition_it_began_under(edited: Edit) -> None:
    later = follow(first(), decode_document(edited(*SECOND, ITEM_VERSION, ("amount = 5", "amount = 3"))))
    catalogue = Catalogue((first(), later))
    began = catalogue.on(date(2026, 2, 28))
    assert began.number == 1
    limit = catalogue.edition(began.number).item(CODE).promised_limit
    assert limit is not None
    assert limit.amount == 5
    renewed = catalogue.on(date(2026, 3, 1)).item(CODE).promised_limit
    assert renewed is not None
    assert renewed.amount == 3


def test_before_the_first_day_nothing_is_in_force() -> None:
    with pytest.raises(Refusal) as caught:
        Catalogue((first(),)).on(date(2025, 12, 31))
    assert caught.value.code == "catalog.edition_unknown"


@pytest.mark.parametrize("number", [0, 2, -1])
def test_an_edition_that_never_was_is_refused(number: int) -> None:
    with pytest.raises(Refusal) as caught:
        Catalogue((first(),)).edition(number)
    assert caught.value.code == "catalog.edition_unknown"


def test_of_two_editions_of_one_day_the_later_counts(edited: Edit) -> None:
    later = follow(first(), decode_document(edited(SECOND[0])))
    assert Catalogue((first(), later)).on(date(2026, 1, 1)).number == 2


def test_the_same_version_again_goes_backwards(edited: Edit) -> None:
    assert refusal_of(first(), edited()) == "catalog.version_backwards"


def test_an_earlier_effective_day_goes_backwards(edited: Edit) -> None:
    content = edited(SECOND[0], ("effective = 2026-01-01", "effective = 2025-12-31"))
    assert refusal_of(first(), content) == "catalog.version_backwards"


def test_an_item_whose_version_goes_back_is_refused_even_after_it_was_away(edited: Edit) -> None:
    second = follow(first(), decode_document(edited(*SECOND, ITEM_VERSION)))
    text = edited(("version = 1\n", "version = 3\n"), SECOND[1]).decode()
    without = follow(second, decode_document(text[: text.index("[[items]]")].encode()))
    content = edited(("version = 1\n", "version = 4\n"), SECOND[1])
    assert refusal_of(second, content) == "catalog.version_backwards"
    assert refusal_of(without, content) == "catalog.version_backwards"


def test_an_item_that_changes_without_a_new_version_is_refused(edited: Edit) -> None:
    assert refusal_of(first(), edited(*SECOND, ("amount = 5", "amount = 3"))) == "catalog.changed_in_version"


def test_an_item_that_comes_back_changed_needs_a_newer_version_too(edited: Edit) -> None:
    text = edited(*SECOND).decode()
    without = follow(first(), decode_document(text[: text.index("[[items]]")].encode()))
    third = (("version = 1\n", "version = 3\n"), SECOND[1])
    assert refusal_of(without, edited(*third, ("amount = 5", "amount = 3"))) == "catalog.changed_in_version"
    assert follow(without, decode_document(edited(*third))).item(CODE).version == 1


REST = 'share = "conditional", retention_days = 30'
AGED = (
    f'type = "boolean", level = 2, {REST}, predicate = {{ kind = "years_at_least", of = "birth_date", operand = 60 }}'
)
MARRIED = f'type = "boolean", level = 2, {REST}, predicate = {{ kind = "is", of = "marital_status", operand = "20" }}'
VALUE = f'type = "boolean", level = 2, {REST}'


@pytest.mark.parametrize(
    "new",
    [VALUE, f'type = "date", level = 2, {REST}, column = "birth_date"', AGED.replace("60", "18")],
    ids=["a value", "another type", "another question"],
)
def test_what_a_field_gives_changes_with_the_version_of_its_items_only(edited: Edit, new: str) -> None:
    """A standing grant holds for a version: it would release a value where its subject agreed to an answer."""
    assert refusal_of(first(), edited(*SECOND, (AGED, new))) == "catalog.field_changed"
    assert follow(first(), decode_document(edited(*SECOND, ITEM_VERSION, (AGED, new)))).item(CODE).version == 2


def test_a_field_is_what_it_was_even_after_its_item_was_away(edited: Edit) -> None:
    text = edited(*SECOND, (AGED, VALUE)).decode()
    without = follow(first(), decode_document(text[: text.index("[[items]]")].encode()))
    content = edited(("version = 1\n", "version = 3\n"), SECOND[1], (AGED, VALUE))
    assert refusal_of(without, content) == "catalog.field_changed"


@pytest.mark.parametrize(
    "change",
    [(MARRIED, VALUE), (AGED, f'{AGED}, column = "aged"'), ('"Aged 60 or over"', '"Sixty or older"')],
    ids=["a field of no item", "another column", "another title"],
)
def test_what_changes_nothing_for_an_item_needs_no_version(edited: Edit, change: tuple[str, str]) -> None:
    assert follow(first(), decode_document(edited(*SECOND, change))).item(CODE).version == 1


def test_a_proposal_lapses_with_what_its_field_gives_and_does_not_come_back_with_the_value(edited: Edit) -> None:
    approved = amend(first(), PROPOSAL, date(2026, 2, 1))
    after = follow(approved, decode_document(edited(*SECOND, (MARRIED, VALUE))))
    assert [(one.plugin, one.reason) for one in after.lapsed] == [("social_security", "catalog.field_changed")]
    assert len(after.item(CODE).uses) == 11
    with pytest.raises(Refusal) as caught:
        amend(after, PROPOSAL, date(2026, 3, 1))
    assert caught.value.code == "catalog.field_changed"
    assert caught.value.values == {"field": "marriage.record/married", "version": 1}


def test_an_unchanged_item_keeps_its_version(edited: Edit) -> None:
    assert follow(first(), decode_document(edited(*SECOND))).item(CODE).version == 1


def test_a_proposal_holds_from_its_day_and_survives_the_next_document(edited: Edit) -> None:
    approved = amend(first(), PROPOSAL, date(2026, 2, 1))
    after = follow(approved, decode_document(edited(*SECOND)))
    assert (approved.number, after.number) == (2, 3)
    catalogue = Catalogue((first(), approved, after))
    assert len(catalogue.on(date(2026, 1, 31)).item(CODE).uses) == 11
    assert len(catalogue.on(date(2026, 2, 1)).item(CODE).uses) == 12
    assert len(catalogue.on(date(2026, 3, 1)).item(CODE).uses) == 12
    assert after.lapsed == ()


def test_a_proposal_lapses_with_the_version_it_was_made_for(edited: Edit) -> None:
    approved = amend(first(), PROPOSAL, date(2026, 2, 1))
    after = follow(approved, decode_document(edited(*SECOND, ITEM_VERSION)))
    assert [(one.plugin, one.reason) for one in after.lapsed] == [("social_security", "catalog.item_unknown")]
    assert len(after.item(CODE).uses) == 11
    assert after.proposals == ()


def test_an_item_goes_to_another_plugin_only_in_a_new_version(edited: Edit) -> None:
    given = ('plugin = "social_security"', 'plugin = "stranger"')
    assert refusal_of(first(), edited(*SECOND, given)) == "catalog.changed_in_version"
    after = follow(amend(first(), PROPOSAL, date(2026, 2, 1)), decode_document(edited(*SECOND, ITEM_VERSION, given)))
    assert after.item(CODE).plugin == "stranger"
    assert [one.plugin for one in after.lapsed] == ["social_security"]


def test_a_proposal_does_not_hold_from_a_day_before_the_last_edition(edited: Edit) -> None:
    second = follow(first(), decode_document(edited(*SECOND)))
    with pytest.raises(Refusal) as caught:
        amend(second, PROPOSAL, date(2026, 2, 28))
    assert caught.value.code == "catalog.version_backwards"


def test_what_the_catalogue_lacks_is_refused() -> None:
    for ask, code in ((first().item, "catalog.item_unknown"), (first().category, "catalog.category_unknown")):
        with pytest.raises(Refusal) as caught:
            ask("nothing")
        assert caught.value.code == code
    assert first().category("death.record").source == "health"


def test_a_catalogue_of_a_file_is_one_edition() -> None:
    assert [one.number for one in Catalogue.from_file(STARTER).editions] == [1]
