"""What changes between two versions of a grant, and whether that allows more than before."""

from datetime import datetime

import msgspec

from dspace_core.grants.model import Grant


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What an amendment adds and takes away; None where end or budget stay. A budget before of None was no limit."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    end: tuple[datetime, datetime] | None = None
    uses: tuple[int | None, int] | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return self == Difference()

    @property
    def wider(self) -> bool:
        """Whether anything is allowed that was not allowed before: then only a new notice will do (PIPL article 14)."""
        later = self.end is not None and self.end[1] > self.end[0]
        more = self.uses is not None and self.uses[0] is not None and self.uses[1] > self.uses[0]
        return bool(self.added) or later or more


def difference(
    grant: Grant, fields: frozenset[str] | None = None, end: datetime | None = None, uses: int | None = None
) -> Difference:
    """What taking over these terms changes in a grant. None leaves a term as it is."""
    before = grant.period.end
    return Difference(
        added=frozenset() if fields is None else fields - grant.fields,
        removed=frozenset() if fields is None else grant.fields - fields,
        end=None if end is None or before is None or end == before else (before, end),
        uses=None if uses is None or uses == grant.uses_left else (grant.uses_left, uses),
    )
