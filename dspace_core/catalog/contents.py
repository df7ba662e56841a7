"""From a file to contents that hold: the loader and everything it refuses. Pure."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

import msgspec

from dspace_core.catalog.file import (
    CategoryEntry,
    Document,
    FieldEntry,
    FieldsEntry,
    ItemEntry,
    Proposal,
    ServedEntry,
    UseEntry,
)
from dspace_core.catalog.model import (
    Authority,
    DataCategory,
    DataField,
    FieldRef,
    FieldType,
    FieldUse,
    ItemCode,
    ItemMaterial,
    Material,
    Predicate,
    PredicateKind,
    ServiceItem,
    ShareAttribute,
)
from dspace_core.catalog.refusals import (
    AuthorityUnknown,
    FieldUngraded,
    FieldUnknown,
    FlagsContradict,
    ItemUnknown,
    MaterialUnknown,
    PurposeUnfit,
    Repeated,
    RetentionMissing,
    ServedByAnother,
    TwoOwners,
)
from dspace_core.identifiers import item_codes
from dspace_core.scenario import PluginId, Purpose
from dspace_core.values import Basis, DataLevel

T = TypeVar("T")
Categories = Mapping[str, DataCategory]
_ASKS = {
    PredicateKind.YEARS_AT_LEAST: (FieldType.DATE, int),
    PredicateKind.AT_LEAST: (FieldType.INTEGER, int),
    PredicateKind.IS: (FieldType.TEXT, str),
}
"""Which questions go with which type, and what their operand is."""


class Contents(msgspec.Struct, frozen=True):
    """Everything a catalogue holds at one moment, by id; items by the text of their code."""

    authorities: Mapping[str, Authority]
    categories: Categories
    materials: Mapping[str, Material]
    items: Mapping[str, ServiceItem]


def contents_of(document: Document) -> Contents:
    """(1) nothing stands twice, a category has one owner  (2) every authority is listed  (3) every field has its level
    and its retention, and its predicate makes sense  (4) every material is listed  (5) every field that an item binds
    or uses is there  (6) with a purpose  (7) no flags contradict each other."""
    authorities = _by_id(document.authorities, lambda one: one.id)
    materials = _by_id(document.materials, lambda one: one.id)
    categories = _categories(document.categories, {}, authorities)
    items = _by_id((_item(entry, authorities, categories, materials) for entry in document.items), _code)
    return Contents(authorities, categories, materials, items)


def amended(contents: Contents, proposal: Proposal) -> Contents:
    """The contents with an approved proposal put in. (1) its categories have no owner yet, and hold  (2) its items are
    in the catalogue in just that version  (3) no other plugin serves them  (4) they have the materials it binds
    (5) as (5) to (7) of `contents_of`. From then on the plugin serves them."""
    categories = _categories(proposal.categories, contents.categories, contents.authorities)
    items = dict(contents.items)
    for served in proposal.items:
        item = items.get(served.code)
        if item is None or item.version != served.version:
            raise ItemUnknown
        items[served.code] = _served(item, served, proposal.plugin, contents.authorities, categories)
    return Contents(contents.authorities, categories, contents.materials, MappingProxyType(items))


def _by_id(entries: Iterable[T], id_of: Callable[[T], str]) -> Mapping[str, T]:
    found: dict[str, T] = {}
    for entry in entries:
        if id_of(entry) in found:
            raise Repeated(id=id_of(entry))
        found[id_of(entry)] = entry
    return MappingProxyType(found)


def _code(item: ServiceItem) -> str:
    return item.code.value


def _categories(
    entries: Iterable[CategoryEntry], known: Categories, authorities: Mapping[str, Authority]
) -> Categories:
    """The known categories and those of the entries, none of which may claim an id that has its owner."""
    found = dict(known)
    for entry in entries:
        if entry.id in found:
            raise TwoOwners(category=entry.id)
        if entry.source not in authorities:
            raise AuthorityUnknown(at=entry.id, authority=entry.source)
        fields = _by_id((_field(entry.id, field) for field in entry.fields), lambda field: field.id)
        for field in fields.values():
            _check_predicate(f"{entry.id}/{field.id}", field, fields)
        found[entry.id] = DataCategory(
            id=entry.id,
            title=entry.title,
            source=entry.source,
            relation=entry.relation,
            subject_column=entry.subject_column,
            max_age_days=entry.max_age_days,
            fields=tuple(fields.values()),
        )
    return MappingProxyType(found)


def _field(category: str, entry: FieldEntry) -> DataField:
    at = f"{category}/{entry.id}"
    if entry.level is None:
        raise FieldUngraded(field=at)
    if entry.retention_days is None:
        raise RetentionMissing(field=at)
    return DataField(
        id=entry.id,
        title=entry.title,
        type=entry.type,
        level=entry.level,
        share=entry.share,
        retention_days=entry.retention_days,
        predicates=entry.predicates,
        predicate=entry.predicate,
        column=entry.column or entry.id,
    )


def _check_predicate(at: str, field: DataField, fields: Mapping[str, DataField]) -> None:
    predicate = field.predicate
    if predicate is None:
        return
    if field.type is not FieldType.BOOLEAN or field.predicates:
        raise FlagsContradict(at=at, problem="an answer is a boolean, and no questions are asked about it")
    problem = _predicate_problem(at, predicate, fields)
    if problem is not None:
        raise FlagsContradict(at=at, problem=problem)


def _predicate_problem(at: str, predicate: Predicate, fields: Mapping[str, DataField]) -> str | None:
    if predicate.kind is PredicateKind.RECORDED:
        bare = predicate.of is None and predicate.operand is None
        return None if bare else "a record is there or not, whatever its fields hold"
    asked = fields.get(predicate.of or "")
    if asked is None:
        raise FieldUnknown(at=at, field=predicate.of or "")
    if not asked.predicates:
        return "its field allows no questions"
    value_type, operand_type = _ASKS[predicate.kind]
    if asked.type is not value_type or type(predicate.operand) is not operand_type:
        return "the question does not go with the type of its field or operand"
    return None


def _item(
    entry: ItemEntry,
    authorities: Mapping[str, Authority],
    categories: Categories,
    materials: Mapping[str, Material],
) -> ServiceItem:
    if entry.authority not in authorities:
        raise AuthorityUnknown(at=entry.code, authority=entry.authority)
    for named in entry.materials:
        if named.material not in materials:
            raise MaterialUnknown(at=entry.code, material=named.material)
    item = ServiceItem(
        code=parse_code(entry.code),
        version=entry.version,
        title=entry.title,
        authority=entry.authority,
        plugin=entry.plugin,
        audience=frozenset(entry.audience),
        trust_level=entry.trust_level,
        statutory_limit=entry.statutory_limit,
        promised_limit=entry.promised_limit,
        commitment=entry.commitment,
        commitment_exclusion=entry.commitment_exclusion,
        materials=tuple(
            _by_id(
                (
                    ItemMaterial(
                        material=named.material,
                        necessity=named.necessity,
                        bindings=_refs(entry.code, named.bindings, categories),
                    )
                    for named in entry.materials
                ),
                lambda named: named.material,
            ).values()
        ),
        uses=_uses(entry.code, entry.uses, categories),
    )
    _check_item(item, authorities[item.authority], categories)
    return item


def _served(
    item: ServiceItem,
    served: ServedEntry,
    plugin: PluginId,
    authorities: Mapping[str, Authority],
    categories: Categories,
) -> ServiceItem:
    """The item with the bindings and uses of a proposal beside its own, served by the plugin that proposed them."""
    if item.plugin is not None and item.plugin != plugin:
        raise ServedByAnother(item=served.code, plugin=item.plugin)
    materials = {one.material: one for one in item.materials}
    for binding in served.bindings:
        material = materials.get(binding.material)
        if material is None:
            raise MaterialUnknown(at=served.code, material=binding.material)
        bound = (*material.bindings, *_refs(served.code, [binding], categories))
        materials[binding.material] = msgspec.structs.replace(material, bindings=bound)
    uses = (*item.uses, *_uses(served.code, served.uses, categories))
    grown = msgspec.structs.replace(item, plugin=plugin, materials=tuple(materials.values()), uses=uses)
    _check_item(grown, authorities[item.authority], categories)
    return grown


def parse_code(text: str) -> ItemCode:
    """The code of an item. Raises what the parsers of codes refuse."""
    return item_codes.parse_handling_code(text) if len(text) == 33 else item_codes.parse_guide_code(text)


def _refs(at: str, entries: Iterable[FieldsEntry], categories: Categories) -> tuple[FieldRef, ...]:
    refs = [FieldRef(entry.category, field) for entry in entries for field in entry.fields]
    for ref in refs:
        if ref.category not in categories or categories[ref.category].field(ref.field) is None:
            raise FieldUnknown(at=at, field=f"{ref.category}/{ref.field}")
    return tuple(refs)


def _uses(at: str, entries: Iterable[UseEntry], categories: Categories) -> tuple[FieldUse, ...]:
    uses = []
    for entry in entries:
        try:
            purpose = msgspec.convert(entry.purpose, Purpose)
        except msgspec.ValidationError:
            raise PurposeUnfit(at=f"{at} {entry.category}") from None
        uses += [
            FieldUse(field=ref, basis=Basis(entry.basis), purpose=purpose) for ref in _refs(at, [entry], categories)
        ]
    return tuple(uses)


def _check_item(item: ServiceItem, authority: Authority, categories: Categories) -> None:
    """(1) no use stands twice  (2) no flags contradict each other."""
    _by_id(item.uses, lambda use: f"{use.field.category}/{use.field.field} {use.basis.value}")
    problem = _item_problem(item, authority)
    if problem is not None:
        raise FlagsContradict(at=item.code.value, problem=problem)
    for use in item.uses:
        field = categories[use.field.category].field(use.field.field)
        if field is not None and (problem := _use_problem(field)) is not None:
            raise FlagsContradict(at=f"{item.code.value} {use.field.category}/{field.id}", problem=problem)


def _item_problem(item: ServiceItem, authority: Authority) -> str | None:
    promised, statutory = item.promised_limit, item.statutory_limit
    if item.commitment and item.commitment_exclusion is not None:
        return "a commitment is allowed and excluded"
    if promised and statutory and promised.unit is statutory.unit and promised.amount > statutory.amount:
        return "more days are promised than the law allows"
    if not authority.public_body and any(use.basis is Basis.STATUTORY_DUTY for use in item.uses):
        return "only a public body uses data by a duty of law"
    used = {use.field for use in item.uses}
    if any(ref not in used for material in item.materials for ref in material.bindings):
        return "a material is bound to a field that the item does not use"
    return None


def _use_problem(field: DataField) -> str | None:
    if field.share is ShareAttribute.WITHHELD:
        return "the field is withheld from sharing"
    if field.level is DataLevel.L4 and field.predicate is None:
        return "a field of level 4 never leaves as a value"
    return None
