"""The clock of this machine against that of the database, both raw: no injected time takes part (article 13)."""

from datetime import UTC, datetime, timedelta

from dspace_core.stores.refusals import ClocksApart
from dspace_core.stores.sessions import Connection, Pool
from dspace_core.stores.transactions import transaction

LIMIT = timedelta(seconds=2)
_SAMPLES = 3


def _now() -> datetime:
    return datetime.now(UTC)


async def clock_skew(connection: Connection) -> timedelta:
    """How far the database's clock is ahead of ours, taken against the middle of the shortest of three round trips."""
    samples = [await _sample(connection) for _ in range(_SAMPLES)]
    return min(samples)[1]


async def _sample(connection: Connection) -> tuple[timedelta, timedelta]:
    """The length of one round trip and the skew that it shows, sure to half that length."""
    sent = _now()
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    trip = _now() - sent
    return trip, theirs - (sent + trip / 2)


async def check_clocks(pool: Pool, limit: timedelta = LIMIT) -> None:
    """Raise ClocksApart when the two differ by more than `limit`, in either direction."""
    async with transaction(pool, read_only=True) as connection:
        skew = abs(await clock_skew(connection))
    if skew > limit:
        millisecond = timedelta(milliseconds=1)
        raise ClocksApart(apart_ms=skew // millisecond, limit_ms=limit // millisecond)
