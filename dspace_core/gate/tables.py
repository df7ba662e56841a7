"""The SQL of leases, of stops that are not acknowledged, and of uses by duty."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from dspace_core.stores import Connection, Pool
from dspace_core.values import EvidenceId, Subject, UseId

Db = Pool | Connection
LEASE = timedelta(seconds=1)
"""How long a lease lasts."""
_SPAN = f"interval '{LEASE // timedelta(milliseconds=1)} ms'"
_GRACE = "interval '100 ms'"
"""How much longer a lease is waited for than it lasts."""

_TAKE = f"INSERT INTO lease (process, until) VALUES ($1, clock_timestamp() + {_SPAN})"  # noqa: S608
# What ran out is never renewed: whoever waited for its end may have gone on.
_RENEW = f"""
    WITH renewed AS (
      UPDATE lease SET until = clock_timestamp() + {_SPAN}
      WHERE process = $1 AND NOT revoked AND until > clock_timestamp() RETURNING 1
    )
    SELECT (SELECT count(*) FROM renewed) AS renewed, clock_timestamp() AS now,
           (SELECT min(inserted_at) FROM evidence_pending) AS oldest,
           ARRAY(SELECT number FROM stopping WHERE process = $1 ORDER BY number) AS numbers,
           ARRAY(SELECT subject_id FROM stopping WHERE process = $1 ORDER BY number) AS subjects,
           ARRAY(SELECT basis_id FROM stopping WHERE process = $1 ORDER BY number) AS bases
"""  # noqa: S608
_GIVE_BACK = """
    WITH gone AS (DELETE FROM stopping WHERE process = $1) DELETE FROM lease WHERE process = $1
"""
_ALIVE = f"SELECT count(*) FROM lease WHERE process = $1 AND until + {_GRACE} >= clock_timestamp()"  # noqa: S608
_SWEEP = f"DELETE FROM lease WHERE until + {_GRACE} + interval '1 minute' < clock_timestamp()"  # noqa: S608
# Whoever waited for these died too, or was cut off; a process without a lease is told nothing any more.
_SWEEP_STOPS = "DELETE FROM stopping s WHERE NOT EXISTS (SELECT FROM lease l WHERE l.process = s.process)"
_REVOKE = "UPDATE lease SET revoked = true WHERE process = ANY($1::uuid[])"
_STOP = "INSERT INTO stopping (subject_id, basis_id, process) SELECT $1, $2, process FROM lease"
_ACKNOWLEDGE = "DELETE FROM stopping WHERE process = $1 AND number = ANY($2::bigint[])"
# A lease is over once its row is removed, under its lock: a renewal that began before the end may commit after it, and
# its process then goes on. While that renewal holds the row, the lease is waited for; once it is removed, nothing renews.
_WAITED_FOR = f"""
    WITH ended AS (
      DELETE FROM lease WHERE process IN (
        SELECT l.process FROM lease l WHERE l.until + {_GRACE} < clock_timestamp() AND EXISTS (
          SELECT FROM stopping s WHERE s.subject_id = $1 AND s.basis_id = $2 AND s.process = l.process)
        FOR UPDATE OF l SKIP LOCKED)
      RETURNING process
    )
    SELECT DISTINCT process FROM stopping JOIN lease USING (process)
    WHERE subject_id = $1 AND basis_id = $2 AND process NOT IN (SELECT process FROM ended)
"""  # noqa: S608
_ADD_DUTY_USES = """
    INSERT INTO use (subject_id, use_id, duty_id, evidence_id)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
    ON CONFLICT DO NOTHING RETURNING subject_id, use_id
"""


class Stop(msgspec.Struct, frozen=True):
    """One basis that was stopped, as one process is told of it."""

    number: int
    subject: Subject
    basis: UUID


class Renewal(msgspec.Struct, frozen=True):
    """What a renewal told: whether it was had, the database's clock, since when evidence waits, what was stopped."""

    renewed: bool
    now: datetime
    oldest: datetime | None
    stops: tuple[Stop, ...]


async def take(db: Db, process: UUID) -> None:
    """Begin a lease under a name that was never used."""
    await db.execute(_TAKE, process)


async def renew(db: Db, process: UUID) -> Renewal:
    """Prolong a lease that is neither revoked nor over, and read what was stopped meanwhile."""
    row = await db.fetchrow(_RENEW, process)
    assert row is not None  # noqa: S101  (a SELECT without FROM gives one row)
    stops = zip(row["numbers"], row["subjects"], row["bases"], strict=True)
    return Renewal(
        row["renewed"] == 1,
        row["now"],
        row["oldest"],
        tuple(Stop(number, Subject(subject), basis) for number, subject, basis in stops),
    )


async def give_back(db: Db, process: UUID) -> None:
    """End a lease at once; its process releases nothing any more."""
    await db.execute(_GIVE_BACK, process)


async def alive(db: Db, process: UUID) -> bool:
    """Whether a process of this lease may still be at work."""
    return bool(await db.fetchval(_ALIVE, process))


async def sweep(db: Db) -> None:
    """Remove leases that are long over, and the stops that nobody is left to acknowledge."""
    await db.execute(_SWEEP)
    await db.execute(_SWEEP_STOPS)


async def revoke(db: Db, processes: Collection[UUID]) -> None:
    """Let leases run out."""
    await db.execute(_REVOKE, list(processes))


async def stop(db: Connection, subject: Subject, basis: UUID) -> None:
    """Tell every process that holds a lease, once the caller's transaction commits.

    Call it after the basis was changed under its lock: who holds no lease yet then will find it changed.
    """
    await db.execute(_STOP, subject, basis)


async def acknowledge(db: Db, process: UUID, numbers: Collection[int]) -> None:
    """Say that nothing is on its way under these stops any more."""
    await db.execute(_ACKNOWLEDGE, process, list(numbers))


async def waited_for(db: Db, subject: Subject, basis: UUID) -> frozenset[UUID]:
    """The processes that have not acknowledged and whose lease is not over. A lease that is, is removed."""
    return frozenset(row["process"] for row in await db.fetch(_WAITED_FOR, subject, basis))


async def add_duty_uses(
    db: Connection, uses: Sequence[tuple[Subject, UseId, UUID, EvidenceId]]
) -> set[tuple[Subject, UseId]]:
    """Enter uses by duty, in the order of their keys; those that stood already are not in the answer."""
    if not uses:
        return set()
    rows = await db.fetch(_ADD_DUTY_USES, *(list(column) for column in zip(*sorted(uses), strict=True)))
    return {(Subject(row[0]), UseId(row[1])) for row in rows}
