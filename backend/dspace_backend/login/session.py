"""A session: one login on one device, and who it is for."""

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import msgspec

from dspace_backend.principal import Principal, Staff
from dspace_backend.tokens import Bearer, Claims
from dspace_core.catalog import TrustLevel
from dspace_core.values import Subject, to_ms

LEVEL_NAME = "dspace:level:"
"""What our own `acr` values begin with; the number of the level follows."""


class Ending(Enum):
    """Why a session ended before its time."""

    LOGOUT = "logout"
    REPLACED = "replaced"
    """The same person logged in again, in the same app, with the same key."""
    REFRESH_REUSED = "refresh_reused"
    """A refresh token came that had been used: somebody else has it, or had."""
    CODE_REUSED = "code_reused"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the identity provider named, how surely, and when. `authority` and `roles` are there for staff only."""

    subject: UUID
    level: TrustLevel
    authenticated: datetime
    authority: str | None = None
    roles: frozenset[str] | None = None

    @property
    def is_staff(self) -> bool:
        """Whether a member of staff was named."""
        return self.authority is not None


class Session(Identity, frozen=True, kw_only=True):
    """A session as stored. Its level is that of its login: a surer identification is another login, which replaces it."""

    id: UUID
    client: str
    jkt: str
    started: datetime
    ends: datetime
    ended: Ending | None = None

    def bearer(self) -> Bearer:
        """Whom its access tokens are made for."""
        return Bearer(
            sub=self.subject,
            client_id=self.client,
            jkt=self.jkt,
            sid=self.id,
            acr=f"{LEVEL_NAME}{int(self.level)}",
            auth_time=to_ms(self.authenticated) // 1000,
            authority=self.authority,
            roles=None if self.roles is None else tuple(sorted(self.roles)),
        )


LONGEST = {False: timedelta(days=30), True: timedelta(hours=8)}
"""How long a session may last, of a person (False) and of staff (True): then one logs in again."""


def level_of(acr: str) -> TrustLevel | None:
    """The level that one of our `acr` values names."""
    return _LEVELS.get(acr)


_LEVELS = {f"{LEVEL_NAME}{int(level)}": level for level in TrustLevel}


def caller(claims: Claims) -> Principal | Staff | None:
    """Whom a token is for; None where its level is none of ours."""
    if claims.authority is not None:
        return Staff(claims.sub, claims.sid, claims.authority, frozenset(claims.roles or ()), claims.cnf.jkt)
    level = level_of(claims.acr)
    return (
        None if level is None else Principal(Subject(claims.sub), claims.sid, claims.client_id, level, claims.cnf.jkt)
    )
