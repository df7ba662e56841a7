"""Who asks: what the authentication of a request comes to, and all that a route knows of it."""

from uuid import UUID

import msgspec

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
