"""Grants (授权): what the person allowed, and taking it back in as many taps as it took to give."""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_backend.outside import Code, Instant, Outside
from dspace_backend.routing import Call, Nothing, Routes
from dspace_core import Text
from dspace_core.gate import Stopping, recorder
from dspace_core.grants import By, Change, Changed, Grant, Narrowing, condition, find, of_subject, resume
from dspace_core.grants.refusals import (
    GrantChanged,
    GrantMalformed,
    GrantMissing,
    MoveRefused,
    NothingChanged,
    WiderNeedsNotice,
)
from dspace_core.stores import transaction
from dspace_core.values import EvidenceId, GrantId, InstantOutOfRange, PeriodReversed, random_id

grants = Routes("grants")


class GrantShown(msgspec.Struct, frozen=True):
    """A grant as it stands now; `condition` also tells that it expired or is used up."""

    grant: UUID
    version: int
    condition: str
    item: str
    purpose: str
    recipient: str
    fields: tuple[str, ...]
    case: UUID | None
    since: datetime
    until: datetime | None
    uses_left: int | None
    evidence: UUID


class GrantsShown(msgspec.Struct, frozen=True):
    """All grants of the person, newest first."""

    grants: tuple[GrantShown, ...]


class Stopped(msgspec.Struct, frozen=True):
    """A grant under which nothing is released any more since the answer was sent, and how long that took."""

    grant: GrantShown
    stop_ms: int


class AmendRequest(Outside, frozen=True, kw_only=True):
    """Terms that allow less; what is left out stays. `version` is that of the grant they were chosen for."""

    version: int
    fields: list[Code] | None = None
    until: Instant | None = None
    uses: int | None = None


def grant_shown(grant: Grant, now: datetime) -> GrantShown:
    """A grant in words."""
    return GrantShown(
        grant=grant.id,
        version=grant.version,
        condition=condition(grant, now).value,
        item=grant.item,
        purpose=grant.purpose,
        recipient=grant.recipient,
        fields=tuple(sorted(grant.fields)),
        case=grant.case,
        since=grant.period.start,
        until=grant.period.end,
        uses_left=grant.uses_left,
        evidence=grant.evidence,
    )


def _shown(call: Call[object], grant: Grant) -> GrantShown:
    return grant_shown(grant, call.parts.keyring.clock())


def _change(call: Call[object]) -> Change:
    return Change(
        subject=call.who.subject,
        grant=GrantId(call.id("grant")),
        by=By.SUBJECT,
        at=call.parts.keyring.clock(),
        evidence=EvidenceId(random_id()),
        act=random_id(),
    )


def _stopped(call: Call[object], stopping: Stopping) -> Stopped:
    return Stopped(_shown(call, stopping.change.grant), round(stopping.seconds * 1000))


@grants.read("/v1/grants", Text("我的授权", "My grants"), takes=Nothing, gives=GrantsShown)
async def list_grants(call: Call[Nothing]) -> GrantsShown:
    """All grants, whatever became of them."""
    found = await of_subject(call.parts.main, call.who.subject)
    return GrantsShown(tuple(_shown(call, grant) for grant in found))


@grants.read(
    "/v1/grants/{grant:uuid}", Text("一项授权", "One grant"), takes=Nothing, gives=GrantShown, refuses=(GrantMissing,)
)
async def show_grant(call: Call[Nothing]) -> GrantShown:
    """One grant of the person."""
    found = await find(call.parts.main, call.who.subject, GrantId(call.id("grant")))
    if found is None:
        raise GrantMissing
    return _shown(call, found)


@grants.write(
    "/v1/grants/{grant:uuid}/withdrawal",
    Text("撤回授权", "Withdraw a grant, with effect when this answers"),
    takes=Nothing,
    gives=Stopped,
    refuses=(GrantMissing,),
    example=Nothing(),
)
async def withdraw_grant(call: Call[Nothing]) -> Stopped:
    """Withdraw it. Once this is answered, nothing goes out under it (article 3)."""
    return _stopped(call, await call.parts.gate.withdraw(_change(call)))


@grants.write(
    "/v1/grants/{grant:uuid}/pause",
    Text("暂停授权", "Pause a grant"),
    takes=Nothing,
    gives=Stopped,
    refuses=(GrantMissing, MoveRefused),
    example=Nothing(),
)
async def pause_grant(call: Call[Nothing]) -> Stopped:
    """Pause it, with effect when this answers."""
    return _stopped(call, await call.parts.gate.pause(_change(call)))


@grants.write(
    "/v1/grants/{grant:uuid}/resumption",
    Text("恢复授权", "Let a paused grant go on"),
    takes=Nothing,
    gives=GrantShown,
    refuses=(GrantMissing, MoveRefused),
    example=Nothing(),
)
async def resume_grant(call: Call[Nothing]) -> GrantShown:
    """Make it live again; its period ran on meanwhile."""
    async with transaction(call.parts.main) as db:
        done: Changed = await resume(db, _change(call), recorder(call.parts.keyring))
    return _shown(call, done.grant)


@grants.write(
    "/v1/grants/{grant:uuid}/amendment",
    Text("缩小授权范围", "Let a grant allow less"),
    takes=AmendRequest,
    gives=Stopped,
    refuses=(
        GrantMissing,
        MoveRefused,
        GrantChanged,
        WiderNeedsNotice,
        NothingChanged,
        GrantMalformed,
        PeriodReversed,
        InstantOutOfRange,
    ),
    example=AmendRequest(version=1, fields=["bank.account.account_no"]),
)
async def amend_grant(call: Call[AmendRequest]) -> Stopped:
    """Narrow it, with effect when this answers; for more there is a new notice."""
    asked = call.taken
    narrower = Narrowing(
        version=asked.version,
        fields=None if asked.fields is None else frozenset(asked.fields),
        until=asked.until,
        uses=asked.uses,
    )
    return _stopped(call, await call.parts.gate.narrow(_change(call), narrower))
