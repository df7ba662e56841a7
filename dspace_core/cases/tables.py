"""The SQL of cases. Nothing else knows their columns."""

from datetime import date, datetime

import msgspec

from dspace_core.cases.deadline import Course, Stop
from dspace_core.cases.model import Case, Content
from dspace_core.cases.states import State
from dspace_core.stores import BrokenWriteError, Connection, Pool, Record
from dspace_core.values import CaseId, EvidenceId, GrantId, Subject, from_ms, to_ms

_COLUMNS = """subject_id, case_id, number, client, item, item_version, edition, authority_id, plugin, grant_ids, state,
    accepted_on, stopped_on, resumed_on, ended_on, filed_at, changed_at, released, filed_evidence_id, evidence_id, content"""
_ADD = f"""
    INSERT INTO cases ({_COLUMNS})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
    ON CONFLICT DO NOTHING RETURNING 1
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM cases WHERE subject_id = $1 AND case_id = $2"  # noqa: S608
_TAKE = f"{_FIND} FOR NO KEY UPDATE"
_OF = f"SELECT {_COLUMNS} FROM cases WHERE subject_id = $1 ORDER BY filed_at DESC, case_id"  # noqa: S608
_STANDS = "SELECT EXISTS (SELECT FROM cases WHERE subject_id = $1 AND case_id = $2)"
_SAVE = """
    UPDATE cases SET state = $3, stopped_on = $4, resumed_on = $5, ended_on = $6, changed_at = $7, released = $8,
        evidence_id = $9, content = $10
    WHERE subject_id = $1 AND case_id = $2
"""
_RELEASED = "UPDATE cases SET released = true WHERE subject_id = $1 AND case_id = $2 AND NOT released"
# The conditions are those of the partial index, word for word.
_REFERRED = f"""
    SELECT {_COLUMNS} FROM cases WHERE authority_id = $1 AND state = 'referred' AND number > $2 ORDER BY number LIMIT $3
"""  # noqa: S608
_REFERRED_ONE = f"SELECT {_COLUMNS} FROM cases WHERE authority_id = $1 AND state = 'referred' AND number = $2"  # noqa: S608
# The condition is that of the index, word for word.
_UNFINISHED = """
    SELECT subject_id, case_id FROM cases
    WHERE (state IN ('approved', 'refused') OR (state = 'withdrawn' AND NOT released))
      AND (subject_id, case_id) > ($1, $2) AND changed_at <= $4
    ORDER BY subject_id, case_id LIMIT $3
"""


class Row(msgspec.Struct, frozen=True):
    """A case as it stands in the table: `case` without its content, which is sealed."""

    case: Case
    sealed: bytes

    def opened(self, content: Content | None) -> Case:
        """The case with its content."""
        return msgspec.structs.replace(self.case, content=content)


def inside(db: Connection) -> Connection:
    """The connection, in an open transaction. Raises BrokenWriteError outside of one."""
    if not db.is_in_transaction():
        raise BrokenWriteError("cases are changed inside a transaction")
    return db


async def serial(db: Connection) -> int:
    """The next serial of a printed number; one drawn by a transaction that did not commit is lost."""
    drawn: int = await db.fetchval("SELECT nextval('case_serial')")
    return drawn


async def add(db: Connection, row: Row) -> bool:
    """Enter a new case; answer whether it was new."""
    case = row.case
    stopped, resumed = _stops(case.course)
    return bool(
        await inside(db).fetchval(
            _ADD,
            case.subject,
            case.id,
            case.number,
            case.client,
            case.item,
            case.item_version,
            case.edition,
            case.authority,
            case.plugin,
            list(case.grants),
            case.state.value,
            case.course.accepted,
            stopped,
            resumed,
            case.course.ended,
            to_ms(case.filed_at),
            to_ms(case.changed_at),
            case.released,
            case.filed_evidence,
            case.evidence,
            row.sealed,
        )
    )


async def stands(db: Pool | Connection, subject: Subject, case: CaseId) -> bool:
    """Whether there is such a case."""
    return bool(await db.fetchval(_STANDS, subject, case))


async def find(db: Pool | Connection, subject: Subject, case: CaseId) -> Row | None:
    """One case of one subject."""
    row = await db.fetchrow(_FIND, subject, case)
    return None if row is None else _row(row)


async def take(db: Connection, subject: Subject, case: CaseId) -> Row | None:
    """One case, locked against other changes until this transaction has ended."""
    row = await inside(db).fetchrow(_TAKE, subject, case)
    return None if row is None else _row(row)


async def of_subject(db: Pool | Connection, subject: Subject) -> list[Row]:
    """Every case of one subject, the newest first."""
    return [_row(row) for row in await db.fetch(_OF, subject)]


async def referred(db: Pool | Connection, authority: str, after: str, most: int) -> list[Row]:
    """Cases that wait for a human at one authority, in the order of their numbers, from behind one of them."""
    return [_row(row) for row in await db.fetch(_REFERRED, authority, after, most)]


async def referred_one(db: Pool | Connection, authority: str, number: str) -> Row | None:
    """The one of a number, if it waits."""
    row = await db.fetchrow(_REFERRED_ONE, authority, number)
    return None if row is None else _row(row)


async def save(db: Connection, row: Row) -> None:
    """Write what can change of a case that was taken in this transaction."""
    case = row.case
    stopped, resumed = _stops(case.course)
    await inside(db).execute(
        _SAVE,
        case.subject,
        case.id,
        case.state.value,
        stopped,
        resumed,
        case.course.ended,
        to_ms(case.changed_at),
        case.released,
        case.evidence,
        row.sealed,
    )


async def release(db: Pool, subject: Subject, case: CaseId) -> None:
    """Note that the grants of a withdrawn case were ended."""
    await db.execute(_RELEASED, subject, case)


async def unfinished(
    db: Pool, after: tuple[Subject, CaseId], most: int, changed_by: datetime
) -> list[tuple[Subject, CaseId]]:
    """Cases that are decided and not closed, or withdrawn and their grants not ended, since that instant or longer, in
    the order of their keys."""
    found = await db.fetch(_UNFINISHED, *after, most, to_ms(changed_by))
    return [(Subject(row[0]), CaseId(row[1])) for row in found]


def _stops(course: Course) -> tuple[list[date], list[date]]:
    return [stop.begun for stop in course.stops], [stop.ended for stop in course.stops if stop.ended is not None]


def _row(row: Record) -> Row:
    stopped, resumed = row["stopped_on"], row["resumed_on"]
    ends = [*resumed, None][: len(stopped)]
    case = Case(
        subject=Subject(row["subject_id"]),
        id=CaseId(row["case_id"]),
        number=row["number"],
        client=row["client"],
        item=row["item"],
        item_version=row["item_version"],
        edition=row["edition"],
        authority=row["authority_id"],
        plugin=row["plugin"],
        grants=tuple(GrantId(grant) for grant in row["grant_ids"]),
        state=State(row["state"]),
        course=Course(
            accepted=row["accepted_on"],
            stops=tuple(Stop(begun, ended) for begun, ended in zip(stopped, ends, strict=True)),
            ended=row["ended_on"],
        ),
        filed_at=from_ms(row["filed_at"]),
        changed_at=from_ms(row["changed_at"]),
        released=row["released"],
        filed_evidence=EvidenceId(row["filed_evidence_id"]),
        evidence=EvidenceId(row["evidence_id"]),
        content=None,
    )
    return Row(case, row["content"])
