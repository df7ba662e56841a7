"""From the catalogue to what is asked for: one offer for each purpose for which an item needs consent. Pure."""

from collections.abc import Mapping

from dspace_core.cases.refusals import ContactMissing, ItemUnserved
from dspace_core.catalog import Authority, Edition, FieldRef, FieldUse, Necessity, ServiceItem
from dspace_core.errors import Text
from dspace_core.grants import Category, Offer, OfferedField, Party
from dspace_core.values import Basis, CaseId

OTHERWISE = {
    "required": Text(
        "本事项不能在线办理,可到受理窗口提交纸质材料办理,不影响您享有的权利",
        "this service cannot go on online; bring the papers to the counter, and you lose no right",
    ),
    "optional": Text(
        "不影响本次办理,窗口可能请您补交相应材料",
        "the service goes on; the counter may ask you for the papers instead",
    ),
}
"""What happens on no: where something that is needed is asked for, and where everything can be declined."""


def served_by(item: ServiceItem) -> str:
    """The plugin that serves the item. Raises ItemUnserved."""
    if item.plugin is None:
        raise ItemUnserved
    return item.plugin


def needs_consent(item: ServiceItem) -> bool:
    """Whether the item uses any field that a person has to agree to."""
    return any(use.basis is Basis.GRANT for use in item.uses)


def offers_for(edition: Edition, item: ServiceItem, case: CaseId, contacts: Mapping[str, Text]) -> tuple[Offer, ...]:
    """One offer for each purpose, in the order of the catalogue. Raises ItemUnserved, ContactMissing."""
    plugin = served_by(item)
    purposes: dict[str, list[FieldUse]] = {}
    for use in item.uses:
        if use.basis is Basis.GRANT:
            purposes.setdefault(use.purpose, []).append(use)
    if not purposes:
        return ()
    recipient = _party(edition.contents.authorities[item.authority], contacts)
    return tuple(
        Offer(
            plugin=plugin,
            recipient=recipient,
            item=item.code.value,
            item_version=item.version,
            item_title=item.title,
            fields=(fields := tuple(_field(edition, item, use.field) for use in uses)),
            purpose=purpose,
            otherwise=OTHERWISE["required" if any(field.required for field in fields) else "optional"],
            case=case,
        )
        for purpose, uses in purposes.items()
    )


def _party(authority: Authority, contacts: Mapping[str, Text]) -> Party:
    contact = contacts.get(authority.id)
    if contact is None:
        raise ContactMissing(authority=authority.id)
    return Party(authority.id, authority.title, contact)


def _field(edition: Edition, item: ServiceItem, ref: FieldRef) -> OfferedField:
    category = edition.category(ref.category)
    field = category.field(ref.field)
    assert field is not None  # noqa: S101  (the loader refuses an item that uses a field which is not there)
    source = edition.contents.authorities[category.source].title
    return OfferedField(
        category=Category(category.id, category.title, source),
        id=field.id,
        title=field.title,
        level=field.level,
        required=_required(item, ref),
        answer=field.predicate is not None,
    )


def _required(item: ServiceItem, ref: FieldRef) -> bool:
    """Whether the item cannot do without the field: no material rests on it, or one that must be there does."""
    bound = [material.necessity for material in item.materials if ref in material.bindings]
    return not bound or Necessity.REQUIRED in bound
