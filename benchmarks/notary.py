"""The notary on real servers: how many entries a second it numbers and signs, and how soon at 2,000 a second."""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from bisect import bisect_left
from datetime import UTC, datetime
from pathlib import Path

from dspace_core.evidence import Act, Actor, Draft, Event, What, Who, Why
from dspace_core.evidence.pending import attest_all
from dspace_core.stores import transaction
from dspace_core.testing import ScratchServers
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.values import Basis, DataLevel, EvidenceId, GrantId, Subject, random_id, to_ms

ENTRIES = 20_000
SUBJECTS = 2_000
RATE = 2_000
SECONDS = 10.0
TICK = 0.005
NOTARY = Path(__file__).parents[1] / "tests/integration/evidence/notary_process.py"


def draft(subject: Subject) -> Draft:
    return Draft(
        who=Who(actor=Actor.PLUGIN, subject=subject, plugin="social-security", authority="gz.hrss"),
        what=What(item="household.record", fields=("birth_date", "district"), level=DataLevel.L3),
        why=Why(basis=Basis.GRANT, grant=GrantId(random_id()), purpose="5a" * 32),
        meta=Event(kind=Act.USE_RELEASED, entry=EvidenceId(random_id()), act=random_id(), at=to_ms(datetime.now(UTC))),
    )


async def record(app: Session, subjects: list[Subject], count: int) -> dict[EvidenceId, float]:
    """Let entries wait in one transaction; answer when each began to be inserted."""
    drafts = [draft(random.choice(subjects)) for _ in range(count)]
    began = time.perf_counter()
    async with transaction(app.db) as db:
        await attest_all(db, drafts, app.keyring)
    return {each.meta.entry: began for each in drafts}


async def throughput(ledger: ScratchLedger, subjects: list[Subject]) -> float:
    """Entries a second, numbered, sealed again and signed, while nothing else runs."""
    async with ledger.session("app") as app, ledger.session("notary") as clerk:
        for _ in range(ENTRIES // 500):
            await record(app, subjects, 500)
        async with clerk.notary() as notary:
            began = time.perf_counter()
            while await notary.step():
                pass
            return ENTRIES / (time.perf_counter() - began)


async def latency(ledger: ScratchLedger, subjects: list[Subject]) -> tuple[float, list[float]]:
    """The rate that was offered; and for each entry the seconds from its insertion to a signed checkpoint over it, as a
    reader sees it."""
    arguments = [str(ledger.main.folder), ledger.main.name, ledger.keys.name, str(ledger.place)]
    process = await asyncio.create_subprocess_exec(sys.executable, str(NOTARY), *arguments, stdout=PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    inserted: dict[EvidenceId, float] = {}
    seen: list[tuple[int, float]] = []
    async with ledger.session("app") as app:

        async def watch() -> None:
            while not seen or seen[-1][0] < RATE * SECONDS:
                size = await app.db.fetchval("SELECT signed_size FROM log_head")
                if not seen or size > seen[-1][0]:
                    seen.append((size, time.perf_counter()))
                await asyncio.sleep(0.002)

        watching = asyncio.create_task(watch())
        began = time.perf_counter()
        for tick in range(int(SECONDS / TICK)):
            inserted |= await record(app, subjects, int(RATE * TICK))
            await asyncio.sleep(max(0.0, began + (tick + 1) * TICK - time.perf_counter()))
        offered = len(inserted) / (time.perf_counter() - began)
        await asyncio.wait_for(watching, 30)
        rows = await app.db.fetch("SELECT evidence_id, position FROM evidence")
    process.kill()
    await process.wait()
    sizes = [size for size, _ in seen]
    found = {EvidenceId(row["evidence_id"]): seen[bisect_left(sizes, row["position"] + 1)][1] for row in rows}
    return offered, [found[entry] - at for entry, at in inserted.items()]


def measure() -> dict[str, float]:
    """Entries a second when there is a queue; milliseconds from insertion to signed at 2,000 a second, p99."""
    servers = ScratchServers()
    servers.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            subjects = [Subject(random_id()) for _ in range(SUBJECTS)]
            fast = ScratchLedger.create(servers.folder, Path(folder) / "fast")
            rate = asyncio.run(throughput(fast, subjects))
            steady = ScratchLedger.create(servers.folder, Path(folder) / "steady")
            offered, waits = asyncio.run(latency(steady, subjects))
    finally:
        servers.stop()
    return {
        "notary_entries_per_second": rate,
        "notary_offered_per_second": offered,
        "notary_signed_p99_ms": 1000 * statistics.quantiles(waits, n=100)[-1],
    }


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:<28} {figure:12.2f}")
