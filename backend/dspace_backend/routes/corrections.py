"""Corrections (更正): saying that an authority's record is wrong."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from dspace_backend.outside import Code, Outside
from dspace_backend.routes.catalogue import today
from dspace_backend.routing import Call, Nothing, Routes
from dspace_core import Text
from dspace_core.corrections import Asking, Correction, ask, find, of_subject
from dspace_core.corrections.asking import MOST
from dspace_core.corrections.refusals import CorrectionUnknown, FieldUnknown, WordsUnfit
from dspace_core.stores import transaction
from dspace_core.values import EvidenceId, random_id

corrections = Routes("corrections")


class CorrectionRequest(Outside, frozen=True, kw_only=True):
    """What is wrong, in the person's own words. `id` is made by the phone: the same again is one."""

    id: UUID
    category: Code
    field: Code
    says: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST)]


class CorrectionShown(msgspec.Struct, frozen=True):
    """A correction as it stands. The words are gone once it was erased."""

    id: UUID
    category: str
    field: str
    authority: str
    state: str
    asked_at: datetime
    answered_at: datetime | None
    says: str | None
    answer: str | None
    evidence: UUID


class CorrectionsShown(msgspec.Struct, frozen=True):
    """All corrections of the person, newest first."""

    corrections: tuple[CorrectionShown, ...]


def _shown(one: Correction) -> CorrectionShown:
    return CorrectionShown(
        id=one.id,
        category=one.category,
        field=one.field,
        authority=one.authority,
        state=one.state.value,
        asked_at=one.asked_at,
        answered_at=one.answered_at,
        says=None if one.content is None else one.content.says,
        answer=None if one.content is None else one.content.answer,
        evidence=one.evidence,
    )


@corrections.write(
    "/v1/corrections",
    Text("申请更正我的数据", "Say that an authority's record is wrong"),
    takes=CorrectionRequest,
    gives=CorrectionShown,
    status=201,
    refuses=(FieldUnknown, WordsUnfit),
    example=CorrectionRequest(id=UUID(int=9), category="population.record", field="address", says="地址已变更, 请核对"),
)
async def ask_correction(call: Call[CorrectionRequest]) -> CorrectionShown:
    """Take it in."""
    asked, parts = call.taken, call.parts
    asking = Asking(
        subject=call.who.subject,
        id=asked.id,
        category=asked.category,
        field=asked.field,
        says=asked.says,
        at=parts.keyring.clock(),
        evidence=EvidenceId(random_id()),
    )
    async with transaction(parts.main) as db:
        return _shown(await ask(db, parts.keyring, today(call), asking))


@corrections.read("/v1/corrections", Text("我的更正申请", "My corrections"), takes=Nothing, gives=CorrectionsShown)
async def list_corrections(call: Call[Nothing]) -> CorrectionsShown:
    """All of the person."""
    found = await of_subject(call.parts.main, call.parts.keyring, call.who.subject)
    return CorrectionsShown(tuple(map(_shown, found)))


@corrections.read(
    "/v1/corrections/{correction:uuid}",
    Text("一项更正申请", "One correction"),
    takes=Nothing,
    gives=CorrectionShown,
    refuses=(CorrectionUnknown,),
)
async def show_correction(call: Call[Nothing]) -> CorrectionShown:
    """One of the person."""
    return _shown(await find(call.parts.main, call.parts.keyring, call.who.subject, call.id("correction")))
