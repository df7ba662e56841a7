"""Each invariant holds in books that the rooms kept, and fails, alone, for each bug that is planted against it."""

import re
from typing import Any

import msgspec
import pytest

from dspace_core.audit import Receipts, Report, audit
from dspace_core.audit.checking import MOST_ROWS
from dspace_core.audit.invariants import HOLDERS
from dspace_core.crypto import SubjectYear
from dspace_core.evidence import compose, open_entry, unpack
from dspace_core.evidence.key_tables import Generation
from dspace_core.stores import BrokenWriteError, Connection, Isolation, transaction
from dspace_core.testing.ledger import Session
from dspace_core.values import EvidenceId, Subject, random_id

NAMES = ["held", "places", "leaves", "heads", "sequences", "budgets", "cases", "chains", "releases", "stops"]
# The last act of everybody is a look at their own data: no row of another room holds it.
LAST = "(SELECT DISTINCT ON (subject_id) evidence_id FROM evidence ORDER BY subject_id, seq DESC LIMIT 1)"
USED = "(SELECT evidence_id FROM use JOIN evidence_pending USING (evidence_id) LIMIT 1)"
BUDGETED = "(SELECT grant_id FROM grants WHERE uses_left > 0 LIMIT 1)"
PLANTED = {
    "held": {
        "a use whose entry was never written": "UPDATE use SET evidence_id = gen_random_uuid() WHERE use_id = (SELECT use_id FROM use LIMIT 1)",
        "a use with an entry of somebody else": "UPDATE use u SET evidence_id = (SELECT evidence_id FROM evidence e WHERE e.subject_id <> u.subject_id LIMIT 1) WHERE use_id = (SELECT use_id FROM use LIMIT 1)",
        "a waiting entry that got lost": f"DELETE FROM evidence_pending WHERE evidence_id = {USED}",  # noqa: S608
        "a grant whose approval was never recorded": "UPDATE grants SET approved_evidence_id = gen_random_uuid() WHERE grant_id = (SELECT grant_id FROM grants LIMIT 1)",
        "a change of a grant that was never recorded": "UPDATE grants SET evidence_id = gen_random_uuid() WHERE grant_id = (SELECT grant_id FROM grants LIMIT 1)",
    },
    "places": {
        "a numbered entry that waits still": f"INSERT INTO evidence_pending (evidence_id, subject_id, day, sealed) SELECT evidence_id, subject_id, current_date, sealed FROM evidence WHERE evidence_id = {LAST}",  # noqa: S608
        "an id that waits under another subject": f"INSERT INTO evidence_pending (evidence_id, subject_id, day, sealed) SELECT evidence_id, gen_random_uuid(), current_date, sealed FROM evidence WHERE evidence_id = {LAST}",  # noqa: S608
    },
    "leaves": {
        "an entry whose leaf is another's": "UPDATE leaf SET leaf = set_byte(leaf, 50, get_byte(leaf, 50) # 1) WHERE position = 17",
        "a leaf that names another entry": "UPDATE leaf SET evidence_id = gen_random_uuid() WHERE position = 17",
        "two entries at one position": "UPDATE evidence SET position = 17 WHERE position = 18",
        "an entry at a position without a leaf": "UPDATE evidence SET position = 1000000 WHERE position = 17",
        "a leaf without an entry": f"DELETE FROM evidence WHERE evidence_id = {LAST}",  # noqa: S608
        "leaves that changed places": "UPDATE leaf SET leaf = (SELECT leaf FROM leaf AS other WHERE other.log = leaf.log AND other.position = 35 - leaf.position) WHERE position IN (17, 18)",
    },
    "heads": {
        "a head that is ahead": "UPDATE log_head SET size = size + 1",
        "a head that is behind": "UPDATE log_head SET size = size - 1, signed_size = 0",
        "a head without leaves": "INSERT INTO log_head (log, origin, size, frontier, term, frozen) VALUES (7, 'x', 3, '', 1, true)",
        "leaves without a head": "DELETE FROM log_head",
    },
    "sequences": {
        "a number that was left out": f"UPDATE evidence SET seq = seq + 1 WHERE evidence_id = {LAST}",  # noqa: S608
        "a chain that does not begin at 0": "UPDATE evidence SET seq = seq + 1000 WHERE subject_id = (SELECT subject_id FROM evidence LIMIT 1)",
    },
    "budgets": {
        "a decrement that was lost": f"UPDATE grants SET uses_left = uses_left + 1 WHERE grant_id = {BUDGETED}",  # noqa: S608
        "a decrement too many": f"UPDATE grants SET uses_left = uses_left - 1 WHERE grant_id = {BUDGETED}",  # noqa: S608
        "a use that was not entered": f"DELETE FROM use WHERE use_id = (SELECT use_id FROM use WHERE grant_id = {BUDGETED} LIMIT 1)",  # noqa: S608
        "a use of no grant at all": "UPDATE use SET grant_id = gen_random_uuid() WHERE use_id = (SELECT use_id FROM use JOIN grants USING (grant_id) WHERE uses_left IS NULL LIMIT 1)",
    },
}
SECOND_ANSWER = """
    CREATE TEMP TABLE i AS SELECT * FROM idempotency LIMIT 1;
    UPDATE i SET key = sha256('again');
    INSERT INTO idempotency SELECT * FROM i;
"""
# One more case of the person, with an answer of its own; on the grants of the first.
COPY_CASE = """
    CREATE TEMP TABLE c AS SELECT cases.* FROM cases LIMIT 1;
    CREATE TEMP TABLE i AS SELECT idempotency.* FROM idempotency JOIN c USING (subject_id, case_id);
    CREATE TEMP TABLE g AS SELECT grants.* FROM grants JOIN c USING (subject_id, case_id)
      WHERE version = 1 AND uses_left IS NULL LIMIT 1;
    UPDATE c SET case_id = '00000000-0000-4000-8000-000000000001', number = 'another';
    UPDATE i SET case_id = '00000000-0000-4000-8000-000000000001', key = sha256('again');
    INSERT INTO cases SELECT * FROM c;
    INSERT INTO idempotency SELECT * FROM i;
"""
# The same, but on a grant of its own that rests on the first one's notice.
SECOND_CASE = f"""
    {COPY_CASE}
    UPDATE g SET case_id = '00000000-0000-4000-8000-000000000001', grant_id = '00000000-0000-4000-8000-000000000002';
    INSERT INTO grants SELECT * FROM g;
    UPDATE cases SET grant_ids = (SELECT array_agg(grant_id) FROM g) WHERE case_id = (SELECT case_id FROM g);
"""  # noqa: S608
CASES = {
    "held": {
        "a case that was never recorded": "UPDATE cases SET filed_evidence_id = gen_random_uuid() WHERE case_id = (SELECT case_id FROM cases LIMIT 1)",
        "a decision that was never recorded": "UPDATE cases SET evidence_id = gen_random_uuid() WHERE case_id = (SELECT case_id FROM cases LIMIT 1)",
    },
    "cases": {
        "a case filed outside every key": "DELETE FROM idempotency WHERE case_id = (SELECT case_id FROM cases LIMIT 1)",
        "an answer without its case": "DELETE FROM cases WHERE case_id = (SELECT case_id FROM cases LIMIT 1)",
        "one case answered under two keys": SECOND_ANSWER,
        "a second case on the first one's grants": COPY_CASE,
        "two cases on one notice": SECOND_CASE,
    },
}


def broken(report: Report) -> list[str]:
    return [finding.invariant.name for finding in report.findings if finding.broken]


def plants(planted: dict[str, dict[str, str]]) -> list[Any]:
    return [
        pytest.param(name, statement, id=f"{name}: {told}")
        for name, bugs in planted.items()
        for told, statement in bugs.items()
    ]


async def test_books_that_the_rooms_kept_hold_in_every_line(books: Any, auditor: Session) -> None:
    receipts = await books.receipts()
    async with transaction(auditor.db, Isolation.REPEATABLE_READ, read_only=True) as db:
        report = await audit(db, keyring=auditor.keyring, receipts=receipts)
    assert [finding.invariant.name for finding in report.findings] == NAMES
    assert (broken(report), report.holds) == ([], True)
    counted = {finding.invariant.name: finding.checked for finding in report.findings}
    assert counted["places"] > 300
    assert 200 < counted["leaves"] == counted["chains"] < counted["places"]  # some wait
    assert counted["held"] > 200
    assert (counted["heads"], counted["sequences"], counted["budgets"]) == (1, 34, 36)
    assert counted["releases"] == 36 * 6
    assert counted["stops"] > 0
    assert (counted["cases"] == 36) == books.has_cases
    unchecked = [finding.invariant.name for finding in report.findings if finding.unchecked is not None]
    assert unchecked == ([] if books.has_cases else ["cases"])


@pytest.mark.parametrize(("name", "statement"), plants(PLANTED))
async def test_a_planted_bug_fails_its_invariant_and_no_other(
    books: Any, auditor: Session, planter: Connection, name: str, statement: str
) -> None:
    receipts = await books.receipts() if name != "held" and "use " not in statement else None
    await planter.execute(statement)
    report = await audit(planter, keyring=auditor.keyring, receipts=receipts)
    assert broken(report) == [name]
    assert not report.holds
    (finding,) = (finding for finding in report.findings if finding.broken)
    assert all(
        re.fullmatch(r"(use|grant|case|notice|entry) [0-9a-f-]{36}|log \d+|leaf \d+/\d+", row) for row in finding.rows
    )


async def numbered(planter: Connection, auditor: Session, seq: int) -> Any:
    """An entry of a subject at that number, its record and its year's key."""
    row = await planter.fetchrow(
        """
        SELECT subject_id, year, generation, evidence.evidence_id, sealed, leaf, log, position
        FROM evidence JOIN leaf USING (log, position) WHERE seq = $1 LIMIT 1
        """,
        seq,
    )
    assert row is not None
    generation = Generation(SubjectYear(Subject(row["subject_id"]), row["year"]), row["generation"])
    year = (await auditor.keyring.generations({generation}))[generation]
    entry = EvidenceId(row["evidence_id"])
    return row, open_entry(entry, row["sealed"], unpack(row["leaf"]), year.entry(entry)), year


@pytest.mark.parametrize("seq", [1, 3])
async def test_an_entry_that_names_another_one_before_it_breaks_the_chain(
    auditor: Session, planter: Connection, seq: int
) -> None:
    row, record, year = await numbered(planter, auditor, seq)
    forged = msgspec.structs.replace(record, meta=msgspec.structs.replace(record.meta, previous="00" * 32))
    made = compose(forged, year)
    await planter.execute("UPDATE evidence SET sealed = $2 WHERE evidence_id = $1", row["evidence_id"], made.sealed)
    await planter.execute("UPDATE leaf SET leaf = $2 WHERE position = $1", row["position"], made.leaf)
    report = await audit(planter, keyring=auditor.keyring)
    assert broken(report) == ["chains"]
    # Without keys nobody can tell; that is said, and not that it holds.
    blind = await audit(planter)
    assert broken(blind) == []
    (chains,) = (finding for finding in blind.findings if finding.invariant.name == "chains")
    assert chains.unchecked is not None


async def test_entries_that_changed_their_numbers_break_the_chain(auditor: Session, planter: Connection) -> None:
    subject = await planter.fetchval("SELECT subject_id FROM evidence WHERE seq = 3 LIMIT 1")
    for before, after in ((2, 900), (3, 2), (900, 3)):
        await planter.execute("UPDATE evidence SET seq = $3 WHERE subject_id = $1 AND seq = $2", subject, before, after)
    assert broken(await audit(planter, keyring=auditor.keyring)) == ["chains"]


async def test_a_record_that_does_not_open_breaks_the_chain(auditor: Session, planter: Connection) -> None:
    await planter.execute("UPDATE evidence SET sealed = sealed || 'x' WHERE position = 17")
    await planter.execute(
        """
        UPDATE leaf SET leaf = overlay(leaf PLACING sha256(sealed) FROM 43) FROM evidence
        WHERE evidence.log = leaf.log AND evidence.position = leaf.position AND leaf.position = 17
        """
    )
    report = await audit(planter, keyring=auditor.keyring)
    assert broken(report) == ["chains"]


async def test_a_release_that_no_row_answers_for_is_found(books: Any, planter: Connection) -> None:
    receipts = await books.receipts()
    whole = receipts.released[0]
    for spoiled in (
        msgspec.structs.replace(whole, use=random_id()),
        msgspec.structs.replace(whole, subject=random_id()),
        msgspec.structs.replace(whole, evidence=random_id()),
        msgspec.structs.replace(whole, grant=random_id()),
        msgspec.structs.replace(whole, grant=None),
    ):
        told = Receipts((*receipts.released[1:], spoiled))
        report = await audit(planter, receipts=told)
        assert broken(report) == ["releases"]
        assert report.findings[-2].rows == (f"use {spoiled.use}",)


async def test_a_release_whose_use_lost_its_entry_is_found_as_a_release_too(books: Any, planter: Connection) -> None:
    receipts = await books.receipts()
    entry = await planter.fetchval("SELECT evidence_id FROM use JOIN evidence_pending USING (evidence_id) LIMIT 1")
    await planter.execute("DELETE FROM evidence_pending WHERE evidence_id = $1", entry)
    assert broken(await audit(planter, receipts=receipts)) == ["held", "releases"]


async def test_a_release_after_the_stop_was_answered_is_found(books: Any, planter: Connection) -> None:
    receipts = await books.receipts()
    stop = receipts.stopped[0]
    under = [one for one in receipts.released if one.grant == stop.grant]
    at_the_moment = tuple(msgspec.structs.replace(one, at=stop.at) for one in under)
    assert broken(await audit(planter, receipts=Receipts(at_the_moment, receipts.stopped))) == []
    after = tuple(msgspec.structs.replace(one, at=stop.at + 1) for one in under)
    again = msgspec.structs.replace(stop, at=stop.at + 2)  # a retried withdrawal is answered a second time
    for stops in ((stop,), (stop, again), (again, stop)):
        report = await audit(planter, receipts=Receipts(after, stops))
        assert broken(report) == ["stops"]
        assert report.findings[-1].rows == tuple(f"use {one.use}" for one in under)


async def test_without_receipts_nothing_is_said_of_releases(planter: Connection) -> None:
    report = await audit(planter)
    assert [finding.unchecked is None for finding in report.findings][-2:] == [False, False]


async def test_many_offenders_are_counted_and_some_of_them_named(planter: Connection) -> None:
    await planter.execute("UPDATE grants SET uses_total = uses_total + 1 WHERE uses_left IS NOT NULL")
    await planter.execute("UPDATE use SET evidence_id = gen_random_uuid()")
    report = await audit(planter)
    assert broken(report) == ["held", "budgets"]
    assert (report.findings[0].broken, len(report.findings[0].rows)) == (36 * 6, MOST_ROWS)


async def test_an_audit_reads_one_moment_or_nothing(auditor: Session) -> None:
    async with transaction(auditor.db) as db:
        with pytest.raises(BrokenWriteError, match="one moment"):
            await audit(db)


async def test_whatever_holds_an_id_of_evidence_is_audited(planter: Connection) -> None:
    """The evidence's own tables and ids that are minted for later do not count."""
    rows = await planter.fetch(
        """
        SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
          AND column_name LIKE '%evidence_id' AND table_name NOT IN ('evidence', 'evidence_pending', 'leaf', 'idempotency')
        """
    )
    known = {(table, column) for table, (_, columns) in HOLDERS.items() for column in columns}
    assert {tuple(row) for row in rows} <= known


@pytest.mark.parametrize(("name", "statement"), plants(CASES))
async def test_a_case_that_was_filed_wrongly_fails_its_invariant_and_no_other(
    books: Any, planter: Connection, name: str, statement: str
) -> None:
    if not books.has_cases:
        pytest.skip("the table cases is not in this schema yet")
    await planter.execute(statement)
    assert broken(await audit(planter)) == [name]
