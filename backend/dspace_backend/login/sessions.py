"""Sessions begin, are refreshed and end here.

A refresh token names its session and carries a secret that works once, and only with a proof by the session's key. One
that comes a second time ends the session: either the device or a thief has been using a copy.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec

from dspace_backend.login import tables
from dspace_backend.login.endings import Endings
from dspace_backend.login.refusals import SessionOver
from dspace_backend.login.session import LONGEST, Ending, Identity, Session
from dspace_backend.tokens.jose import JoseError, decode, encode
from dspace_core.stores import Pool, transaction
from dspace_core.values import random_id

_ID, _SECRET = 16, 32


class Begun(msgspec.Struct, frozen=True):
    """A session and its next refresh token."""

    session: Session
    refresh_token: str


class Sessions:
    """The sessions of one deployment."""

    def __init__(self, db: Pool, endings: Endings, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._endings = endings
        self._clock = clock

    async def begin(self, identity: Identity, client: str, jkt: str) -> Begun:
        """Begin a session; it replaces what the same person had in the same app with the same key."""
        now = self._clock()
        session = Session(
            **msgspec.structs.asdict(identity),
            id=random_id(),
            client=client,
            jkt=jkt,
            started=now,
            ends=now + LONGEST[identity.is_staff],
        )
        token, digest = _fresh_token(session)
        async with transaction(self._db) as db:
            replaced = await tables.replace(db, session, now)
            await tables.add(db, session, digest)
        await self._endings.tell(list(replaced))
        return Begun(session, token)

    async def refresh(self, token: str, client: str, jkt: str) -> Begun:
        """The session of a refresh token, and the next token. Raises SessionOver.

        (1) it names a session  (2) of this app and this key  (3) that has not ended  (4) and is the newest one, else the
        session ends now. Whoever lacks the key learns nothing and ends nothing.
        """
        now = self._clock()
        subject, session_id, secret = _read(token)
        async with transaction(self._db) as db:
            found = await tables.held(db, subject, session_id)
            if found is None:  # 1
                raise SessionOver(reason="unknown")
            session, digest = found
            if session.client != client or not hmac.compare_digest(session.jkt, jkt):  # 2
                raise SessionOver(reason="unknown")
            if session.ended is not None:  # 3
                raise SessionOver(reason=session.ended.value)
            if now >= session.ends:
                raise SessionOver(reason="time")
            fresh, fresh_digest = _fresh_token(session)
            reused = not hmac.compare_digest(digest, hashlib.sha256(secret).digest())
            if reused:  # 4
                await tables.end(db, subject, session_id, Ending.REFRESH_REUSED, now)
            else:
                await tables.refresh(db, session, fresh_digest, now)
        if reused:
            await self._endings.tell([session_id])
            raise SessionOver(reason=Ending.REFRESH_REUSED.value)
        return Begun(session, fresh)

    async def end(self, subject: UUID, session: UUID, why: Ending) -> None:
        """End a session, if it has not ended yet."""
        async with transaction(self._db) as db:
            ended = await tables.end(db, subject, session, why, self._clock())
        if ended:
            await self._endings.tell([session])

    async def find(self, subject: UUID, session: UUID) -> Session | None:
        """A session, ended or not."""
        async with transaction(self._db, read_only=True) as db:
            return await tables.find(db, subject, session)


def _fresh_token(session: Session) -> tuple[str, bytes]:
    """A refresh token of a session, and the digest to store."""
    secret = secrets.token_bytes(_SECRET)
    return encode(session.subject.bytes + session.id.bytes + secret), hashlib.sha256(secret).digest()


def _read(token: str) -> tuple[UUID, UUID, bytes]:
    try:
        raw = decode(token)
    except JoseError:
        raw = b""
    if len(raw) != 2 * _ID + _SECRET:
        raise SessionOver(reason="unknown")
    return UUID(bytes=raw[:_ID]), UUID(bytes=raw[_ID : 2 * _ID]), raw[2 * _ID :]
