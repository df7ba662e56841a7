"""The SQL of duties. Serving processes read them; the role that migrates writes."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

import msgspec

from dspace_core.stores import Connection, Pool
from dspace_core.values import to_ms


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """A duty of law: which authority may use which fields in which items, for what, on which legal days.

    `law` cites the rule (title and article). `ends_on` is excluded. `fields` are keys as grants have them.
    """

    id: UUID
    authority: str
    law: str
    items: frozenset[str]
    fields: frozenset[str]
    purpose: str
    starts_on: date
    ends_on: date


class People(msgspec.Struct, frozen=True):
    """Who stands behind a duty, and whether it was ended."""

    proposer: str
    first: str | None
    second: str | None
    ended: bool


_COLUMNS = "duty_id, authority, law, items, fields, purpose, starts_on, ends_on"
_ADD = f"""
    INSERT INTO duty ({_COLUMNS}, proposer, proposed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (duty_id) DO NOTHING
"""  # noqa: S608
_TAKE = f"SELECT {_COLUMNS} FROM duty WHERE duty_id = $1 FOR NO KEY UPDATE"  # noqa: S608
_PEOPLE = "SELECT proposer, first_approver, second_approver, ended_at FROM duty WHERE duty_id = $1"
_FIRST = "UPDATE duty SET first_approver = $2 WHERE duty_id = $1"
_SECOND = "UPDATE duty SET second_approver = $2, approved_at = $3 WHERE duty_id = $1"
_END = "UPDATE duty SET ended_at = $2 WHERE duty_id = $1 AND approved_at IS NOT NULL AND ended_at IS NULL RETURNING duty_id"
_IN_FORCE = f"SELECT {_COLUMNS} FROM duty WHERE approved_at IS NOT NULL AND ended_at IS NULL ORDER BY duty_id"  # noqa: S608
# Uses pass side by side, whoever ends a duty passes alone; FOR SHARE would need the right to change it.
_TOGETHER = "SELECT pg_advisory_xact_lock_shared(place) FROM unnest($1::bigint[]) AS line (place)"
_ALONE = "SELECT pg_advisory_xact_lock($1)"
_LIVE = """
    SELECT duty_id FROM duty WHERE duty_id = ANY($1::uuid[]) AND approved_at IS NOT NULL AND ended_at IS NULL
      AND starts_on <= $2 AND ends_on > $2
"""


async def add(db: Connection, duty: Duty, proposer: str, at: datetime) -> None:
    """Enter a proposed duty, unless one of this id is there."""
    await db.execute(
        _ADD,
        duty.id,
        duty.authority,
        duty.law,
        sorted(duty.items),
        sorted(duty.fields),
        duty.purpose,
        duty.starts_on,
        duty.ends_on,
        proposer,
        to_ms(at),
    )


async def take(db: Connection, duty: UUID) -> Duty | None:
    """One duty, locked until the transaction ends."""
    row = await db.fetchrow(_TAKE, duty)
    return None if row is None else _duty(tuple(row))


async def people(db: Connection, duty: UUID) -> People | None:
    """Who stands behind a duty."""
    row = await db.fetchrow(_PEOPLE, duty)
    return None if row is None else People(row[0], row[1], row[2], row[3] is not None)


async def approve(db: Connection, duty: UUID, approver: str, at: datetime, *, first: bool) -> None:
    """Enter the first approver, or the second, with whom it is in force."""
    if first:
        await db.execute(_FIRST, duty, approver)
    else:
        await db.execute(_SECOND, duty, approver, to_ms(at))


async def end(db: Connection, duty: UUID, at: datetime) -> bool:
    """End a duty that is in force; False if there is none."""
    return await db.fetchval(_END, duty, to_ms(at)) is not None


async def in_force(db: Pool | Connection) -> tuple[Duty, ...]:
    """Every approved duty that was not ended, whatever its days."""
    return tuple(_duty(tuple(row)) for row in await db.fetch(_IN_FORCE))


async def wait_as_change(db: Connection, duty: UUID) -> None:
    """Wait for the uses that are being admitted, and hold up those that come, until the transaction ends."""
    await db.execute(_ALONE, _place(duty))


async def live(db: Connection, duties: Collection[UUID], day: date) -> frozenset[UUID]:
    """Those of the duties that are in force on the legal day; they stay so until the transaction ends."""
    await db.execute(_TOGETHER, sorted(map(_place, duties)))
    return frozenset(row[0] for row in await db.fetch(_LIVE, list(duties), day))


def _place(duty: UUID) -> int:
    return int.from_bytes(duty.bytes[:8], "big", signed=True)


def _duty(row: tuple[UUID, str, str, list[str], list[str], str, date, date]) -> Duty:
    return Duty(
        id=row[0],
        authority=row[1],
        law=row[2],
        items=frozenset(row[3]),
        fields=frozenset(row[4]),
        purpose=row[5],
        starts_on=row[6],
        ends_on=row[7],
    )
