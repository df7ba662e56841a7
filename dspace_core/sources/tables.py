"""The statements of this room. A record is asked for by one: every name in it comes from the catalogue, every value is
bound, and the columns are exactly the fields that were asked."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from dspace_core.catalog import DataCategory, DataField, PredicateKind
from dspace_core.stores import Connection
from dspace_core.values import utc

Bound = str | int | date


class Select(msgspec.Struct, frozen=True):
    """The text and the values behind the subject, which is `$1`."""

    text: str
    bound: tuple[Bound, ...]


AS_OF = "SELECT as_of AS _as_of FROM exchange"
"""The source's own statement of completeness: one row, one instant."""
_STATE = "INSERT INTO exchange (as_of) VALUES ($1) ON CONFLICT (one) DO UPDATE SET as_of = excluded.as_of"


async def state_as_of(db: Connection, instant: datetime) -> None:
    """Let a made source state that it is complete up to an instant."""
    await db.execute(_STATE, utc(instant))


class Made(msgspec.Struct, frozen=True):
    """Which population a made authority holds: with the same three numbers `generate` makes the same people."""

    seed: int
    people: int
    today: date


_LOCK = "LOCK TABLE made IN EXCLUSIVE MODE"
_MADE = "SELECT seed, people, today FROM made"
_NOTE = "INSERT INTO made (seed, people, today) VALUES ($1, $2, $3)"


async def made_in(db: Connection) -> Made | None:
    """What a made authority holds; None where it is empty."""
    row = await db.fetchrow(_MADE)
    return None if row is None else Made(row["seed"], row["people"], row["today"])


async def lock_made(db: Connection) -> Made | None:
    """The same, and until the end of the transaction nobody else fills it."""
    await db.execute(_LOCK)
    return await made_in(db)


async def note_made(db: Connection, made: Made) -> None:
    """Write down what an authority holds from now on."""
    await db.execute(_NOTE, made.seed, made.people, made.today)


async def empty(db: Connection, tables: Sequence[str]) -> None:
    """Empty a made authority."""
    await db.execute(f"TRUNCATE made, exchange, {', '.join(map(_name, tables))}")


def select(category: DataCategory, fields: Sequence[DataField], today: date) -> Select:
    """Ask for exactly these fields of the subject's rows, two at most, beside the statement of completeness."""
    bound: list[Bound] = []
    columns = ", ".join(f"{_expression(category, field, today, bound)} AS {_name(field.id)}" for field in fields)
    names = ", ".join(f"r.{_name(field.id)}" for field in fields)
    return Select(
        f"SELECT e.as_of AS _as_of, r._found, {names} FROM exchange e LEFT JOIN LATERAL ("  # noqa: S608  (names of the catalogue)
        f"SELECT true AS _found, {columns} FROM {_name(category.relation)}"
        f" WHERE {_name(category.subject_column)} = $1 LIMIT 2) r ON true",
        tuple(bound),
    )


def _expression(category: DataCategory, field: DataField, today: date, bound: list[Bound]) -> str:
    predicate = field.predicate
    if predicate is None:
        return _name(field.column)
    if predicate.kind is PredicateKind.RECORDED:
        return "true"
    asked = category.field(predicate.of or "")
    if asked is None or predicate.operand is None:  # the loader admits no such predicate
        return "NULL::boolean"
    operator = "="
    operand: Bound = predicate.operand
    match predicate.kind, predicate.operand:
        case PredicateKind.YEARS_AT_LEAST, int() as years:
            operator, operand = "<=", years_before(today, years)
        case PredicateKind.AT_LEAST, _:
            operator = ">="
    bound.append(operand)
    cast = {PredicateKind.YEARS_AT_LEAST: "date", PredicateKind.AT_LEAST: "bigint"}.get(predicate.kind, "text")
    return f"({_name(asked.column)} {operator} ${len(bound) + 1}::{cast})"


def years_before(day: date, years: int) -> date:
    """The latest birth date of somebody who is so many years old on the day. Who was born on 29 February has their
    birthday on 1 March in other years."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February of a year without one
        return date(day.year - years, 2, 28)


def _name(text: str) -> str:
    """A quoted name. The catalogue's pattern admits no quote."""
    return f'"{text}"'
