"""The SQL of the keys cluster. Each statement commits by itself: a key is there before anything is sealed under it."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from dspace_core.crypto import SubjectAnswer, SubjectYear
from dspace_core.stores import Connection, Pool
from dspace_core.values import Subject

Keys = Pool | Connection
_GENERATIONS = 1 << 48
"""So many numbers there are; a cluster that forgot which it gave away does not give the same one again."""


class Generation(msgspec.Struct, frozen=True):
    """One key of a subject's year; after an erasure another is made for what follows. The number is random."""

    scope: SubjectYear
    number: int


class SubjectKeyRow(msgspec.Struct, frozen=True):
    """Where the key of a case or of an identity stands."""

    subject: Subject
    kind: str
    id: UUID


_LIVE_YEARS = """
    SELECT subject_id, year, generation, wrapped FROM subject_year_key
    JOIN unnest($1::uuid[], $2::smallint[]) AS wanted (subject_id, year) USING (subject_id, year)
    WHERE wrapped IS NOT NULL
"""
_YEARS_AT = """
    SELECT subject_id, year, generation, wrapped FROM subject_year_key
    JOIN unnest($1::uuid[], $2::smallint[], $3::bigint[]) AS wanted (subject_id, year, generation)
    USING (subject_id, year, generation) WHERE wrapped IS NOT NULL
"""
_ADD_YEARS = """
    INSERT INTO subject_year_key (subject_id, year, generation, wrapped)
    SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::bytea[])
        AS fresh (subject_id, year, generation, wrapped)
    ORDER BY subject_id, year ON CONFLICT DO NOTHING
"""
_ERASE_YEAR = """
    INSERT INTO subject_year_key (subject_id, year, generation) VALUES ($1, $2, $3)
    ON CONFLICT (subject_id, year, generation) DO UPDATE SET wrapped = NULL RETURNING tableoid::regclass::text
"""
_SUBJECT_KEY = "SELECT wrapped FROM subject_key WHERE subject_id = $1 AND kind = $2 AND id = $3"
_ADD_SUBJECT_KEY = """
    INSERT INTO subject_key (subject_id, kind, id, wrapped) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_ERASE_SUBJECT_KEY = """
    INSERT INTO subject_key (subject_id, kind, id) VALUES ($1, $2, $3)
    ON CONFLICT (subject_id, kind, id) DO UPDATE SET wrapped = NULL RETURNING tableoid::regclass::text
"""
_ANSWER = "SELECT wrapped FROM answer_key WHERE subject_id = $1 AND answer_id = $2"
_ADD_ANSWER = """
    INSERT INTO answer_key (subject_id, answer_id, made_at, wrapped) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_DROP_ANSWERS = "DELETE FROM answer_key WHERE made_at <= $1"
_DAY = "SELECT wrapped FROM day_key WHERE day = $1"
_ADD_DAY = "INSERT INTO day_key (day, wrapped) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_WAKE_DAYS = "UPDATE day_key SET idle_since = NULL WHERE day = ANY($1::date[]) AND idle_since IS NOT NULL"
_REST_DAYS = """
    UPDATE day_key SET idle_since = $3 WHERE idle_since IS NULL AND day < $2 AND day <> ALL($1::date[])
"""
_OLDEST_DAY = "SELECT min(day) FROM day_key"
_DROP_DAYS = "DELETE FROM day_key WHERE idle_since <= $2 AND day <> ALL($1::date[]) RETURNING day"


async def live_years(keys: Keys, wanted: Collection[SubjectYear]) -> dict[Generation, bytes]:
    """The wrapped keys in use of those subjects and years; at most one for each."""
    rows = await keys.fetch(_LIVE_YEARS, [each.subject for each in wanted], [each.year for each in wanted])
    return {_generation(row["subject_id"], row["year"], row["generation"]): row["wrapped"] for row in rows}


async def years_at(keys: Keys, wanted: Collection[Generation]) -> dict[Generation, bytes]:
    """The wrapped keys of those generations; one that was erased is not among them."""
    rows = await keys.fetch(
        _YEARS_AT,
        [each.scope.subject for each in wanted],
        [each.scope.year for each in wanted],
        [each.number for each in wanted],
    )
    return {_generation(row["subject_id"], row["year"], row["generation"]): row["wrapped"] for row in rows}


async def add_years(keys: Keys, fresh: Sequence[tuple[SubjectYear, bytes]]) -> None:
    """Put a key in use for each that has none, under a new generation; whoever was first stays."""
    await keys.execute(
        _ADD_YEARS,
        [scope.subject for scope, _ in fresh],
        [scope.year for scope, _ in fresh],
        [secrets.randbelow(_GENERATIONS) for _ in fresh],
        [wrapped for _, wrapped in fresh],
    )


async def erase_year(keys: Keys, generation: Generation) -> str:
    """Destroy the key; the generation stays used, also where the key was not known. Answers the table to be cleared."""
    scope = generation.scope
    return str(await keys.fetchval(_ERASE_YEAR, scope.subject, scope.year, generation.number))


async def subject_key(keys: Keys, row: SubjectKeyRow) -> bytes | None:
    """The wrapped key; None where it was erased or never made."""
    wrapped: bytes | None = await keys.fetchval(_SUBJECT_KEY, row.subject, row.kind, row.id)
    return wrapped


async def add_subject_key(keys: Keys, row: SubjectKeyRow, wrapped: bytes) -> None:
    """Put the key there unless there is one or was one."""
    await keys.execute(_ADD_SUBJECT_KEY, row.subject, row.kind, row.id, wrapped)


async def erase_subject_key(keys: Keys, row: SubjectKeyRow) -> str:
    """Destroy the key; none is made in its place. Answers the table to be cleared."""
    return str(await keys.fetchval(_ERASE_SUBJECT_KEY, row.subject, row.kind, row.id))


async def answer_key(keys: Keys, scope: SubjectAnswer) -> bytes | None:
    """The wrapped key of a stored answer; None where it is gone."""
    wrapped: bytes | None = await keys.fetchval(_ANSWER, scope.subject, scope.answer)
    return wrapped


async def add_answer_key(keys: Keys, scope: SubjectAnswer, wrapped: bytes, made_at: datetime) -> None:
    """Put the key there unless there is one."""
    await keys.execute(_ADD_ANSWER, scope.subject, scope.answer, made_at, wrapped)


async def drop_answer_keys(keys: Keys, made_by: datetime) -> None:
    """Destroy the keys of answers made at that time or before."""
    await keys.execute(_DROP_ANSWERS, made_by)


async def day_key(keys: Keys, day: date) -> bytes | None:
    """The wrapped key of a day; None where it is gone or was never made."""
    wrapped: bytes | None = await keys.fetchval(_DAY, day)
    return wrapped


async def add_day_key(keys: Keys, day: date, wrapped: bytes) -> None:
    """Put the key there unless there is one: all processes share one key a day."""
    await keys.execute(_ADD_DAY, day, wrapped)


async def oldest_day(keys: Keys) -> date | None:
    """The oldest day that has a key; None where none has."""
    found: date | None = await keys.fetchval(_OLDEST_DAY)
    return found


async def settle_days(
    keys: Keys, waiting: Iterable[date], *, today: date, now: datetime, idle_by: datetime
) -> tuple[date, ...]:
    """Note which past days have records waiting and which have none; destroy the keys of those idle since `idle_by`."""
    days = list(waiting)
    await keys.execute(_WAKE_DAYS, days)
    await keys.execute(_REST_DAYS, days, today, now)
    return tuple(row["day"] for row in await keys.fetch(_DROP_DAYS, days, idle_by))


def _generation(subject: UUID, year: int, number: int) -> Generation:
    return Generation(SubjectYear(Subject(UUID(bytes=subject.bytes)), year), number)
