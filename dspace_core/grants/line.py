"""The line before a grant: uses pass it side by side, a change waits in it alone, and whoever comes later waits behind.

Row locks know no line: PostgreSQL lets further FOR SHARE join past a change that waits, for as long as they overlap
(documentation, section 13.3.2), so a withdrawal could wait for ever. Its lock manager serves in the order of arrival.
"""

from collections.abc import Collection
from typing import TypeAlias

from dspace_core.stores import BrokenWriteError, Connection
from dspace_core.values import GrantId, Subject

GrantKey: TypeAlias = tuple[Subject, GrantId]

PASSED = "(SELECT count(pg_advisory_xact_lock_shared(place)) FROM unnest($3::bigint[]) AS line (place)) >= 0"
"""A condition for the statement that locks the rows of uses: it is met once the lines, $3, are passed in their order.

It depends on no row, so it is evaluated once, before the first row is read, and spares a round trip. What is read then
may be older than the wait; the row lock, taken after it, reads each row again (documentation, section 13.2.1).
"""
_ALONE = "SELECT pg_advisory_xact_lock($1)"


def inside(db: Connection) -> Connection:
    """The connection, in the open transaction without which a lock is none. Raises BrokenWriteError outside of one."""
    if not db.is_in_transaction():
        raise BrokenWriteError("grants are changed inside the caller's transaction")
    return db


def places(grants: Collection[GrantKey]) -> list[int]:
    """The numbers of the lines of these grants, in the order of their keys.

    Whoever passed one may not change its grant in the same transaction: that would upgrade a lock (design 12.1).
    """
    return [_place(grant) for _, grant in sorted(grants)]


async def wait_as_change(db: Connection, grant: GrantId) -> None:
    """Wait for the uses that are before us, and hold up those that come, until this transaction has ended.

    One wait, which `lock_timeout` bounds; waiting for a row is one for each that holds it, and no bound ends those.
    Whoever changes several goes by the order of their keys, as uses do.
    """
    await inside(db).execute(_ALONE, _place(grant))


def _place(grant: GrantId) -> int:
    """The number of a grant's line: the second half of its id, 62 random bits. Two that shared one would only wait."""
    return int.from_bytes(grant.bytes[8:], "big", signed=True)
