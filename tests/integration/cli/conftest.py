"""A home whose main database is a ledger's own, and the verbs as they are typed there."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from dspace_core.cli.main import main
from dspace_core.evidence import Act, Actor, Draft, Event, Who
from dspace_core.evidence.pending import attest_all
from dspace_core.stores import transaction
from dspace_core.testing.ledger import ORIGIN, ScratchLedger
from dspace_core.values import EvidenceId, Subject, random_id, to_ms


class Office:
    """A ledger under a home: records, numbers and speaks the verbs. Its clock stands still until it is moved."""

    def __init__(self, ledger: ScratchLedger) -> None:
        self.ledger = ledger
        self.now = datetime.now(UTC)
        address = ledger.main.address("app")
        password = quote(address.password or "", safe="")
        self.environment = {
            "DSPACE_MODE": "development",
            "DSPACE_HOME": str(ledger.place / "home"),
            "DSPACE_DATABASE_URL": address.url.replace("@", f":{password}@", 1),
        }

    def record(self, count: int, subjects: int = 7) -> None:
        """Let records wait."""
        people = [Subject(random_id()) for _ in range(subjects)]
        drafts = [
            Draft(
                who=Who(actor=Actor.SUBJECT, subject=people[number % subjects]),
                meta=Event(kind=Act.SUBJECT_ACCESS, entry=EvidenceId(random_id()), act=random_id(), at=to_ms(self.now)),
            )
            for number in range(count)
        ]

        async def add() -> None:
            async with self.ledger.session("app") as app:
                await app.keyring.today()  # a transaction that waits for it too long is ended
                async with transaction(app.db) as db:
                    await attest_all(db, drafts, app.keyring)

        asyncio.run(add())

    def number(self, *rounds: int, files: str = "home/evidence", origin: str = ORIGIN) -> None:
        """Number what waits; then, in each of the rounds, record so many more and number those."""

        async def step() -> None:
            async with (
                self.ledger.session("notary", lambda: self.now) as clerk,
                clerk.notary(files=files, origin=origin) as notary,
            ):
                for count in (0, *rounds):
                    await asyncio.to_thread(self.record, count)
                    while await notary.step():
                        pass

        asyncio.run(step())

    def later(self, seconds: float) -> None:
        """Move the clock."""
        self.now += timedelta(seconds=seconds)

    def sql(self, statement: str) -> None:
        """Change something that no role of ours would."""

        async def change() -> None:
            async with self.ledger.session("migrate") as owner:
                await owner.db.execute(statement)

        asyncio.run(change())


@pytest.fixture
def office(server_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(ScratchLedger.create(server_folder, tmp_path / "ledger"))
    for name, text in made.environment.items():
        monkeypatch.setenv(name, text)
    return made


@pytest.fixture
def dspace(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Exit code, what was said, and the complaints of one verb."""

    def run(*argv: str | Path) -> tuple[int, str, str]:
        code = main([str(each) for each in argv])
        return code, *capsys.readouterr()

    return run
