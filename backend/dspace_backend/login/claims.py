"""What the identity provider says of somebody, and what of it we take (docs/formats/login.md).

Nothing is filled in: a missing or odd claim refuses the login. No value leaves this module but the document itself.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec

from dspace_backend.login.refusals import IdentityRefused
from dspace_core.calendar import legal_day
from dspace_core.catalog import TrustLevel
from dspace_core.errors import Refusal
from dspace_core.identifiers import Hidden, SubjectId, documents
from dspace_core.values import InstantOutOfRange, from_ms

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


class Said(Hidden, frozen=True, kw_only=True):
    """The claims of an id token that we read; all others are passed over."""

    sub: _Name
    aud: str | list[str]
    acr: _Name
    azp: str | None = None
    auth_time: int | None = None
    iat: int
    document_type: str | None = None
    document_number: str | None = None
    authority: str | None = None
    roles: list[str] | None = None


def read(claims: Mapping[str, object], client: str) -> Said:
    """The claims of an id token that was verified, for us and nobody else.

    The library takes a token for others too where `azp` names us, and one whose `aud` lists us among others. We take
    neither (OpenID Connect Core section 3.1.3.7, item 3): raises IdentityRefused.
    """
    try:
        said = msgspec.convert(dict(claims), Said)
    except msgspec.ValidationError:
        raise IdentityRefused(reason="form") from None
    if said.aud not in (client, [client]):
        raise IdentityRefused(reason="aud")
    if said.azp not in (None, client):
        raise IdentityRefused(reason="azp")
    return said


def level_of(said: Said, levels: Mapping[str, int]) -> TrustLevel:
    """The level that its `acr` means by configuration. An unknown one refuses: there is no level by default."""
    level = levels.get(said.acr)
    if level is None:
        raise IdentityRefused(reason="acr")
    return TrustLevel(level)


def authenticated_at(said: Said, now: datetime) -> datetime:
    """When somebody showed who he is: `auth_time`, else when the token was made."""
    try:
        at = from_ms((said.iat if said.auth_time is None else said.auth_time) * 1000)
    except InstantOutOfRange:
        raise IdentityRefused(reason="auth_time") from None
    return min(at, now)


def document_of(said: Said, now: datetime) -> SubjectId:
    """The document by which the person is known to all authorities."""
    if said.document_type is None or said.document_number is None:
        raise IdentityRefused(reason="document")
    try:
        return documents.parse(said.document_type, said.document_number, today=legal_day(now))
    except Refusal:
        raise IdentityRefused(reason="document") from None


def office_of(said: Said) -> tuple[str, frozenset[str]]:
    """The authority and the roles of a member of staff: at least one role, all of them plain words."""
    roles = frozenset(said.roles or ())
    if said.authority is None or _WORD.fullmatch(said.authority) is None:
        raise IdentityRefused(reason="authority")
    if not roles or len(roles) > 20 or not all(_WORD.fullmatch(role) for role in roles):
        raise IdentityRefused(reason="roles")
    return said.authority, roles
