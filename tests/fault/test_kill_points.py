"""Kill -9 at every named point of a tap, 20 times each: whoever tries again under the same key ends with one grant, one
count for each use, one case; and the audit finds nothing wrong.
"""

import asyncio
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from dspace_core.audit import audit
from dspace_core.cases import Filing, State, find
from dspace_core.cases.offers import offers_for
from dspace_core.confine.crew import Crew
from dspace_core.confine.process import executed
from dspace_core.evidence import Act
from dspace_core.evidence.pending import open_pending
from dspace_core.evidence.tables import Pending
from dspace_core.grants import NoticeId, issue
from dspace_core.points import Point
from dspace_core.stores import Isolation, transaction
from dspace_core.testing.claims import PLUGIN
from dspace_core.testing.counter import CONTACTS, Counter
from dspace_core.testing.space import CLAIM, ScratchSpace, SpaceProcess
from dspace_core.values import CaseId, EvidenceId, Subject, random_id

TIMES = 20
BUDGET = 5
"""Uses that the grant of each tap allows; the plugin makes two of the account."""
SCRIPT = Path(__file__).with_name("tap_process.py")
Job = tuple[Point, int, Filing | None]


class Launcher:
    """Runs jobs in processes that die."""

    def __init__(self, space: ScratchSpace) -> None:
        self._child = subprocess.Popen(
            [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/"
        )
        self._tell(space)
        assert self._said() == b"ready\n"

    def run(self, jobs: Sequence[Job]) -> list[int]:
        """Run them side by side; answer how each ended: minus the signal, or the exit code."""
        self._tell(list(jobs))
        ended: list[int] = json.loads(self._said())
        return ended

    def close(self) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        self._child.stdout.close()
        self._child.wait(timeout=40)

    def _tell(self, what: object) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(pickle.dumps(what).hex().encode() + b"\n")
        self._child.stdin.flush()

    def _said(self) -> bytes:
        assert self._child.stdout is not None
        return self._child.stdout.readline()


@pytest.fixture(scope="module")
def space(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ScratchSpace:
    return ScratchSpace.create(server_folder, tmp_path_factory.mktemp("space"))


@pytest.fixture(scope="module")
def launcher(space: ScratchSpace) -> Iterator[Launcher]:
    started = Launcher(space)
    yield started
    started.close()


def batched(jobs: Sequence[Job]) -> list[Sequence[Job]]:
    """So many at once as leaves the server sessions for others."""
    return [jobs[start : start + 4] for start in range(0, len(jobs), 4)]


@pytest.fixture(autouse=True)
async def numbered(space: ScratchSpace) -> None:
    """Number what the test before left: what waits for a minute shuts sensitive fields."""
    await number_all(space)


async def number_all(space: ScratchSpace) -> None:
    async with space.ledger.session("notary") as session, session.notary() as notary:
        while await notary.step():
            continue


async def prepared(process: SpaceProcess, subject: Subject) -> Filing:
    """A tap that is ready to be filed, under a grant with a budget."""
    case, edition, now = CaseId(random_id()), process.catalogue.editions[0], datetime.now(UTC)
    offers = [
        msgspec.structs.replace(offer, uses=BUDGET) for offer in offers_for(edition, process.item, case, CONTACTS)
    ]
    async with transaction(process.session.db) as db:
        notice = await issue(db, subject, NoticeId(random_id()), offers, now)
    return Filing(
        client="dev.phone", key=str(case), subject=subject, item=CLAIM, case=case, notice=notice.id, acts=notice.boxes
    )


async def acts_of(process: SpaceProcess, filing: Filing) -> list[Act]:
    """The kinds of what is recorded of a case, in the order of writing."""
    rows = await process.session.db.fetch(
        "SELECT evidence_id, subject_id, day, sealed FROM evidence_pending WHERE subject_id = $1 ORDER BY inserted_at",
        filing.subject,
    )
    key = await process.session.keyring.day(rows[0]["day"])
    drafts = [open_pending(Pending(EvidenceId(row[0]), Subject(row[1]), row[2], row[3]), key) for row in rows]
    return [draft.meta.kind for draft in drafts if draft.next.case == filing.case]


@pytest.mark.parametrize(
    ("point", "most"),
    [
        (Point.GRANT, 1),
        (Point.FETCH, 6),
        (Point.EVIDENCE, 4),
        (Point.LEASE, 6),
        (Point.RELEASE, 6),
        (Point.CASE, 1),
    ],
    ids=lambda value: value.value if isinstance(value, Point) else "",
)
async def test_article_6_whoever_dies_on_the_way_is_followed_by_a_retry_that_ends_with_one_of_each(
    space: ScratchSpace, launcher: Launcher, point: Point, most: int
) -> None:
    """`most`: how often a tap comes to the point at least; each child dies at another of these."""
    async with space.process() as process:
        subjects = [await process.subject(citizen) for citizen in space.claimants()]
        filings = [await prepared(process, subjects[n % len(subjects)]) for n in range(TIMES)]
        jobs: list[Job] = [(point, n % most + 1, filing) for n, filing in enumerate(filings)]
        ended = [code for batch in batched(jobs) for code in await asyncio.to_thread(launcher.run, batch)]
        assert ended == [-9] * TIMES
        crew = Crew({PLUGIN: executed(Path(sys.executable))})
        try:
            assert await crew.start() == ()
            counters = [Counter(process, filing.subject, crew) for filing in filings]
            filed = await asyncio.gather(
                *(one.intake.file(filing) for one, filing in zip(counters, filings, strict=True))
            )
            again = [await one.intake.file(filing) for one, filing in zip(counters, filings, strict=True)]
        finally:
            await crew.close()
        assert again == filed
        for filing in filings:
            await check(process, filing)
    await check_audit(space)


async def check(process: SpaceProcess, filing: Filing) -> None:
    """One grant, one count for each use, one case."""
    db = process.session.db
    case = await find(db, process.session.keyring, filing.subject, filing.case)
    assert case is not None
    assert case.state is State.CLOSED
    (grant,) = await db.fetch(
        "SELECT grant_id, uses_left FROM grants WHERE subject_id = $1 AND case_id = $2", filing.subject, filing.case
    )
    uses = await db.fetchval(
        "SELECT count(*) FROM use WHERE subject_id = $1 AND grant_id = $2", filing.subject, grant["grant_id"]
    )
    assert (uses, grant["uses_left"]) == (2, BUDGET - 2)
    acts = await acts_of(process, filing)
    assert acts.count(Act.GRANT_APPROVED) == acts.count(Act.CASE_FILED) == 1
    assert acts.count(Act.USE_RELEASED) == 2
    assert acts.count(Act.STATUTORY_USE) == 4


async def check_audit(space: ScratchSpace) -> None:
    async with (
        space.ledger.session("app") as session,
        transaction(session.db, Isolation.REPEATABLE_READ, read_only=True) as db,
    ):
        report = await audit(db, keyring=session.keyring)
    assert [finding for finding in report.findings if finding.rows] == []


async def test_a_notary_that_dies_before_its_commit_is_followed_by_one_that_numbers_each_entry_once(
    space: ScratchSpace, launcher: Launcher
) -> None:
    async with space.process() as process:
        (subject, *_) = [await process.subject(citizen) for citizen in space.claimants()]
        for number in range(TIMES):
            if number == TIMES // 2:
                await number_all(space)
            await Counter(process, subject).file()
            assert await asyncio.to_thread(launcher.run, [(Point.NOTARY, 1, None)]) == [-9]
    await number_all(space)
    await check_audit(space)
