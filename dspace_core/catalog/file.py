"""The shapes of catalogue files. They accept a field without level, retention or purpose, so that its absence is told
as what it is and not as a fault of form; everything else is strict."""

from datetime import date
from typing import Annotated, Literal, TypeVar

import msgspec

from dspace_core.calendar import Limit
from dspace_core.catalog.model import (
    Audience,
    Authority,
    AuthorityId,
    CommitmentExclusion,
    FieldType,
    Material,
    MaterialId,
    Necessity,
    Predicate,
    Relation,
    ShareAttribute,
    TrustLevel,
)
from dspace_core.catalog.refusals import FileUnfit
from dspace_core.errors import Text
from dspace_core.scenario import FieldName, ItemId, PluginId
from dspace_core.values import DataLevel

Number = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]
FILE_LIMIT = 4 * 2**20
"""No catalogue file is longer, in bytes."""


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class FieldEntry(_Entry, frozen=True, kw_only=True):
    """A field of a category."""

    id: FieldName
    title: Text
    type: FieldType
    level: DataLevel | None = None
    share: ShareAttribute
    retention_days: Days | None = None
    predicates: bool = False
    predicate: Predicate | None = None
    column: Relation | None = None


class CategoryEntry(_Entry, frozen=True, kw_only=True):
    """A category, with its fields."""

    id: ItemId
    title: Text
    source: AuthorityId
    relation: Relation
    subject_column: Relation
    max_age_days: Days
    fields: Annotated[tuple[FieldEntry, ...], msgspec.Meta(min_length=1)]


class FieldsEntry(_Entry, frozen=True, kw_only=True):
    """Some fields of one category."""

    category: ItemId
    fields: Annotated[tuple[FieldName, ...], msgspec.Meta(min_length=1)]


class UseEntry(FieldsEntry, frozen=True, kw_only=True):
    """The basis of some fields. The other two bases of article 1 belong to no item."""

    basis: Literal["grant", "statutory_duty"]
    purpose: str | None = None


class MaterialEntry(_Entry, frozen=True, kw_only=True):
    """A material in an item."""

    material: MaterialId
    necessity: Necessity
    bindings: tuple[FieldsEntry, ...] = ()


class ItemEntry(_Entry, frozen=True, kw_only=True):
    """A service item."""

    code: str
    version: Number
    title: Text
    authority: AuthorityId
    plugin: PluginId | None = None
    audience: Annotated[tuple[Audience, ...], msgspec.Meta(min_length=1)]
    trust_level: TrustLevel
    statutory_limit: Limit | None = None
    promised_limit: Limit | None = None
    commitment: bool = False
    commitment_exclusion: CommitmentExclusion | None = None
    materials: tuple[MaterialEntry, ...] = ()
    uses: tuple[UseEntry, ...] = ()


class Document(_Entry, frozen=True, kw_only=True):
    """A whole catalogue as its publisher releases it: everything that holds from `effective` on (a legal day)."""

    version: Number
    effective: date
    authorities: tuple[Authority, ...] = ()
    categories: tuple[CategoryEntry, ...] = ()
    materials: tuple[Material, ...] = ()
    items: tuple[ItemEntry, ...] = ()


class BindingEntry(FieldsEntry, frozen=True, kw_only=True):
    """Fields that are to stand in for a material of an item."""

    material: MaterialId


class ServedEntry(_Entry, frozen=True, kw_only=True):
    """What a plugin would like to use for an item of the catalogue, in the version that it knows."""

    code: str
    version: Number
    bindings: tuple[BindingEntry, ...] = ()
    uses: tuple[UseEntry, ...] = ()


class Proposal(_Entry, frozen=True, kw_only=True):
    """What a plugin package may carry: new categories, and bindings and uses for items that the catalogue has.

    There is no place in it for an authority, an item, a step or a material (article 10).
    """

    plugin: PluginId
    categories: tuple[CategoryEntry, ...] = ()
    items: tuple[ServedEntry, ...] = ()


_File = TypeVar("_File", Document, Proposal)


def decode_document(content: bytes) -> Document:
    """Read a catalogue file (TOML, strictly). Raises FileUnfit; LimitInvalid for a limit that is none."""
    return _decode(content, Document)


def decode_proposal(content: bytes) -> Proposal:
    """Read a proposal (TOML, strictly). Raises FileUnfit."""
    return _decode(content, Proposal)


def _decode(content: bytes, shape: type[_File]) -> _File:
    if len(content) > FILE_LIMIT:
        raise FileUnfit(problem=f"longer than {FILE_LIMIT} bytes")
    try:
        return msgspec.toml.decode(content, type=shape, strict=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as wrong:
        problem = str(wrong) if isinstance(wrong, msgspec.MsgspecError) else type(wrong).__name__
    raise FileUnfit(problem=problem)
