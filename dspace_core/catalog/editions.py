"""Editions: what held from which day on. A case keeps the number of the edition it began under. Pure."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

import msgspec

from dspace_core.catalog.contents import Contents, amended, contents_of
from dspace_core.catalog.file import Document, Proposal, decode_document
from dspace_core.catalog.model import DataCategory, FieldRef, FieldType, Predicate, ServiceItem, fields_declared
from dspace_core.catalog.refusals import (
    CategoryUnknown,
    ChangedInVersion,
    EditionUnknown,
    FieldChanged,
    ItemUnknown,
    VersionBackwards,
)
from dspace_core.errors import Refusal


class Lapsed(msgspec.Struct, frozen=True):
    """An approved proposal that no longer fits the catalogue that came after it, with the code of the reason."""

    plugin: str
    reason: str


class Given(msgspec.Struct, frozen=True):
    """What a field gives to who may use it: values of this type, or the answer to this question and nothing else."""

    type: FieldType
    predicate: Predicate | None


class Known(msgspec.Struct, frozen=True):
    """An item in the highest version that it ever had, as documents have it; what each field gives that it ever used in
    that version, by a document or by a proposal. A grant holds for that version, whatever comes and goes meanwhile."""

    item: ServiceItem
    gives: Mapping[FieldRef, Given]


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """The catalogue from one change to the next: a document imported, or a proposal approved.

    `contents` is what holds, with the proposals. `known` are all items that ever were.
    """

    number: int
    version: int
    effective: date
    contents: Contents
    proposals: tuple[Proposal, ...] = ()
    lapsed: tuple[Lapsed, ...] = ()
    known: Mapping[str, Known]

    def item(self, code: str) -> ServiceItem:
        """The service item of a code, as written. Raises ItemUnknown."""
        found = self.contents.items.get(code)
        if found is None:
            raise ItemUnknown
        return found

    def category(self, category: str) -> DataCategory:
        """The category of an id. Raises CategoryUnknown."""
        found = self.contents.categories.get(category)
        if found is None:
            raise CategoryUnknown
        return found


def follow(previous: Edition | None, document: Document) -> Edition:
    """The edition that a document opens. Proposals approved before stay as long as they fit; else they lapse.

    (1) the document's version is newer and its day no earlier  (2) no item's version goes back  (3) an item that
    changed has a newer version  (4) and so has one of whose fields any gives something else  (5) what `contents_of`
    refuses.
    """
    known: Mapping[str, Known] = {} if previous is None else previous.known
    if previous is not None and (document.version <= previous.version or document.effective < previous.effective):  # 1
        raise VersionBackwards(of=f"catalogue {document.version}")
    contents = contents_of(document)  # 5
    for code, item in contents.items.items():
        before = known.get(code)
        if before is not None and item.version < before.item.version:  # 2
            raise VersionBackwards(of=f"item {code}")
        if before is not None and item.version == before.item.version and item != before.item:  # 3
            raise ChangedInVersion(version=item.version)
    known = _learned(known, contents)  # 4
    kept, lapsed = list[Proposal](), list[Lapsed]()
    for proposal in () if previous is None else previous.proposals:
        try:
            grown = amended(contents, proposal)
            known, contents = _learned(known, grown), grown
            kept.append(proposal)
        except Refusal as no:
            lapsed.append(Lapsed(proposal.plugin, no.code))
    return Edition(
        number=1 if previous is None else previous.number + 1,
        version=document.version,
        effective=document.effective,
        contents=contents,
        proposals=tuple(kept),
        lapsed=tuple(lapsed),
        known=known,
    )


def amend(previous: Edition, proposal: Proposal, effective: date) -> Edition:
    """The edition that an approved proposal opens. Raises VersionBackwards for a day that lies before the last
    edition's, FieldChanged, and what `amended` refuses."""
    if effective < previous.effective:
        raise VersionBackwards(of=f"proposal {proposal.plugin}")
    contents = amended(previous.contents, proposal)
    return msgspec.structs.replace(
        previous,
        number=previous.number + 1,
        effective=effective,
        contents=contents,
        proposals=(*previous.proposals, proposal),
        lapsed=(),
        known=_learned(previous.known, contents),
    )


def _learned(known: Mapping[str, Known], contents: Contents) -> Mapping[str, Known]:
    """What is known with these contents. Raises FieldChanged where a field gives something else under one version."""
    fields = {
        FieldRef(category.id, field.id): Given(field.type, field.predicate)
        for category in contents.categories.values()
        for field in category.fields
    }
    learned = dict(known)
    for code, item in contents.items.items():
        before = known.get(code)
        same = before is not None and before.item.version == item.version
        gives = dict(before.gives) if before is not None and same else {}
        for ref in sorted(fields_declared(item)):
            if gives.setdefault(ref, fields[ref]) != fields[ref]:
                raise FieldChanged(field=f"{ref.category}/{ref.field}", version=item.version)
        learned[code] = Known(before.item if before is not None and same else item, MappingProxyType(gives))
    return MappingProxyType(learned)


class Catalogue(msgspec.Struct, frozen=True):
    """All editions in their order, in memory and unchangeable: what requests ask."""

    editions: tuple[Edition, ...]

    @classmethod
    def from_file(cls, file: Path) -> "Catalogue":
        """A catalogue of one file and nobody's signature: for tests and development. Raises what loading refuses."""
        return cls((follow(None, decode_document(file.read_bytes())),))

    def on(self, day: date) -> Edition:
        """The edition in force on a legal day. Raises EditionUnknown."""
        for edition in reversed(self.editions):
            if edition.effective <= day:
                return edition
        raise EditionUnknown

    def edition(self, number: int) -> Edition:
        """The edition of a number: what a running case asks. Raises EditionUnknown."""
        if not 1 <= number <= len(self.editions):
            raise EditionUnknown
        return self.editions[number - 1]
