"""Editions: what held from which day on. A case keeps the number of the edition it began under. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

import msgspec

from dspace_core.catalog.contents import Contents, amended, contents_of
from dspace_core.catalog.file import Document, Proposal, decode_document
from dspace_core.catalog.model import DataCategory, ServiceItem
from dspace_core.catalog.refusals import (
    CategoryUnknown,
    ChangedInVersion,
    EditionUnknown,
    ItemUnknown,
    VersionBackwards,
)
from dspace_core.errors import Refusal


class Lapsed(msgspec.Struct, frozen=True):
    """An approved proposal that no longer fits the catalogue that came after it, with the code of the reason."""

    plugin: str
    reason: str


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """The catalogue from one change to the next: a document imported, or a proposal approved.

    `released` is what the document alone says, `contents` what holds with the proposals. `versions` are the highest
    versions that items ever had.
    """

    number: int
    version: int
    effective: date
    released: Contents
    contents: Contents
    proposals: tuple[Proposal, ...] = ()
    lapsed: tuple[Lapsed, ...] = ()
    versions: Mapping[str, int]

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
    changed has a newer version  (4) what `contents_of` refuses.
    """
    known: Mapping[str, int] = {} if previous is None else previous.versions
    if previous is not None and (document.version <= previous.version or document.effective < previous.effective):  # 1
        raise VersionBackwards(of=f"catalogue {document.version}")
    released = contents_of(document)  # 4
    for code, item in released.items.items():
        if item.version < known.get(code, 0):  # 2
            raise VersionBackwards(of=f"item {code}")
        before = None if previous is None else previous.released.items.get(code)
        if before is not None and before.version == item.version and before != item:  # 3
            raise ChangedInVersion(version=item.version)
    contents, kept, lapsed = _carry(released, () if previous is None else previous.proposals)
    return Edition(
        number=1 if previous is None else previous.number + 1,
        version=document.version,
        effective=document.effective,
        released=released,
        contents=contents,
        proposals=kept,
        lapsed=lapsed,
        versions=MappingProxyType({**known, **{code: item.version for code, item in released.items.items()}}),
    )


def amend(previous: Edition, proposal: Proposal, effective: date) -> Edition:
    """The edition that an approved proposal opens. Raises VersionBackwards for a day that lies before the last
    edition's, and what `amended` refuses."""
    if effective < previous.effective:
        raise VersionBackwards(of=f"proposal {proposal.plugin}")
    return msgspec.structs.replace(
        previous,
        number=previous.number + 1,
        effective=effective,
        contents=amended(previous.contents, proposal),
        proposals=(*previous.proposals, proposal),
        lapsed=(),
    )


def _carry(
    released: Contents, proposals: Iterable[Proposal]
) -> tuple[Contents, tuple[Proposal, ...], tuple[Lapsed, ...]]:
    contents, kept, lapsed = released, list[Proposal](), list[Lapsed]()
    for proposal in proposals:
        try:
            contents = amended(contents, proposal)
            kept.append(proposal)
        except Refusal as no:
            lapsed.append(Lapsed(proposal.plugin, no.code))
    return contents, tuple(kept), tuple(lapsed)


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
