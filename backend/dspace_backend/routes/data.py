"""My data (我的数据): what authorities hold on the person, shown to that person alone and masked until they ask."""

from collections.abc import Callable
from datetime import date
from time import monotonic_ns
from typing import Annotated

import msgspec

from dspace_backend.outside import Code, Outside
from dspace_backend.refusals import StepUpNeeded
from dspace_backend.routes.catalogue import today
from dspace_backend.routing import Call, Nothing, Routes
from dspace_core import Text
from dspace_core.catalog import TrustLevel
from dspace_core.gate.refusals import EvidenceStale, FieldUnknown, LeaseLost, SourceMissing
from dspace_core.identifiers.masking import mask
from dspace_core.identity.refusals import SubjectUnknown
from dspace_core.sources.refusals import (
    AnswerOnly,
    AnswerUnfit,
    NoRecord,
    RecordAmbiguous,
    SourceStale,
    SourceUnavailable,
)
from dspace_core.values import DataLevel

data = Routes("data")
_FROM_L3 = TrustLevel.FOUR
"""Sensitive values are shown whole only to somebody who was identified as surely as can be."""


class FieldListed(msgspec.Struct, frozen=True):
    """One field, without its value."""

    id: str
    title: Text
    level: int


class CategoryListed(msgspec.Struct, frozen=True):
    """One category with its fields."""

    id: str
    title: Text
    source: Text
    fields: tuple[FieldListed, ...]


class DataListed(msgspec.Struct, frozen=True):
    """What can be looked at."""

    categories: tuple[CategoryListed, ...]


class LookRequest(Outside, frozen=True, kw_only=True):
    """Which fields to look at, and whether whole. Each look is recorded."""

    fields: Annotated[list[Code], msgspec.Meta(min_length=1, max_length=64)]
    whole: bool = False


class ValueShown(msgspec.Struct, frozen=True):
    """One value; text and dates are masked by the level of the field unless they were asked for whole."""

    field: str
    title: Text
    value: str | int | bool
    masked: bool


class DataShown(msgspec.Struct, frozen=True):
    """What the authority holds; fields that its record says nothing of are left out."""

    category: str
    source: Text
    values: tuple[ValueShown, ...]
    evidence: str


@data.read(
    "/v1/data", Text("我的数据目录", "What data there is on me"), takes=Nothing, gives=DataListed, personal=False
)
async def list_data(call: Call[Nothing]) -> DataListed:
    """All categories; fields of level 4 that are no answers are never shown."""
    contents = today(call).contents
    return DataListed(
        tuple(
            CategoryListed(
                one.id,
                one.title,
                contents.authorities[one.source].title,
                tuple(
                    FieldListed(field.id, field.title, field.level.value)
                    for field in one.fields
                    if field.level < DataLevel.L4 or field.predicate is not None
                ),
            )
            for one in contents.categories.values()
        )
    )


@data.write(
    "/v1/data/{category:str}",
    Text("查看我的数据", "Look at my data"),
    takes=LookRequest,
    gives=DataShown,
    refuses=(
        FieldUnknown,
        StepUpNeeded,
        NoRecord,
        RecordAmbiguous,
        SourceStale,
        SourceUnavailable,
        SourceMissing,
        AnswerOnly,
        AnswerUnfit,
        SubjectUnknown,
        LeaseLost,
        EvidenceStale,
    ),
    example=LookRequest(fields=["full_name"]),
)
async def look_at_data(call: Call[LookRequest]) -> DataShown:
    """Ask the source, record the look, show it."""
    asked, name = call.taken, call.text("category")
    contents = today(call).contents
    category = contents.categories.get(name)
    levels = {} if category is None else {field.id: field for field in category.fields}
    if asked.whole and any(levels[one].level >= DataLevel.L3 for one in asked.fields if one in levels):
        call.who.needs(_FROM_L3)
    held: dict[str, object] = {}

    async def take(value: object, before_send: Callable[[], None]) -> int:
        before_send()
        held.update(msgspec.convert(value, dict[str, object]))
        return monotonic_ns()

    out = await call.parts.gate.show(call.who.subject, call.who.session, name, frozenset(asked.fields), take)
    assert category is not None  # noqa: S101  (else the gate has refused)
    return DataShown(
        name,
        contents.authorities[category.source].title,
        tuple(
            _shown(levels[one].title, one, held[one], levels[one].level, asked.whole)
            for one in asked.fields
            if one in held
        ),
        str(out.evidence),
    )


def _shown(title: Text, field: str, value: object, level: DataLevel, whole: bool) -> ValueShown:
    if isinstance(value, bool | int):
        return ValueShown(field, title, value, masked=False)
    text = value.isoformat() if isinstance(value, date) else str(value)
    return (
        ValueShown(field, title, text, masked=False)
        if whole
        else ValueShown(field, title, mask(text, level), masked=True)
    )
