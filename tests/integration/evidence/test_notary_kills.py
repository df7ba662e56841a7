"""A notary killed at any moment loses nothing, numbers nothing twice, and never signs what is not committed."""

import asyncio
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

from dspace_core.evidence import Draft, LevelReader, export, verify_log
from dspace_core.evidence.opening import log_folder
from dspace_core.evidence.pending import attest_all
from dspace_core.evidence.trail import prove, read_page
from dspace_core.evidence.verify import verify_bundle
from dspace_core.stores import transaction
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.values import Subject, random_id

KILLS = 20
Drafts = Callable[..., Draft]


async def started(ledger: ScratchLedger) -> Process:
    script = Path(__file__).with_name("notary_process.py")
    arguments = [str(ledger.main.folder), ledger.main.name, ledger.keys.name, str(ledger.place)]
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), *arguments, stdout=PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_twenty_kills_leave_every_entry_exactly_once_in_a_log_that_verifies(
    ledger: ScratchLedger, app: Session, clerk: Session, draft: Drafts, tmp_path: Path
) -> None:
    subjects = [Subject(random_id()) for _ in range(8)]
    acts: list[Draft] = []
    draw = random.Random(20)  # noqa: S311  (moments and sizes, the same in every run)

    async def offer(until: asyncio.Event) -> None:
        while not until.is_set():
            batch = [draft(draw.choice(subjects)) for _ in range(draw.randint(1, 40))]
            async with transaction(app.db) as db:
                await attest_all(db, batch, app.keyring)
            acts.extend(batch)
            await asyncio.sleep(0.002)

    for _ in range(KILLS):
        process = await started(ledger)
        ended = asyncio.Event()
        offering = asyncio.create_task(offer(ended))
        await asyncio.sleep(draw.uniform(0, 0.15))  # not to wait for anything: a moment that nobody chose
        process.send_signal(signal.SIGKILL)
        ended.set()
        await offering
        await process.wait()
    async with clerk.notary() as notary:
        while await notary.step():
            pass
        assert notary.note is not None
        with LevelReader(log_folder(ledger.place / "logs", 0)) as reader:
            export(reader, notary.note, [ledger.vkey()], tmp_path / "export")
    assert verify_log(tmp_path / "export", [ledger.vkey()]).size == len(acts)
    entries = await app.db.fetch("SELECT evidence_id FROM evidence")
    assert sorted(row[0].hex for row in entries) == sorted(act.meta.entry.hex for act in acts)
    for subject in subjects:
        page = await read_page(app.db, app.keyring, subject, most=len(acts))
        assert page.gap_free is not None
        assert page.gap_free.to + 1 == len(page.lines) == sum(act.who.subject == subject for act in acts)
    last = acts[-1]
    assert last.who.subject is not None
    shown = await prove(app.db, app.keyring, ledger.place / "logs", last.who.subject, last.meta.entry)
    assert verify_bundle(shown, [ledger.vkey()]).checkpoint.size == len(acts)
