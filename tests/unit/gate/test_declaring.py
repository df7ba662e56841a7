"""What an item declares of an ask: article 4 and article 10, without a server."""

import msgspec
import pytest

from dspace_core.catalog import STARTER, Catalogue, Edition, FieldRef, FieldUse
from dspace_core.errors import Refusal
from dspace_core.gate.declaring import Declared, declared
from dspace_core.scenario import Use
from dspace_core.values import Basis

CLAIM = "1244000045585999793440514001000"
PURPOSE = "将养老金发放到您本人的账户"


@pytest.fixture
def edition() -> Edition:
    return Catalogue.from_file(STARTER).editions[0]


def asked(edition: Edition, use: Use, item: str = CLAIM, plugin: str = "social_security") -> Declared:
    return declared(edition, item, plugin, use)


def account(*fields: str) -> Use:
    return Use(item="bank.account", fields=frozenset(fields), purpose=PURPOSE)


def with_uses(edition: Edition, *uses: FieldUse) -> Edition:
    """The edition with the uses of its item replaced."""
    item = msgspec.structs.replace(edition.item(CLAIM), uses=uses)
    contents = msgspec.structs.replace(edition.contents, items={CLAIM: item})
    return msgspec.structs.replace(edition, contents=contents)


def used(field: str, basis: Basis) -> FieldUse:
    return FieldUse(field=FieldRef("bank.account", field), basis=basis, purpose=PURPOSE)


def test_what_is_listed_is_declared_with_its_basis_and_its_sensitive_fields(edition: Edition) -> None:
    found = asked(edition, account("account_no", "bank_name"))
    assert found.basis is Basis.GRANT
    assert found.keys == {"bank.account.account_no", "bank.account.bank_name"}
    assert found.sensitive == {"bank.account.account_no"}


def test_article_4_one_field_too_many_shuts_all(edition: Edition) -> None:
    with pytest.raises(Refusal, match=r"gate\.undeclared"):
        asked(edition, account("account_no", "status"))


def test_article_10_another_purpose_is_another_use(edition: Edition) -> None:
    with pytest.raises(Refusal, match=r"gate\.undeclared"):
        asked(edition, msgspec.structs.replace(account("account_no"), purpose="别的"))


def test_article_9_a_category_that_the_catalogue_does_not_have_is_not_repeated(edition: Edition) -> None:
    """A plugin may write there what it was given; the refusal goes into logs."""
    with pytest.raises(Refusal, match=r"gate\.undeclared: .* an unknown category") as no:
        asked(edition, msgspec.structs.replace(account("account_no"), item="x110101199003077715"))
    assert "1990" not in f"{no.value} {no.value.values} {no.value.title}"


def test_an_item_that_the_catalogue_does_not_have_is_refused(edition: Edition) -> None:
    with pytest.raises(Refusal, match=r"catalog\.item_unknown"):
        asked(edition, account("account_no"), item="nothing")


def test_article_10_a_plugin_that_does_not_serve_the_item_gets_nothing(edition: Edition) -> None:
    with pytest.raises(Refusal, match=r"gate\.item_unserved"):
        asked(edition, account("account_no"), plugin="stranger")


def test_fields_on_different_bases_are_asked_for_apart(edition: Edition) -> None:
    mixed = with_uses(edition, used("account_no", Basis.GRANT), used("bank_name", Basis.STATUTORY_DUTY))
    with pytest.raises(Refusal, match=r"gate\.bases_mixed"):
        asked(mixed, account("account_no", "bank_name"))


@pytest.mark.parametrize("basis", [Basis.SUBJECT_ACCESS, Basis.SCREENING_RUN])
def test_article_1_a_plugin_asks_on_two_bases_only(edition: Edition, basis: Basis) -> None:
    with pytest.raises(Refusal, match=r"gate\.basis_unserved"):
        asked(with_uses(edition, used("account_no", basis)), account("account_no"))
