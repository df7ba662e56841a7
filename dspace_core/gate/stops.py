"""Stopping: after a change of a basis has committed, wait until no process releases anything under it (article 3).

Every process that held a lease has a row in the table of stops since the commit. It removes the row when nothing is on
its way any more; one that does not, in half a second, has its lease revoked and is waited out.
"""

import asyncio
import contextlib
from uuid import UUID

from dspace_core.errors import Refusal
from dspace_core.gate import tables
from dspace_core.gate.lease import CHANNEL, Lease
from dspace_core.stores import Ephemeral, Pool
from dspace_core.values import Subject

ANNOUNCE_SECONDS = 0.1
SILENT_SECONDS = 0.5
_POLL_SECONDS = 0.004
_SLOW_POLL_SECONDS = 0.02


async def settled(db: Pool, lease: Lease, ephemeral: Ephemeral | None, subject: Subject, basis: UUID) -> float:
    """Return when the stop of this basis is acknowledged by all, or their leases are over; answer the seconds it took.

    Safe to call again, also by another process than the one that changed the basis. Raises what `stores` refuses with;
    the stop then goes on by itself, and only the certainty that it has is missing.
    """
    clock = asyncio.get_running_loop().time
    begun = clock()
    announced = begun - ANNOUNCE_SECONDS
    revoked: frozenset[UUID] = frozenset()
    lease.look()
    while waiting := await tables.waited_for(db, subject, basis):
        now = clock()
        if now - announced >= ANNOUNCE_SECONDS:
            announced = now
            lease.look()
            await _announce(ephemeral)
        if now - begun >= SILENT_SECONDS and waiting - revoked:
            await tables.revoke(db, waiting - revoked)
            revoked |= waiting
        await asyncio.sleep(_POLL_SECONDS if now - begun < ANNOUNCE_SECONDS else _SLOW_POLL_SECONDS)
    return clock() - begun


async def _announce(ephemeral: Ephemeral | None) -> None:
    """Make the others look now. Nobody is promised to hear it, and each looks by itself with its next renewal."""
    if ephemeral is not None:
        with contextlib.suppress(Refusal):
            await ephemeral.announce(CHANNEL, b"")
