"""The session of whoever calls, person or staff: what it is, and its end."""

from datetime import datetime
from uuid import UUID

import msgspec

from dspace_backend.login.refusals import SessionOver
from dspace_backend.login.session import Ending
from dspace_backend.principal import Principal, Staff
from dspace_backend.routing import Call, Nothing, Routes
from dspace_core import Text

SESSION = Routes("session")


class SessionShown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A session as its holder sees it. `authority` and `roles` are there for staff."""

    client: str
    level: int
    started: datetime
    ends: datetime
    authority: str | None = None
    roles: tuple[str, ...] | None = None


class SessionEnded(msgspec.Struct, frozen=True):
    """The session that has ended: from now on no token of it is accepted."""

    session: UUID


@SESSION.read(
    "/v1/session",
    Text("当前会话", "the session of this device"),
    takes=Nothing,
    gives=SessionShown,
    refuses=(SessionOver,),
    personal=False,
)
async def session(call: Call[Nothing]) -> SessionShown:
    """What the session is."""
    found = await call.parts.login.sessions.find(*_named(call.request.auth))
    if found is None or found.ended is not None:
        raise SessionOver(reason="unknown" if found is None or found.ended is None else found.ended.value)
    return SessionShown(
        found.client,
        int(found.level),
        found.started,
        found.ends,
        found.authority,
        None if found.roles is None else tuple(sorted(found.roles)),
    )


@SESSION.write(
    "/v1/session/end",
    Text("退出登录", "log out: the session ends, and its tokens with it"),
    takes=Nothing,
    gives=SessionEnded,
    personal=False,
    example=Nothing(),
)
async def end_session(call: Call[Nothing]) -> SessionEnded:
    """Log out."""
    subject, session_id = _named(call.request.auth)
    await call.parts.login.sessions.end(subject, session_id, Ending.LOGOUT)
    return SessionEnded(session_id)


def _named(auth: Principal | Staff | None) -> tuple[UUID, UUID]:
    """Whose session it is, and which."""
    assert auth is not None  # noqa: S101  (the guard lets nobody else through)
    return (auth.subject if isinstance(auth, Principal) else auth.id), auth.session
