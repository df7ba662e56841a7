"""What a service item declares of an ask: its fields, their basis, and how sensitive they are. Pure (articles 4, 10)."""

import msgspec

from dspace_core.catalog import DataCategory, Edition, FieldRef, ServiceItem
from dspace_core.catalog.refusals import CategoryUnknown
from dspace_core.gate.refusals import UNKNOWN, BasesMixed, BasisUnserved, ItemUnserved, Undeclared
from dspace_core.grants import field_key
from dspace_core.scenario import Use
from dspace_core.values import Basis, DataLevel

_SERVED = (Basis.GRANT, Basis.STATUTORY_DUTY)


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """An ask that its item covers: all its fields on one basis, for the purpose asked."""

    item: ServiceItem
    category: DataCategory
    basis: Basis
    keys: frozenset[str]
    """The fields asked for, as grants name them."""
    sensitive: frozenset[str]
    """Those of them at level 3 or above."""


def declared(edition: Edition, code: str, plugin: str, use: Use) -> Declared:
    """Hold an ask of a plugin, in a case of the service item `code`, against the catalogue.

    (1) the item is this plugin's  (2) it lists each field, for this purpose
    (3) all on one basis  (4) on which a plugin may ask. Raises ItemUnknown, ItemUnserved, Undeclared, BasesMixed,
    BasisUnserved.
    """
    item = edition.item(code)
    if item.plugin != plugin:  # 1
        raise ItemUnserved
    try:
        category = edition.category(use.item)
    except CategoryUnknown:
        raise Undeclared(category=UNKNOWN) from None
    bases: set[Basis] = set()
    for name in use.fields:
        ref = FieldRef(use.item, name)
        on = {listed.basis for listed in item.uses if listed.field == ref and listed.purpose == use.purpose}
        if not on:  # 2
            raise Undeclared(category=use.item)
        bases |= on
    if len(bases) > 1:  # 3
        raise BasesMixed(category=use.item)
    (basis,) = bases
    if basis not in _SERVED:  # 4
        raise BasisUnserved(basis=basis.value)
    levels = {field.id: field.level for field in category.fields}
    return Declared(
        item=item,
        category=category,
        basis=basis,
        keys=frozenset(field_key(use.item, name) for name in use.fields),
        sensitive=frozenset(field_key(use.item, name) for name in use.fields if levels[name] >= DataLevel.L3),
    )
