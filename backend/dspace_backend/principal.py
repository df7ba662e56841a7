"""Who calls: a person's phone, or a member of an authority's staff. The guard puts one of them into `request.auth`."""

from uuid import UUID

import msgspec

from dspace_backend.refusals import PersonOnly, StaffOnly, StepUpNeeded
from dspace_core.catalog import TrustLevel
from dspace_core.values import Subject


class Principal(msgspec.Struct, frozen=True):
    """A person in a session of a client of ours."""

    subject: Subject
    session: UUID
    client: str
    """The registered client: a name of our own lists."""
    level: TrustLevel
    """How surely the person was identified in this session."""
    jkt: str
    """The thumbprint of the key that the session's proofs are made with (RFC 9449 section 6.1)."""

    def needs(self, level: TrustLevel) -> None:
        """Raise StepUpNeeded where an item asks for a surer identification than this session has."""
        if self.level < level:
            raise StepUpNeeded(level=int(level))


class Staff(msgspec.Struct, frozen=True):
    """A member of the staff of one authority, with the roles that the identity provider states."""

    id: UUID
    session: UUID
    authority: str
    roles: frozenset[str]
    jkt: str


def person(auth: object) -> Principal:
    """The person who calls. Raises PersonOnly for anybody else."""
    if not isinstance(auth, Principal):
        raise PersonOnly
    return auth


def staff(auth: object) -> Staff:
    """The member of staff who calls. Raises StaffOnly for anybody else."""
    if not isinstance(auth, Staff):
        raise StaffOnly
    return auth
