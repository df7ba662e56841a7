"""A lease without its database: tickets, and a machine whose clock is wrong."""

import time
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import pytest

from dspace_core.gate.lease import Lease, Ticket, _apart, _Hold
from dspace_core.gate.refusals import LeaseLost, Stopped
from dspace_core.gate.tables import Renewal
from dspace_core.stores import Pool
from dspace_core.stores.refusals import ClocksApart
from dspace_core.values import Subject

NOW = datetime(2026, 5, 1, tzinfo=UTC)
KEY = (Subject(UUID(int=1)), UUID(int=2))


def held(sent: float) -> _Hold:
    hold = _Hold(UUID(int=3))
    hold.told(Renewal(True, NOW, None, ()), sent, NOW, NOW)
    return hold


def test_a_lease_is_counted_from_before_its_renewal_was_sent() -> None:
    with pytest.raises(LeaseLost):
        held(sent=0.0).check()


async def test_a_closed_ticket_permits_nothing_and_says_what_to_wait_for() -> None:
    ticket = Ticket(held(time.clock_gettime(time.CLOCK_BOOTTIME)), KEY)
    ticket.sending()
    waiting = ticket.close()
    assert waiting is not None
    assert not waiting.done()
    with pytest.raises(Stopped):
        ticket.check()
    ticket.leave()
    assert waiting.done()


async def test_who_is_refused_for_the_clocks_gets_an_exception_of_their_own() -> None:
    """One that is raised again and again keeps the frames of all who raised it, with what they held."""
    lease = Lease(cast("Pool", None))
    lease._hold = held(time.clock_gettime(time.CLOCK_BOOTTIME))
    lease._hold.unfit = ClocksApart(apart_ms=2001, limit_ms=2000)
    caught = []
    for _ in range(2):
        with pytest.raises(ClocksApart, match="2001 ms") as refused:
            lease.enter(*KEY, sensitive=False)
        caught.append(refused.value)
    assert caught[0] is not caught[1]
    assert not lease._hold.tickets


@pytest.mark.parametrize("away", [timedelta(seconds=2, milliseconds=1), -timedelta(seconds=3)])
def test_article_13_clocks_more_than_two_seconds_apart_are_told(away: timedelta) -> None:
    assert isinstance(_apart(NOW + away, NOW, NOW), ClocksApart)


@pytest.mark.parametrize("away", [timedelta(0), timedelta(seconds=2), -timedelta(seconds=2)])
def test_clocks_within_two_seconds_are_let_be(away: timedelta) -> None:
    assert _apart(NOW + away, NOW, NOW) is None


def test_a_slow_answer_is_not_taken_for_a_wrong_clock() -> None:
    assert _apart(NOW, NOW - timedelta(seconds=5), NOW + timedelta(seconds=5)) is None
