"""The audit itself: every invariant in turn, on one connection, in the snapshot that the caller opened."""

from collections.abc import Sequence

import msgspec

from dspace_core.audit.chains import broken_chains
from dspace_core.audit.invariants import CHAINS, RELEASED, RELEASES, SEARCHES, STOPS, Invariant, Search, held
from dspace_core.audit.receipts import Receipts, Released
from dspace_core.errors import Text
from dspace_core.evidence.keyring import Keyring
from dspace_core.stores import BrokenWriteError, Connection

MOST_ROWS = 20
"""So many offenders of an invariant are named; the rest are counted."""
_CHUNK = 10_000
_SECONDS = 3600.0
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
_NO_TABLES = Text("此库尚无所需的表", "the tables it speaks of are not in this database")
_NO_KEYS = Text("此处没有密钥", "the keys are not here")
_NO_RECEIPTS = Text("未提供回执文件 (--receipts)", "no file of receipts was given (--receipts)")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one invariant: of how many rows it speaks and how many break it; or why it was not looked at."""

    invariant: Invariant
    checked: int = 0
    broken: int = 0
    rows: tuple[str, ...] = ()
    """The first offenders, each a kind and an id."""
    unchecked: Text | None = None


class Report(msgspec.Struct, frozen=True):
    """What an audit found."""

    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing that was looked at is broken."""
        return not any(finding.broken for finding in self.findings)


async def audit(db: Connection, *, keyring: Keyring | None = None, receipts: Receipts | None = None) -> Report:
    """Check every invariant; what cannot be checked without keys or receipts is reported as that.

    `db` is in a transaction of REPEATABLE READ: an entry moves from waiting to numbered at any time, and between two
    statements it would be found in both places or in none. Receipts are read before that transaction begins, so that the
    evidence of whatever they hold is in it. Raises BrokenWriteError in any other transaction.
    """
    if await db.fetchval("SHOW transaction_isolation") != "repeatable read":
        raise BrokenWriteError("an audit reads one moment, in a transaction of REPEATABLE READ")
    tables = frozenset(row[0] for row in await db.fetch(_TABLES))
    findings = [await _search(db, search, tables) for search in (held(tables), *SEARCHES)]
    findings.append(await _chains(db, keyring))
    findings.append(await _releases(db, receipts))
    findings.append(_stops(receipts))
    return Report(tuple(findings))


async def _search(db: Connection, search: Search, tables: frozenset[str]) -> Finding:
    if not tables.issuperset(search.needs):
        return Finding(invariant=search.invariant, unchecked=_NO_TABLES)
    rows: list[str] = []
    for statement in search.broken:
        rows += [row[0] for row in await db.fetch(statement, timeout=_SECONDS)]
    return _finding(search.invariant, await db.fetchval(search.counted, timeout=_SECONDS), rows)


async def _chains(db: Connection, keyring: Keyring | None) -> Finding:
    if keyring is None:
        return Finding(invariant=CHAINS, unchecked=_NO_KEYS)
    return _finding(CHAINS, *await broken_chains(db, keyring, _SECONDS))


async def _releases(db: Connection, receipts: Receipts | None) -> Finding:
    if receipts is None:
        return Finding(invariant=RELEASES, unchecked=_NO_RECEIPTS)
    rows: list[str] = []
    for start in range(0, len(receipts.released), _CHUNK):
        chunk = receipts.released[start : start + _CHUNK]
        rows += [row[0] for row in await db.fetch(RELEASED, *_columns(chunk), timeout=_SECONDS)]
    return _finding(RELEASES, len(receipts.released), rows)


def _stops(receipts: Receipts | None) -> Finding:
    if receipts is None:
        return Finding(invariant=STOPS, unchecked=_NO_RECEIPTS)
    return _finding(STOPS, len(receipts.stopped), [f"use {one.use}" for one in receipts.late()])


def _columns(released: Sequence[Released]) -> tuple[list[object], ...]:
    columns = ("subject", "use", "grant", "evidence")
    return tuple([getattr(one, column) for one in released] for column in columns)


def _finding(invariant: Invariant, checked: int, rows: Sequence[str]) -> Finding:
    return Finding(invariant=invariant, checked=checked, broken=len(rows), rows=tuple(rows[:MOST_ROWS]))
