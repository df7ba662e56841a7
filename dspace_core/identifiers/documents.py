"""Who a document says someone is (证件类型+号码): a type and a number, never a bare string."""

import re
from collections.abc import Mapping
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Annotated

import msgspec

from dspace_core.identifiers import citizen_id, uscc
from dspace_core.identifiers._tables import load
from dspace_core.identifiers.citizen_id import CitizenId, CitizenKind
from dspace_core.identifiers.masking import Hidden
from dspace_core.identifiers.refusals import DocumentTypeUnknown, Kind, Malformed, OtherDocument
from dspace_core.identifiers.uscc import Uscc


class Rule(Enum):
    """How the number of a document type is read."""

    CITIZEN_ID = "citizen_id"
    USCC = "uscc"
    PATTERN = "pattern"


class DocumentType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of document. `pattern` is the number's form, or beside another rule an older form still carried."""

    code: Annotated[str, msgspec.Meta(pattern="^[0-9]{3}$")]
    name: str
    rule: Rule
    kinds: frozenset[CitizenKind] = frozenset()
    pattern: str | None = None

    def __post_init__(self) -> None:
        if (self.rule is Rule.PATTERN and self.pattern is None) or bool(self.kinds) != (self.rule is Rule.CITIZEN_ID):
            raise ValueError("a pattern rule needs its pattern, a citizen rule and no other its kinds")
        if self.pattern is not None:
            re.compile(self.pattern)

    def fits_pattern(self, value: str) -> bool:
        """Whether the whole value has the form of the pattern."""
        return self.pattern is not None and re.fullmatch(self.pattern, value, re.ASCII) is not None


class _Documents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: tuple[DocumentType, ...]


DOCUMENT_TYPES: Mapping[str, DocumentType] = MappingProxyType(
    {entry.code: entry for entry in load("documents", _Documents).type}
)
"""The document types by code."""

_LONGEST = 64


class SubjectId(Hidden, frozen=True):
    """A document's type and its number in stored form. The same document gives the same value however it was typed."""

    type: str
    value: str

    def __post_init__(self) -> None:
        document = _document(self.type)
        if document.fits_pattern(self.value):
            return
        match document.rule:
            case Rule.CITIZEN_ID:
                if CitizenId(self.value).kind not in document.kinds:
                    raise OtherDocument(document.code)
            case Rule.USCC:
                Uscc(self.value)
            case Rule.PATTERN:
                raise Malformed(Kind.DOCUMENT)

    @property
    def citizen_id(self) -> CitizenId | None:
        """The citizen number, where documents of this type bear one."""
        document = _document(self.type)
        is_citizen_id = document.rule is Rule.CITIZEN_ID and not document.fits_pattern(self.value)
        return CitizenId(self.value) if is_citizen_id else None

    @property
    def uscc(self) -> Uscc | None:
        """The unified social credit code, where documents of this type bear one."""
        is_uscc = _document(self.type).rule is Rule.USCC and not _document(self.type).fits_pattern(self.value)
        return Uscc(self.value) if is_uscc else None

    @property
    def message(self) -> bytes:
        """Type and number in one unambiguous text: the input of a keyed digest, and only of a keyed one.

        A plain hash of a number is not anonymous: all numbers of a country are enumerated in minutes.
        """
        return f"{self.type}{self.value}".encode()


def parse(document_type: str, text: str, *, today: date, accept_old_uscc: bool = False) -> SubjectId:
    """Read a number as people type it: blanks around it fall off, letters become upper case.

    Refuses an unknown type (`DocumentTypeUnknown`), what the type's rule refuses, and a sound number of another kind
    of document (`OtherDocument`). `accept_old_uscc` as in `uscc.parse`.
    """
    document = _document(document_type)
    # Upper-casing goes by ASCII only: elsewhere it turns foreign letters into Latin ones, or one letter into two.
    if len(text) > _LONGEST or not text.isascii():
        raise Malformed(Kind.DOCUMENT)
    value = text.strip(" \t\r\n").upper()
    if not document.fits_pattern(value):
        if document.rule is Rule.CITIZEN_ID:
            citizen_id.parse(value, today)
        if document.rule is Rule.USCC:
            uscc.parse(value, accept_old=accept_old_uscc)
    return SubjectId(document.code, value)


def _document(code: str) -> DocumentType:
    found = DOCUMENT_TYPES.get(code)
    if found is None:
        raise DocumentTypeUnknown
    return found
