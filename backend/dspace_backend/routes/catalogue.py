"""The catalogue: what there is to apply for, what each item uses on which ground, and what data there is."""

from collections.abc import Iterable
from typing import Annotated

import msgspec

from dspace_backend.outside import Outside
from dspace_backend.routing import Call, Nothing, Routes
from dspace_core import Text
from dspace_core.calendar import legal_day
from dspace_core.catalog import DataCategory, Edition, ServiceItem
from dspace_core.catalog.refusals import ItemUnknown
from dspace_core.catalog.search import LONGEST, MOST, Found, Kind

catalogue = Routes("catalogue")


class CatalogueQuery(Outside, frozen=True, kw_only=True):
    """What is looked for: Chinese, pinyin, initials, English or a code; nothing is looked for in what is left empty."""

    q: Annotated[str, msgspec.Meta(max_length=LONGEST)] = ""


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
    """What the catalogue holds today; of what was looked for, the best first, at most 50."""

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


def category_shown(edition: Edition, category: DataCategory) -> CategoryShown:
    """A category in words."""
    source = edition.contents.authorities[category.source].title
    return CategoryShown(category.id, category.title, source, tuple(field.title for field in category.fields))


@catalogue.read(
    "/v1/catalogue",
    Text("事项与数据目录, 可检索", "What can be applied for, and what data there is; searched by `q`"),
    takes=CatalogueQuery,
    gives=CatalogueShown,
    personal=False,
)
async def show_catalogue(call: Call[CatalogueQuery]) -> CatalogueShown:
    """Everything in force today, or what fits the query."""
    edition = today(call)
    if not call.taken.q:
        return _shown(edition, edition.contents.items, edition.contents.categories)
    found = call.parts.searches.of(edition).search(call.taken.q, MOST)
    return _shown(edition, _ids(found, Kind.ITEM), _ids(found, Kind.CATEGORY))


def _shown(edition: Edition, items: Iterable[str], categories: Iterable[str]) -> CatalogueShown:
    return CatalogueShown(
        edition.number,
        tuple(item_shown(edition, edition.item(code)) for code in items),
        tuple(category_shown(edition, edition.category(id_)) for id_ in categories),
    )


def _ids(found: Iterable[Found], kind: Kind) -> list[str]:
    return [one.id for one in found if one.kind is kind]


@catalogue.read(
    "/v1/catalogue/items/{item:str}",
    Text("一个事项", "One service item"),
    takes=Nothing,
    gives=ItemShown,
    refuses=(ItemUnknown,),
    personal=False,
)
async def show_item(call: Call[Nothing]) -> ItemShown:
    """One item in the version in force today."""
    edition = today(call)
    return item_shown(edition, edition.item(call.text("item")))
