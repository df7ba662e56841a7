"""Closing a lease, at whatever moment of its renewal."""

import asyncio

import pytest

from dspace_core.gate import Lease
from dspace_core.stores import open_pool
from dspace_core.testing.space import ScratchSpace


@pytest.mark.parametrize("ticks", range(6))
async def test_a_lease_that_was_just_told_to_look_closes(space: ScratchSpace, ticks: int) -> None:
    """However many turns of the loop lie between the two: the renewal that the first woke does not miss the second."""
    main = space.ledger.main
    async with asyncio.timeout(5), await open_pool(main.url("app"), password=main.password("app"), size=2) as db:
        lease = Lease(db)
        async with lease:
            await asyncio.sleep(0)  # the renewal waits
            lease.look()
            for _ in range(ticks):
                await asyncio.sleep(0)
