"""What every source holds to, whatever its wire: which fields may be asked, and what of an answer may be believed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Self

import msgspec

from dspace_core.catalog import AuthorityId, DataCategory, DataField, FieldRef, FieldType, PredicateKind
from dspace_core.evidence.canonical import INTEGER_LIMIT
from dspace_core.sources.datum import Answer, TrustedDatum, authoritative
from dspace_core.sources.refusals import (
    AnswerOnly,
    AnswerUnfit,
    NoRecord,
    RecordAmbiguous,
    SourceFieldUnknown,
    SourceStale,
)
from dspace_core.values import DataLevel, Period

_TYPES = {FieldType.TEXT: str, FieldType.INTEGER: int, FieldType.BOOLEAN: bool, FieldType.DATE: date}


class Asked(msgspec.Struct, frozen=True):
    """Fields of one category, asked of the authority that holds it. Only a question that may be put can be made."""

    authority: AuthorityId
    category: DataCategory
    fields: Sequence[DataField]
    at: datetime

    @classmethod
    def of(cls, authority: AuthorityId, category: DataCategory, names: frozenset[str], at: datetime) -> Self:
        """Raises SourceFieldUnknown, AnswerOnly."""
        return cls(authority, category, [_askable(authority, category, name) for name in sorted(names)], at)

    @classmethod
    def by_yes_or_no(cls, authority: AuthorityId, category: DataCategory, name: str, at: datetime) -> Self:
        """The same for one field that is an answer; SourceFieldUnknown for one that is a value."""
        if _askable(authority, category, name).predicate is None:
            raise SourceFieldUnknown(source=authority, category=category.id, field=name)
        return cls.of(authority, category, frozenset({name}), at)

    def data(self, as_of: datetime | None, records: Sequence[Mapping[str, object]]) -> Mapping[str, TrustedDatum]:
        """What the records say, if (1) the source is fresh  (2) there is one record  (3) each value is of its type.

        Raises SourceStale, RecordAmbiguous, NoRecord, AnswerUnfit.
        """
        validity = self._validity(as_of)  # 1
        answers = self._answers(records)  # 2
        return MappingProxyType(
            {
                field.id: authoritative(
                    FieldRef(self.category.id, field.id),
                    self._typed(field, answers[field.id]),  # 3
                    source=self.authority,
                    fetched_at=self.at,
                    validity=validity,
                )
                for field in self.fields
                if answers.get(field.id) is not None
            }
        )

    def only(self, data: Mapping[str, TrustedDatum]) -> TrustedDatum:
        """The datum of the one field asked; NoRecord where the record says nothing of it."""
        for datum in data.values():
            return datum
        raise NoRecord(source=self.authority, category=self.category.id)

    def _validity(self, as_of: datetime | None) -> Period:
        ends = None if as_of is None else as_of + timedelta(days=self.category.max_age_days)
        if ends is None or ends <= self.at:
            raise SourceStale(source=self.authority, category=self.category.id)
        return Period(self.at, ends)

    def _answers(self, records: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
        """What the record says. Without one, "is there a record" is answered by no, and nothing else is answered."""
        if len(records) > 1:
            raise RecordAmbiguous(source=self.authority, category=self.category.id)
        if records:
            return records[0]
        if all(recorded(field) for field in self.fields):
            return {field.id: False for field in self.fields}
        raise NoRecord(source=self.authority, category=self.category.id)

    def _typed(self, field: DataField, value: object) -> Answer:
        """The value, if it is of the catalogue's type and of no type that merely resembles it."""
        fits = type(value) is _TYPES[field.type] and not (type(value) is int and abs(value) >= INTEGER_LIMIT)
        if fits and isinstance(value, str | int | bool | date):
            return value
        raise AnswerUnfit(source=self.authority, about=f"{self.category.id}.{field.id}", flaw="type")


def recorded(field: DataField) -> bool:
    """Whether the field asks for nothing but whether there is a record."""
    return field.predicate is not None and field.predicate.kind is PredicateKind.RECORDED


def _askable(authority: AuthorityId, category: DataCategory, name: str) -> DataField:
    field = category.field(name) if category.source == authority else None
    if field is None:
        raise SourceFieldUnknown(source=authority, category=category.id, field=_shown(name))
    if field.level is DataLevel.L4 and field.predicate is None:
        raise AnswerOnly(category=category.id, field=name)
    return field


def _shown(name: str) -> str:
    """A name that came from outside, if it looks like one: a refusal repeats nothing else."""
    return name if len(name) <= 64 and name.isascii() and name.isidentifier() else "?"
