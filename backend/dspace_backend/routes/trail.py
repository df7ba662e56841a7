"""The trail and the evidence of one entry: what was recorded of the person, how far it is proved, and the proof."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Response

from dspace_backend.outside import Most, Outside, page_place, place_text
from dspace_backend.routing import Call, Nothing, Routes
from dspace_core import Text
from dspace_core.evidence.ledger_refusals import ChainBroken, EntryErased, EntryUnknown, NotNumbered
from dspace_core.evidence.record import GROUPS, Draft, Record
from dspace_core.evidence.trail import Line, prove, read_page, receipt
from dspace_core.values import EvidenceId

trail = Routes("trail")


class TrailQuery(Outside, frozen=True, kw_only=True):
    """Which page: from the newest, or from where the page before ended."""

    before: str | None = None
    most: Most = 20


class LineShown(msgspec.Struct, frozen=True):
    """One recorded act. `record` has the five groups of docs/formats/record.md; `closed` says why there is none."""

    evidence: UUID
    state: str
    at: datetime | None
    seq: int | None
    kind: str | None
    record: dict[str, Any] | None
    closed: str | None


class TrailShown(msgspec.Struct, frozen=True):
    """A page, newest first, with the claim it comes with: never "complete", but gap-free to an entry."""

    lines: tuple[LineShown, ...]
    claim: Text | None
    before: str | None


class EvidenceShown(msgspec.Struct, frozen=True):
    """How far an entry has come: recorded, numbered, signed."""

    evidence: UUID
    digest: str
    state: str


class BundleQuery(Outside, frozen=True, kw_only=True):
    """Which groups of the record the bundle shows; the others stay closed in it."""

    show: Literal["all", "none"] = "all"


def _line(line: Line) -> LineShown:
    record = line.record
    return LineShown(
        evidence=line.entry,
        state=line.state.value,
        at=line.at,
        seq=line.seq,
        kind=None if record is None else record.meta.kind.value,
        record=None if record is None else _groups(record),
        closed=None if line.closed is None else line.closed.value,
    )


def _groups(record: Record | Draft) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(record)
    return shown


@trail.read(
    "/v1/trail",
    Text("我的足迹: 每一次有记录的用数", "My trail: every recorded use"),
    takes=TrailQuery,
    gives=TrailShown,
    refuses=(ChainBroken,),
)
async def show_trail(call: Call[TrailQuery]) -> TrailShown:
    """One page."""
    asked, parts = call.taken, call.parts
    page = await read_page(
        parts.main, parts.keyring, call.who.subject, before=page_place(asked.before), most=asked.most
    )
    claim = None if page.gap_free is None else page.gap_free.says
    return TrailShown(tuple(map(_line, page.lines)), claim, place_text(page.before))


@trail.read(
    "/v1/evidence/{evidence:uuid}",
    Text("一条存证的状态", "How far an entry has come"),
    takes=Nothing,
    gives=EvidenceShown,
    refuses=(EntryUnknown, EntryErased),
)
async def show_evidence(call: Call[Nothing]) -> EvidenceShown:
    """Its state and its digest."""
    found = await receipt(call.parts.main, call.parts.keyring, call.who.subject, EvidenceId(call.id("evidence")))
    return EvidenceShown(found.evidence_id, found.digest, found.state.value)


@trail.read(
    "/v1/evidence/{evidence:uuid}/bundle",
    Text("存证证明文件, 可离线核验", "The proof of an entry, to be verified offline"),
    takes=BundleQuery,
    gives=None,
    refuses=(NotNumbered, EntryUnknown, EntryErased),
)
async def download_bundle(call: Call[BundleQuery]) -> Response[bytes]:
    """The bundle (docs/formats/bundle.md), as `dspace verify` takes it."""
    parts = call.parts
    bundle = await prove(
        parts.main,
        parts.keyring,
        parts.log,
        call.who.subject,
        EvidenceId(call.id("evidence")),
        show=GROUPS if call.taken.show == "all" else (),
    )
    return Response(bundle, media_type="application/octet-stream")
