"""The log of a running home: recorded is soon signed, whatever is killed or put back, and nothing opens unsafely."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dspace_core.crypto import SubjectYear
from dspace_core.evidence import Act, Actor, Draft, Event, LevelReader, Who, export, log_vkey, verify_log
from dspace_core.evidence.erasure import Eraser
from dspace_core.evidence.heads import Heads
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.ledger_refusals import EntryErased, TermLost
from dspace_core.evidence.notary import Notary
from dspace_core.evidence.opening import log_folder
from dspace_core.evidence.pending import State, attest_all
from dspace_core.evidence.trail import receipt
from dspace_core.machine import keys
from dspace_core.machine.addresses import Role, Store, database
from dspace_core.machine.places import Places
from dspace_core.stores import Pool, open_pool, transaction
from dspace_core.testing.deployment import Deployment
from dspace_core.values import EvidenceId, Subject, random_id, to_ms

DSPACE = str(Path(sys.executable).with_name("dspace"))


class Entered(msgspec.Struct, frozen=True):
    """A way into the databases of a running home, with one role and its keys."""

    main: Pool
    keyring: Keyring

    async def record(self, subject: Subject, count: int = 1) -> list[Draft]:
        drafts = [draft(subject) for _ in range(count)]
        async with transaction(self.main) as db:
            await attest_all(db, drafts, self.keyring)
        return drafts

    async def signed(self, drafts: list[Draft], within: float) -> None:
        """Wait until each is covered by a signed checkpoint."""
        async with asyncio.timeout(within):
            for one in drafts:
                assert one.who.subject is not None
                while (
                    await receipt(self.main, self.keyring, one.who.subject, one.meta.entry)
                ).state is not State.SIGNED:
                    await asyncio.sleep(0.005)


@asynccontextmanager
async def entered(deployment: Deployment, role: Role = Role.APP) -> AsyncIterator[Entered]:
    settings, home = deployment.settings, deployment.home
    main, of_keys = (database(settings, home, store, role) for store in Store)
    async with (
        await open_pool(main.url, password=main.password, size=4) as main_pool,
        await open_pool(of_keys.url, password=of_keys.password, size=4) as keys_pool,
    ):
        yield Entered(main_pool, Keyring(keys_pool, keys.provider(settings, home), lambda: datetime.now(UTC)))


def draft(subject: Subject) -> Draft:
    return Draft(
        who=Who(actor=Actor.SYSTEM, subject=subject),
        meta=Event(kind=Act.GAP, entry=EvidenceId(random_id()), act=random_id(), at=to_ms(datetime.now(UTC))),
    )


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    deployment = Deployment([DSPACE, "up"], Path.cwd())
    yield deployment
    deployment.close()


def refused(deployment: Deployment) -> str:
    """What `dspace up` says when it ends by itself, with exit code 1 and nothing left."""
    done = subprocess.run(
        [DSPACE, "up"], env=deployment.environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "dspace ready" not in done.stdout
    assert deployment.processes() == {}
    return done.stderr


def test_what_is_recorded_in_a_running_home_is_signed_within_a_second(deployment: Deployment) -> None:
    async def recorded() -> None:
        async with entered(deployment) as app:
            await app.signed(await app.record(Subject(random_id()), 50), within=1.0)

    deployment.start()
    asyncio.run(recorded())
    deployment.interrupt()


def test_a_killed_notary_and_an_end_of_everything_lose_nothing(deployment: Deployment, tmp_path: Path) -> None:
    """Three kills while entries come, then an end at once after the last ones; all stand once, in a log that verifies."""
    subject, drafts = Subject(random_id()), list[Draft]()

    async def recorded(kills: int) -> None:
        async with entered(deployment) as app:
            for _ in range(kills):
                drafts.extend(await app.record(subject, 40))
                before = deployment.state().residents["notary"]
                deployment.kill([before])
                while deployment.state().residents.get("notary", before) == before:
                    drafts.extend(await app.record(subject))
                    await asyncio.sleep(0.01)
            drafts.extend(await app.record(subject, 40))

    async def all_signed() -> None:
        async with entered(deployment) as app:
            await app.signed(drafts, within=20)
            numbered = await app.main.fetch("SELECT evidence_id FROM evidence")
            assert sorted(row[0].hex for row in numbered) == sorted(one.meta.entry.hex for one in drafts)

    deployment.start()
    asyncio.run(recorded(kills=3))
    deployment.interrupt()
    deployment.start()
    asyncio.run(all_signed())
    deployment.interrupt()
    places = Places.of(deployment.settings, deployment.home)
    signer = keys.checkpoint_signer(deployment.home, Heads(places.heads), places.origin)
    vkeys = [log_vkey(places.origin, signer.public)]
    log = log_folder(places.levels, 0)
    with LevelReader(log) as reader:
        export(reader, (log / "checkpoint").read_bytes(), vkeys, tmp_path / "export")
    assert verify_log(tmp_path / "export", vkeys).size == len(drafts)


async def number_on(notary: Notary, app: Entered) -> None:
    while True:
        await app.record(Subject(random_id()))
        await notary.step()


def test_of_two_notaries_the_older_is_fenced_says_so_and_comes_back(deployment: Deployment) -> None:
    async def second() -> None:
        places = Places.of(deployment.settings, deployment.home)
        heads = Heads(places.heads)
        signer = keys.checkpoint_signer(deployment.home, heads, places.origin)
        before = deployment.state().residents["notary"]
        async with entered(deployment, Role.NOTARY) as clerk, entered(deployment) as app:
            other = await Notary.open(
                clerk.main, clerk.keyring, heads=heads, folder=deployment.folder, signer=signer, origin=places.origin
            )
            drafts = await app.record(Subject(random_id()))
            await app.signed(drafts, within=15)
            assert deployment.state().residents["notary"] != before
            with pytest.raises(TermLost):
                await number_on(other, app)
            other.close()

    deployment.start()
    asyncio.run(second())
    assert "dspace notary: [evidence.term_lost]" in deployment.output.read_text()
    deployment.interrupt()


def test_a_key_that_a_restore_brought_back_is_destroyed_before_anything_opens(deployment: Deployment) -> None:
    """Article 9, design 12.7. The restore is of the keys cluster, to before the erasure."""
    subject = Subject(random_id())

    async def erased_and_brought_back() -> Draft:
        owner = database(deployment.settings, deployment.home, Store.KEYS, Role.MIGRATE)
        async with (
            entered(deployment) as app,
            entered(deployment, Role.NOTARY) as clerk,
            await open_pool(owner.url, password=owner.password, size=1, session={}) as owners,
        ):
            (act,) = drafts = await app.record(subject)
            await app.signed(drafts, within=15)
            await owners.execute("CREATE TABLE backup AS TABLE subject_year_key")
            erasures = Places.of(deployment.settings, deployment.home).erasures
            year = datetime.now(UTC).year
            await Eraser(clerk.main, clerk.keyring, erasures, timedelta()).erase(SubjectYear(subject, year))
            with pytest.raises(EntryErased):
                await receipt(app.main, app.keyring, subject, act.meta.entry)
            await owners.execute("TRUNCATE subject_year_key; INSERT INTO subject_year_key TABLE backup")
            await app.signed(drafts, within=1)  # it can be read again
            return act

    async def stays_erased(act: Draft) -> None:
        async with entered(deployment) as app:
            with pytest.raises(EntryErased):
                await receipt(app.main, app.keyring, subject, act.meta.entry)

    deployment.start()
    act = asyncio.run(erased_and_brought_back())
    deployment.interrupt()
    deployment.start()
    asyncio.run(stays_erased(act))
    deployment.interrupt()


def test_where_erasures_cannot_be_repeated_nothing_is_opened(deployment: Deployment) -> None:
    deployment.start()
    deployment.interrupt()
    erasures = Places.of(deployment.settings, deployment.home).erasures
    erasures.write_bytes(b"damaged\nlines\n")
    said = refused(deployment)
    assert "[evidence.journal_damaged]" in said
    assert "machine.resident_failed" in said
    assert "notary" in said
    erasures.write_bytes(b"")
    deployment.start()
    deployment.interrupt()


def test_a_database_put_back_behind_what_was_signed_is_refused_and_signs_no_fork(deployment: Deployment) -> None:
    async def recorded() -> None:
        async with entered(deployment) as app:
            await app.signed(await app.record(Subject(random_id())), within=15)

    data, copy = deployment.settings.home / "main/data", deployment.folder / "copy"
    cas = Places.of(deployment.settings, deployment.home).heads
    deployment.start()
    asyncio.run(recorded())
    deployment.interrupt()
    subprocess.run(["cp", "-a", data, copy], check=True)
    deployment.start()
    asyncio.run(recorded())
    deployment.interrupt()
    data.rename(deployment.folder / "newer")
    copy.rename(data)
    signed = cas.read_bytes()
    said = refused(deployment)
    assert "[evidence.database_behind]" in said
    assert "continue_log" in said
    assert cas.read_bytes() == signed
    data.rename(copy)
    (deployment.folder / "newer").rename(data)
    deployment.start()  # the newer state is as good as it was
    asyncio.run(recorded())
    deployment.interrupt()


def test_where_nothing_newer_is_left_the_log_goes_on_under_a_new_name(deployment: Deployment) -> None:
    """The one command of docs/operations.md: the old log is frozen, the new one begins with its last checkpoint."""

    async def recorded() -> None:
        async with entered(deployment) as app:
            await app.signed(await app.record(Subject(random_id())), within=15)

    def continued(**also: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "dspace_core.machine.continuing"]
        environment = {**deployment.environment, **also}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    deployment.start()
    assert "machine.already_running" in continued().stderr
    asyncio.run(recorded())
    deployment.interrupt()
    assert "evidence.origin_taken" in continued().stderr
    assert continued(DSPACE_LOG_ORIGIN="dev.log.example/second").returncode == 0
    assert deployment.processes() == {}
    said = refused(deployment)
    assert "[machine.log_origin_differs]" in said
    assert "dev.log.example/second" in said
    deployment.also["DSPACE_LOG_ORIGIN"] = "dev.log.example/second"
    deployment.start()
    asyncio.run(recorded())
    deployment.interrupt()
    heads = Heads(Places.of(deployment.settings, deployment.home).heads)
    first, second = (heads.of(name) for name in heads.origins)
    assert first is not None
    assert second is not None
    assert (first.origin, first.size, second.origin, second.size) == (
        "dev.dspace.example/evidence", 1, "dev.log.example/second", 2,
    )  # fmt: skip


def test_a_lost_checkpoint_key_stops_the_notary_alone_until_it_is_put_back(deployment: Deployment) -> None:
    """Nobody else reads it. The notary says each time what is missing, and is brought back with a growing pause."""

    async def recorded() -> None:
        async with entered(deployment) as app:
            await app.signed(await app.record(Subject(random_id())), within=15)

    deployment.start()
    asyncio.run(recorded())
    before = deployment.state().residents
    key = deployment.home.secrets / "checkpoint"
    key.rename(deployment.folder / "checkpoint")
    deployment.kill([before["notary"]])
    deployment.wait_for("[machine.checkpoint_key_lost]")
    after = deployment.state().residents
    assert {name: after[name] for name in ("web-0", "clock")} == {name: before[name] for name in ("web-0", "clock")}
    (deployment.folder / "checkpoint").rename(key)
    asyncio.run(recorded())
    deployment.interrupt()
