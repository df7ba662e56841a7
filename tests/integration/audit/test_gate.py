"""What the gate leaves behind passes the audit, and the audit tells when the gate lets through what it should not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic_ns

import msgspec
import pytest

from dspace_core.audit import Receipts, Released, Report, Stopped, audit
from dspace_core.grants import By, Change
from dspace_core.scenario import Use
from dspace_core.stores import Isolation, transaction
from dspace_core.testing.claims import ACCOUNT, IDENTITY, Claim, Sent, claim
from dspace_core.testing.space import ScratchSpace, SpaceProcess
from dspace_core.values import EvidenceId, random_id


class Watched:
    """Two processes of one space, and the stamps of somebody who watches all that they release and stop."""

    def __init__(self, space: ScratchSpace, processes: tuple[SpaceProcess, SpaceProcess]) -> None:
        self.space = space
        self.processes = processes
        self.released: list[Released] = []
        self.stopped: list[Stopped] = []

    async def use(self, number: int, one: Claim, what: Use, hook: str) -> None:
        """Use and, the second time with the same hook, be given it again."""
        process = self.processes[number]
        out = await process.gate.use(one.wants(what, hook=hook), Sent())
        grant = one.grant.id if what is ACCOUNT else None
        if out.redelivered:  # a use under an id that stands, with an entry of its own
            use = [each.use for each in self.released if (each.subject, each.grant) == (one.subject, grant)][-1]
        else:
            use = await process.session.db.fetchval("SELECT use_id FROM use WHERE evidence_id = $1", out.evidence)
        self.released.append(Released(out.evidence, use, one.subject, grant, out.stamp))

    async def withdraw(self, number: int, one: Claim) -> None:
        """Withdraw the grant, and stamp the answer."""
        change = Change(
            subject=one.subject,
            grant=one.grant.id,
            by=By.SUBJECT,
            at=datetime.now(UTC),
            evidence=EvidenceId(random_id()),
            act=random_id(),
        )
        await self.processes[number].gate.withdraw(change)
        self.stopped.append(Stopped(one.subject, one.grant.id, monotonic_ns()))

    async def audited(self, receipts: Receipts) -> Report:
        """What an audit with the keys says of the space."""
        async with (
            self.space.ledger.session("app") as app,
            transaction(app.db, Isolation.REPEATABLE_READ, read_only=True) as db,
        ):
            return await audit(db, keyring=app.keyring, receipts=receipts)


@pytest.fixture
async def watched(server_folder: Path, tmp_path: Path) -> AsyncIterator[Watched]:
    space = await asyncio.to_thread(ScratchSpace.create, server_folder, tmp_path / "space", people=300)
    async with space.process() as first, space.process() as second:
        yield Watched(space, (first, second))


async def test_what_the_gate_did_holds_and_one_stamp_too_late_does_not(watched: Watched) -> None:
    claims = [
        await claim(watched.processes[0], citizen, uses=uses)
        for citizen in watched.space.holders()[:6]
        for uses in (None, 5)
    ]
    for number, one in enumerate(claims):
        for hook in ("prefill", "decide", "decide"):
            await watched.use(number % 2, one, ACCOUNT, hook)
        await watched.use(number % 2, one, IDENTITY, "decide")
        if number % 3 == 0:
            await watched.withdraw(1 - number % 2, one)
    receipts = Receipts(tuple(watched.released), tuple(watched.stopped))
    async with watched.space.ledger.session("notary") as clerk, clerk.notary() as notary:
        while await notary.step():
            pass
        report = await watched.audited(receipts)
    assert [(finding.invariant.name, finding.rows) for finding in report.findings if finding.broken] == []
    counted = {finding.invariant.name: finding.checked for finding in report.findings}
    assert counted["releases"] == len(claims) * 4
    assert counted["stops"] == 4
    assert counted["chains"] == counted["leaves"] > len(claims) * 5
    late = msgspec.structs.replace(receipts.released[0], at=receipts.stopped[0].at + 1)
    spoiled = await watched.audited(Receipts((late, *receipts.released[1:]), receipts.stopped))
    assert [finding.invariant.name for finding in spoiled.findings if finding.broken] == ["stops"]
