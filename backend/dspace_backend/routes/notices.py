"""Notices (告知): rendered here, byte for byte, before anybody agrees (article 11)."""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_backend.outside import Code, Outside
from dspace_backend.refusals import StepUpNeeded
from dspace_backend.routes.catalogue import today
from dspace_backend.routing import Call, Routes
from dspace_core import Text
from dspace_core.cases.refusals import ContactMissing, ItemUnserved
from dspace_core.catalog.refusals import ItemUnknown
from dspace_core.grants import Language, Mode, SeparateAct, Voice
from dspace_core.grants.refusals import OfferMalformed

notices = Routes("notices")


class NoticeRequest(Outside, frozen=True, kw_only=True):
    """Begin one tap: what is applied for, and in which words it is to be explained."""

    item: Code
    language: Language = Language.ZH
    mode: Mode = Mode.NORMAL


class Agreement(msgspec.Struct, frozen=True):
    """A notice as it has to be shown. The digest is SHA-256 over exactly the bytes of `shown`."""

    id: UUID
    shown: msgspec.Raw
    digest: str
    expires_at: datetime
    acts: tuple[SeparateAct, ...]
    """Each separate consent that is asked for: one act each, none ticked beforehand."""


class NoticeShown(msgspec.Struct, frozen=True):
    """A case to file, and what has to be agreed to; None where the item uses nothing on consent."""

    case: UUID
    notice: Agreement | None


@notices.write(
    "/v1/notices",
    Text("开始一次办理: 取得告知书", "Begin one tap: get the notice"),
    takes=NoticeRequest,
    gives=NoticeShown,
    status=201,
    refuses=(ItemUnknown, ItemUnserved, ContactMissing, OfferMalformed, StepUpNeeded),
    example=NoticeRequest(item="1244000045585999793440514001000"),
)
async def issue_notice(call: Call[NoticeRequest]) -> NoticeShown:
    """Mint a case and render its notice."""
    asked = call.taken
    call.who.needs(today(call).item(asked.item).trust_level)
    prepared = await call.parts.intake.prepare(call.who.subject, asked.item, Voice(asked.language, asked.mode))
    notice = prepared.notice
    if notice is None:
        return NoticeShown(prepared.case, None)
    return NoticeShown(
        prepared.case,
        Agreement(
            notice.id, msgspec.Raw(notice.shown), notice.digest.hex(), notice.expires_at, tuple(sorted(notice.boxes))
        ),
    )
