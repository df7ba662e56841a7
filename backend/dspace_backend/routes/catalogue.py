"""The catalogue: what there is to apply for, what each item uses on which ground, and what data there is."""

import msgspec

from dspace_backend.routing import Call, Nothing, Routes
from dspace_core import Text
from dspace_core.calendar import legal_day
from dspace_core.catalog import Edition, ServiceItem
from dspace_core.catalog.refusals import ItemUnknown

catalogue = Routes("catalogue")


class FieldUseShown(msgspec.Struct, frozen=True):
    """One field that an item uses: whose, on which ground, and what for."""

    category: str
    field: str
    title: Text
    level: int
    basis: str
    purpose: str


class ItemShown(msgspec.Struct, frozen=True):
    """A service item (政务服务事项)."""

    code: str
    version: int
    title: Text
    authority: Text
    trust_level: int
    served: bool
    """Whether it can be applied for here."""
    promised_days: int | None
    promised_unit: str | None
    materials: tuple[Text, ...]
    uses: tuple[FieldUseShown, ...]


class CategoryShown(msgspec.Struct, frozen=True):
    """A category of data (权威数据类别) and its fields."""

    id: str
    title: Text
    source: Text
    fields: tuple[Text, ...]


class CatalogueShown(msgspec.Struct, frozen=True):
    """What the catalogue holds today."""

    edition: int
    items: tuple[ItemShown, ...]
    categories: tuple[CategoryShown, ...]


def item_shown(edition: Edition, item: ServiceItem) -> ItemShown:
    """An item in words."""
    contents = edition.contents
    limit = item.promised_limit
    uses = []
    for use in item.uses:
        field = contents.categories[use.field.category].field(use.field.field)
        if field is not None:
            uses.append(
                FieldUseShown(
                    use.field.category, field.id, field.title, field.level.value, use.basis.value, use.purpose
                )
            )
    return ItemShown(
        code=item.code.value,
        version=item.version,
        title=item.title,
        authority=contents.authorities[item.authority].title,
        trust_level=item.trust_level.value,
        served=item.plugin is not None,
        promised_days=None if limit is None else limit.amount,
        promised_unit=None if limit is None else limit.unit.value,
        materials=tuple(contents.materials[one.material].title for one in item.materials),
        uses=tuple(uses),
    )


def today(call: Call[object]) -> Edition:
    """The edition in force."""
    return call.parts.catalogue().on(legal_day(call.parts.keyring.clock()))


@catalogue.read(
    "/v1/catalogue",
    Text("事项与数据目录", "What can be applied for, and what data there is"),
    takes=Nothing,
    gives=CatalogueShown,
)
async def show_catalogue(call: Call[Nothing]) -> CatalogueShown:
    """Everything in force today."""
    edition = today(call)
    contents = edition.contents
    return CatalogueShown(
        edition.number,
        tuple(item_shown(edition, item) for item in contents.items.values()),
        tuple(
            CategoryShown(
                one.id, one.title, contents.authorities[one.source].title, tuple(field.title for field in one.fields)
            )
            for one in contents.categories.values()
        ),
    )


@catalogue.read(
    "/v1/catalogue/items/{item:str}",
    Text("一个事项", "One service item"),
    takes=Nothing,
    gives=ItemShown,
    refuses=(ItemUnknown,),
)
async def show_item(call: Call[Nothing]) -> ItemShown:
    """One item in the version in force today."""
    edition = today(call)
    return item_shown(edition, edition.item(call.text("item")))
