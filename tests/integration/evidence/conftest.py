"""A fresh ledger for each test, entered as the request path and as the notary; and drafts to record."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dspace_core.evidence import Act, Actor, Draft, Event, What, Who, Why
from dspace_core.testing.ledger import ScratchLedger, Session
from dspace_core.values import Basis, DataLevel, EvidenceId, GrantId, Subject, random_id, to_ms


@pytest.fixture
def ledger(server_folder: Path, tmp_path: Path) -> ScratchLedger:
    return ScratchLedger.create(server_folder, tmp_path / "ledger")


@pytest.fixture
async def app(ledger: ScratchLedger) -> AsyncIterator[Session]:
    async with ledger.session("app") as session:
        yield session


@pytest.fixture
async def clerk(ledger: ScratchLedger) -> AsyncIterator[Session]:
    """The session of whoever numbers."""
    async with ledger.session("notary") as session:
        yield session


@pytest.fixture
def draft() -> Callable[..., Draft]:
    """A use of one subject's record; of the system, where no subject is named."""

    def make(subject: Subject | None = None, at: datetime | None = None) -> Draft:
        return Draft(
            who=Who(actor=Actor.PLUGIN, subject=subject, plugin="social-security", authority="gz.hrss"),
            what=What(item="household.record", fields=("birth_date", "district"), level=DataLevel.L3),
            why=Why(
                basis=Basis.GRANT,
                grant=GrantId(random_id()),
                purpose="25eac914eba37713072f0e75edcfb5e30a0c6db07aaaf2c688984b8846a279de",
            ),
            meta=Event(
                kind=Act.USE_RELEASED,
                entry=EvidenceId(random_id()),
                act=random_id(),
                at=to_ms(at or datetime.now(UTC)),
            ),
        )

    return make
