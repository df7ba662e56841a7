"""What a translator of a source is asked and what it answers."""

from abc import ABC, abstractmethod
from datetime import datetime
from enum import Enum
from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

import msgspec

from dspace_core.scenario import FieldName, ItemId
from dspace_core.translation.messages import HttpRequest, HttpResponse, Path, Unshown

Scalar: TypeAlias = str | int | bool | None
"""A value as it crosses: a date is the text YYYY-MM-DD, money an integer of 分, None what the record does not say."""
Stated: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant as a source states it, with its offset."""
Record: TypeAlias = dict[FieldName, Scalar]
"""One record, by the catalogue's names."""


class Who(Unshown, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document that the subject is known by: a type of the catalogue of documents, and a number."""

    type: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3}\Z")]
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class YesNoKind(Enum):
    """What can be asked of a value in place of the value."""

    NOT_AFTER = "not_after"
    """A date is the operand (YYYY-MM-DD) or earlier. An age is asked like this: the host reckons with legal days."""
    AT_LEAST = "at_least"
    """An integer is not smaller than the operand."""
    IS = "is"
    """A text equals the operand."""
    RECORDED = "recorded"
    """There is a record; without field and operand."""


class YesNo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field to be answered by yes or no: `field` is its name in the answer, `of` the field that is asked about."""

    field: FieldName
    kind: YesNoKind
    of: FieldName | None = None
    operand: str | int | None = None


class SourceAsk(Unshown, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question to a source. Without `who` it is about the source: up to when is this category complete."""

    request: UUID
    """Fresh for each ask; the answer has to bear it, so that an old answer is no answer."""
    category: ItemId
    who: Who | None = None
    fields: tuple[FieldName, ...] = ()
    """Fields wanted as values."""
    questions: tuple[YesNo, ...] = ()
    """Fields wanted as yes or no."""


class SourceAnswer(Unshown, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the source said. The host compares `request` and `who` with the ask and holds every value to the catalogue.

    `as_of`: up to which instant the source states that it is complete; None if it states nothing.
    More than one record is handed on as it is: nobody chooses.
    """

    request: UUID
    who: Who | None
    as_of: Stated | None
    records: Annotated[tuple[Record, ...], msgspec.Meta(max_length=16)] = ()


class SourceTranslator(ABC):
    """The plugin of a source. Subclass it; both functions are pure: no state, no clock, no file, no socket.

    Whatever either raises is a refusal, of which nobody sees more than that it happened.
    """

    paths: ClassVar[frozenset[Path]]
    """Every path that `encode` may name."""

    @abstractmethod
    def encode(self, ask: SourceAsk) -> HttpRequest:
        """The request that puts the ask to the source."""

    @abstractmethod
    def decode(self, response: HttpResponse) -> SourceAnswer:
        """What the response says; raises (`Unreadable`) rather than guess."""
