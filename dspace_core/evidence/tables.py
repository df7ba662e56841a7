"""The SQL of evidence in the main cluster: what waits, what is numbered, the leaves, and the head of each log."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from dspace_core.crypto import SubjectYear
from dspace_core.evidence.key_tables import Generation
from dspace_core.evidence.merkle import Frontier, leaf_hash
from dspace_core.stores import Connection, Pool, Record
from dspace_core.values import EvidenceId, Subject

Db = Pool | Connection


class Pending(msgspec.Struct, frozen=True):
    """A sealed record that waits for its number."""

    entry: EvidenceId
    subject: Subject
    day: date
    sealed: bytes


class Waited(msgspec.Struct, frozen=True):
    """A place among a subject's waiting records: where a page ended."""

    since: datetime
    entry: EvidenceId


class Waiting(Pending, frozen=True):
    """A record that waits, with its place in the queue: since when, on the database's clock."""

    since: datetime

    @property
    def place(self) -> Waited:
        """Where a page ends that ends with it."""
        return Waited(self.since, self.entry)


class Numbered(msgspec.Struct, frozen=True):
    """An entry at its place: in its subject's chain and in the log."""

    entry: EvidenceId
    subject: Subject
    seq: int
    position: int
    year: int
    generation: int
    sealed: bytes
    leaf: bytes


class ChainEnd(msgspec.Struct, frozen=True):
    """The last entry of a subject: its number, and the hash of its leaf."""

    seq: int
    leaf_hash: bytes


class LogHead(msgspec.Struct, frozen=True):
    """A log as the database has it."""

    log: int
    origin: str
    frontier: Frontier
    term: int
    continues: bytes | None
    signed_size: int
    note: bytes | None

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self.frontier.size


class Standing(msgspec.Struct, frozen=True):
    """A numbered entry as it is read, with how far its log is signed."""

    entry: EvidenceId
    sealed: bytes
    seq: int
    log: int
    position: int
    generation: Generation
    leaf: bytes
    origin: str
    signed_size: int
    note: bytes | None
    """The newest signed checkpoint of its log."""

    @property
    def place(self) -> int:
        """Where a page ends that ends with it."""
        return self.seq

    @property
    def signed(self) -> bool:
        """Whether that checkpoint covers it."""
        return self.position < self.signed_size


class Covered(msgspec.Struct, frozen=True):
    """Up to which number a subject's chain is covered, by which checkpoint."""

    seq: int
    origin: str
    signed_size: int


_ADD_PENDING = """
    INSERT INTO evidence_pending (evidence_id, subject_id, day, sealed)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bytea[])
"""
_ANY_PENDING = "SELECT EXISTS (SELECT FROM evidence_pending)"
_TAKE = """
    WITH oldest AS MATERIALIZED (
        SELECT evidence_id FROM evidence_pending ORDER BY inserted_at, evidence_id LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM evidence_pending AS held USING oldest WHERE held.evidence_id = oldest.evidence_id
    RETURNING held.evidence_id, subject_id, day, sealed, inserted_at
"""
_TWICE = """
    SELECT evidence_id FROM leaf JOIN unnest($1::uuid[]) AS taken (evidence_id) USING (evidence_id) LIMIT 1
"""
_CHAIN_ENDS = """
    SELECT wanted.subject_id, newest.seq, leaf.leaf FROM unnest($1::uuid[]) AS wanted (subject_id)
    CROSS JOIN LATERAL (
        SELECT seq, log, position FROM evidence WHERE evidence.subject_id = wanted.subject_id
        ORDER BY seq DESC LIMIT 1
    ) AS newest
    JOIN leaf ON leaf.log = newest.log AND leaf.position = newest.position
"""
_ADD_LEAVES = """
    INSERT INTO leaf (log, position, evidence_id, leaf)
    SELECT $1, * FROM unnest($2::bigint[], $3::uuid[], $4::bytea[])
"""
_ADD_EVIDENCE = """
    INSERT INTO evidence (log, subject_id, seq, evidence_id, position, year, generation, sealed)
    SELECT $1, * FROM unnest(
        $2::uuid[], $3::bigint[], $4::uuid[], $5::bigint[], $6::smallint[], $7::bigint[], $8::bytea[])
"""
_ADVANCE = "UPDATE log_head SET size = $4, frontier = $5 WHERE log = $1 AND term = $2 AND size = $3 AND NOT frozen"
_HEAD = "log, origin, frontier, term, continues, signed_size, note"
_TAKE_TERM = f"UPDATE log_head SET term = term + 1 WHERE NOT frozen RETURNING {_HEAD}"  # noqa: S608
_IN_USE = "SELECT origin FROM log_head WHERE NOT frozen"
_OPEN = f"""
    INSERT INTO log_head (log, origin, size, frontier, term, continues) VALUES ($1, $2, 0, $3, 1, $4)
    ON CONFLICT DO NOTHING RETURNING {_HEAD}
"""  # noqa: S608
_SIGNED = f"SELECT {_HEAD} FROM log_head WHERE note IS NOT NULL ORDER BY log DESC LIMIT 1"  # noqa: S608
_FREEZE = "UPDATE log_head SET frozen = true, term = term + 1 WHERE NOT frozen"
_NEXT_LOG = "SELECT coalesce(max(log) + 1, 0) FROM log_head"
_ORIGIN_KNOWN = "SELECT EXISTS (SELECT FROM log_head WHERE origin = $1)"
_PUBLISH = """
    UPDATE log_head SET signed_size = $3, note = $4 WHERE log = $1 AND term = $2 AND signed_size < $3
    AND set_config('synchronous_commit', 'off', true) = 'off'
"""
_LEAVES = "SELECT leaf FROM leaf WHERE log = $1 AND position >= $2 AND position < $3 ORDER BY position"
_DAYS_WAITING = "SELECT DISTINCT day FROM evidence_pending"
_OLDEST = "SELECT clock_timestamp() - min(inserted_at) FROM evidence_pending"
_STANDING = """
    subject_id, evidence.evidence_id, sealed, NULL::date AS day, NULL::timestamptz AS inserted_at, seq, log, position,
    year, generation, leaf, origin, signed_size, note
    FROM evidence JOIN leaf USING (log, position) JOIN log_head USING (log)
"""
_WAITING = """
    subject_id, evidence_id, sealed, day, inserted_at, NULL::bigint AS seq, NULL::smallint AS log,
    NULL::bigint AS position, NULL::smallint AS year, NULL::bigint AS generation, NULL::bytea AS leaf,
    NULL::text AS origin, NULL::bigint AS signed_size, NULL::bytea AS note FROM evidence_pending
"""
_ONE = f"""
    SELECT {_WAITING} WHERE subject_id = $1 AND evidence_id = $2
    UNION ALL SELECT {_STANDING} WHERE subject_id = $1 AND evidence.evidence_id = $2
"""
_PAGE = f"""
    SELECT * FROM ((SELECT {_WAITING} WHERE subject_id = $1 AND $2::bigint IS NULL
        AND ($3::timestamptz IS NULL OR (inserted_at, evidence_id) < ($3, $4::uuid))
        ORDER BY inserted_at DESC, evidence_id DESC LIMIT $5)
    UNION ALL
    (SELECT {_STANDING} WHERE subject_id = $1 AND ($2::bigint IS NULL OR seq < $2) ORDER BY seq DESC LIMIT $5)) AS entry
    ORDER BY seq DESC NULLS FIRST, inserted_at DESC, evidence_id DESC LIMIT $5
"""  # noqa: S608
_GAP_FREE = """
    SELECT seq, origin, signed_size FROM (
        SELECT seq, row_number() OVER (ORDER BY seq) - 1 AS place, origin, signed_size
        FROM evidence JOIN log_head USING (log) WHERE subject_id = $1 AND position < signed_size
    ) AS covered WHERE seq = place ORDER BY seq DESC LIMIT 1
"""
_MOMENT = "SELECT clock_timestamp()"
_WAITING_SINCE = "SELECT count(*) FROM evidence_pending WHERE subject_id = $1 AND inserted_at <= $2"
_LAST_UNDER = "SELECT max(seq) FROM evidence WHERE subject_id = $1 AND year = $2 AND generation = $3"
_NUMBERING = int.from_bytes(b"dspace-n", "big")


async def add_pending(db: Connection, rows: Sequence[Pending]) -> None:
    """Let records wait. Their place in the queue is the database's own time.

    The database refuses an id that waits already or is numbered, whoever's that is, and with it the whole statement.
    """
    await db.execute(
        _ADD_PENDING,
        [row.entry for row in rows],
        [row.subject for row in rows],
        [row.day for row in rows],
        [row.sealed for row in rows],
    )


async def any_pending(db: Db) -> bool:
    """Whether anything waits."""
    return bool(await db.fetchval(_ANY_PENDING))


async def take(db: Connection, most: int) -> list[Waiting]:
    """Take records out of the queue, the oldest first; those that another transaction holds are passed over."""
    rows = sorted(await db.fetch(_TAKE, most), key=lambda row: (row["inserted_at"], row["evidence_id"].bytes))
    return [_waiting(row) for row in rows]


async def numbered_twice(db: Connection, taken: Sequence[Pending]) -> EvidenceId | None:
    """An id among those taken that is numbered already, whoever's entry that is."""
    found: EvidenceId | None = await db.fetchval(_TWICE, [row.entry for row in taken])
    return found


async def chain_ends(db: Connection, subjects: Collection[Subject]) -> dict[Subject, ChainEnd]:
    """Where the chain of each subject ends; a subject without entries is not among them."""
    rows = await db.fetch(_CHAIN_ENDS, list(subjects))
    return {_subject(row): ChainEnd(row["seq"], leaf_hash(row["leaf"])) for row in rows}


async def add_numbered(db: Connection, log: int, rows: Sequence[Numbered]) -> None:
    """Store entries and their leaves."""
    positions = [row.position for row in rows]
    entries = [row.entry for row in rows]
    await db.execute(_ADD_LEAVES, log, positions, entries, [row.leaf for row in rows])
    await db.execute(
        _ADD_EVIDENCE,
        log,
        [row.subject for row in rows],
        [row.seq for row in rows],
        entries,
        positions,
        [row.year for row in rows],
        [row.generation for row in rows],
        [row.sealed for row in rows],
    )


async def advance(db: Connection, head: LogHead, frontier: Frontier) -> bool:
    """The fence: move the head on if it still is where this term left it. False: nothing may be committed."""
    done = await db.execute(_ADVANCE, head.log, head.term, head.size, frontier.size, frontier.encode())
    return done == "UPDATE 1"


async def take_term(db: Connection) -> LogHead | None:
    """Become the one who numbers: every older term is fenced when this commits. None where no log was opened yet."""
    row = await db.fetchrow(_TAKE_TERM)
    return None if row is None else _head(row)


async def origin_in_use(db: Db) -> str | None:
    """The name of the log in which is numbered; None where no log was opened yet."""
    found: str | None = await db.fetchval(_IN_USE)
    return found


async def open_log(db: Connection, log: int, origin: str, continues: bytes | None) -> LogHead | None:
    """Open an empty log; its term is 1 and the caller's. None where another opened one meanwhile."""
    row = await db.fetchrow(_OPEN, log, origin, Frontier().encode(), continues)
    return None if row is None else _head(row)


async def freeze(db: Connection) -> None:
    """End the log in use; its notary is fenced."""
    await db.execute(_FREEZE)


async def signed_head(db: Db) -> LogHead | None:
    """The newest log that was signed, whoever numbers in it; None: none ever was."""
    row = await db.fetchrow(_SIGNED)
    return None if row is None else _head(row)


async def next_log(db: Connection) -> int:
    """The first number that no log has."""
    return int(await db.fetchval(_NEXT_LOG))


async def origin_known(db: Connection, origin: str) -> bool:
    """Whether a log bears that name."""
    return bool(await db.fetchval(_ORIGIN_KNOWN, origin))


async def publish(db: Pool, head: LogHead, size: int, note: bytes) -> None:
    """Show a signed checkpoint to those who read the database. It is derived, so its commit need not wait for the disk."""
    await db.execute(_PUBLISH, head.log, head.term, size, note)


async def leaves(db: Db, log: int, start: int, end: int) -> list[bytes]:
    """The leaves of a log from `start` to before `end`, as many as there are."""
    return [row["leaf"] for row in await db.fetch(_LEAVES, log, start, end)]


async def days_waiting(db: Db) -> tuple[date, ...]:
    """The days under whose keys records wait."""
    return tuple(row["day"] for row in await db.fetch(_DAYS_WAITING))


async def oldest_waits(db: Db) -> timedelta:
    """For how long the oldest record has waited, on the database's clock; nothing waits: zero (article 13)."""
    waited: timedelta | None = await db.fetchval(_OLDEST)
    return waited or timedelta(0)


async def one(db: Db, subject: Subject, entry: EvidenceId) -> Waiting | Standing | None:
    """One entry, wherever it is, in one statement."""
    row = await db.fetchrow(_ONE, subject, entry)
    return None if row is None else _entry(row)


async def page(db: Db, subject: Subject, before: int | Waited | None, most: int) -> list[Waiting | Standing]:
    """At most so many of a subject's entries in one statement, newest first: those that wait, then those numbered.

    `before` is a number of the chain, and then nothing that waits is read, or a place among what waits.
    """
    seq, waited = (None, before) if isinstance(before, Waited) else (before, None)
    since, entry = (waited.since, waited.entry) if waited else (None, None)
    return [_entry(row) for row in await db.fetch(_PAGE, subject, seq, since, entry, most)]


async def moment(db: Db) -> datetime:
    """The time on the database's clock, by which records are queued."""
    now: datetime = await db.fetchval(_MOMENT)
    return now


async def waiting_since(db: Db, subject: Subject, moment: datetime) -> int:
    """How many records of the subject wait that were inserted at that moment or before, and are committed."""
    return int(await db.fetchval(_WAITING_SINCE, subject, moment))


async def last_under(db: Db, generation: Generation) -> int | None:
    """The last number in the chain that is sealed under that key; None where nothing is."""
    scope = generation.scope
    found: int | None = await db.fetchval(_LAST_UNDER, scope.subject, scope.year, generation.number)
    return found


async def share_numbering(db: Connection) -> None:
    """Until this transaction ends no year's key is destroyed: what it numbers, an erasure after it knows of."""
    await db.execute("SELECT pg_advisory_xact_lock_shared($1)", _NUMBERING)


async def hold_numbering(db: Connection) -> None:
    """Nobody numbers from when this returns until the transaction ends."""
    await db.execute("SELECT pg_advisory_xact_lock($1)", _NUMBERING)


async def gap_free(db: Db, subject: Subject) -> Covered | None:
    """The last entry of the subject up to which all are there and covered by a signed checkpoint."""
    row = await db.fetchrow(_GAP_FREE, subject)
    return None if row is None else Covered(row["seq"], row["origin"], row["signed_size"])


def _waiting(row: Record) -> Waiting:
    entry = EvidenceId(UUID(bytes=row["evidence_id"].bytes))
    return Waiting(entry, _subject(row), row["day"], row["sealed"], row["inserted_at"])


def _head(row: Record) -> LogHead:
    return LogHead(
        log=row["log"],
        origin=row["origin"],
        frontier=Frontier.decode(row["frontier"]),
        term=row["term"],
        continues=row["continues"],
        signed_size=row["signed_size"],
        note=row["note"],
    )


def _entry(row: Record) -> Waiting | Standing:
    if row["seq"] is None:
        return _waiting(row)
    scope = SubjectYear(_subject(row), row["year"])
    return Standing(
        entry=EvidenceId(UUID(bytes=row["evidence_id"].bytes)),
        sealed=row["sealed"],
        seq=row["seq"],
        log=row["log"],
        position=row["position"],
        generation=Generation(scope, row["generation"]),
        leaf=row["leaf"],
        origin=row["origin"],
        signed_size=row["signed_size"],
        note=row["note"],
    )


def _subject(row: Record) -> Subject:
    return Subject(UUID(bytes=row["subject_id"].bytes))  # the driver's own kind of UUID stays outside
