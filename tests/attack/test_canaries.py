"""Article 9: personal values are nowhere but in their place. One tap of A3 with a real plugin, and every sink searched.

Canaries are the person's own values at the authorities. Those that nobody was granted may not even reach the plugin;
those that were granted may reach the plugin, and nothing else in clear. There are no metrics yet to be searched.
"""

import asyncio
import logging
import socket
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis

from dspace_core.confine.crew import Crew
from dspace_core.confine.process import Process, Spawn, executed
from dspace_core.errors import Refusal
from dspace_core.evidence import export
from dspace_core.evidence.levels import LevelReader
from dspace_core.evidence.opening import log_folder
from dspace_core.gate.tables import revoke
from dspace_core.scenario import Use
from dspace_core.stores import connect
from dspace_core.testing.canaries import Canaries
from dspace_core.testing.claims import IDENTITY, PLUGIN, Claim, Sent, claim_of
from dspace_core.testing.counter import Counter
from dspace_core.testing.ledger import ScratchLedger
from dspace_core.testing.servers import valkey_url_of
from dspace_core.testing.space import ScratchSpace
from dspace_core.values import random_id

UNGRANTED = ("citizen_id", "address", "birth_date")
GRANTED = ("account_no", "full_name")


class Tap:
    """A worker's process with a listener on its wire: every byte of both directions is kept."""

    def __init__(self, inner: Process, ours: socket.socket, theirs: socket.socket, heard: bytearray) -> None:
        self.sock = ours
        self._inner = inner
        self._theirs = theirs
        self._heard = heard
        self._pumps = [
            asyncio.create_task(self._pump(theirs, inner.sock)),
            asyncio.create_task(self._pump(inner.sock, theirs)),
        ]

    async def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while chunk := await loop.sock_recv(source, 1 << 16):
            self._heard += chunk
            await loop.sock_sendall(sink, chunk)

    def kill(self) -> None:
        self._inner.kill()

    async def wait(self) -> None:
        await self._inner.wait()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        self._theirs.close()
        self._inner.sock.close()


def tapped(spawn: Spawn, heard: bytearray) -> Spawn:
    async def start() -> Process:
        inner = await spawn()
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        return Tap(inner, ours, theirs, heard)

    return start


@asynccontextmanager
async def monitored(url: str) -> AsyncIterator[list[str]]:
    """Every command that the server gets, as it prints it."""
    commands: list[str] = []
    client = Redis.from_url(url)
    async with client.monitor() as monitor:

        async def keep() -> None:
            async for command in monitor.listen():
                commands.append(str(command))  # noqa: PERF401  (kept as they come)

        listening = asyncio.create_task(keep())
        yield commands
        await asyncio.sleep(0.1)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    await client.aclose()


class Kept(logging.Handler):
    """Everything that anybody logs, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    handler, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.setLevel(level)
    root.removeHandler(handler)


class Sinks(msgspec.Struct):
    """What was written anywhere while somebody claimed, looked, was refused and withdrew."""

    frames: bytes
    monitor: bytes
    logs: bytes
    tracebacks: bytes
    tiles: Path
    dumps: bytes
    server_logs: Path
    ledger_files: Path


@pytest.fixture(scope="module")
def space(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ScratchSpace:
    return ScratchSpace.create(server_folder, tmp_path_factory.mktemp("space"))


@pytest.fixture(scope="module")
def values(space: ScratchSpace) -> Mapping[str, str]:
    """What the authorities hold on the person, by field."""
    citizen, tables = space.claimants()[-1], space.registers
    person = next(row for row in tables.table("person").rows if row[0] == citizen)
    household = next(row for row in tables.table("household").rows if row[0] == person[4])
    account = next(row for row in tables.table("account").rows if row[1] == citizen and row[4])
    return {
        "citizen_id": citizen,
        "full_name": str(person[1]),
        "birth_date": str(person[3]),
        "address": str(household[2]),
        "account_no": str(account[0]),
    }


@pytest.fixture
async def sinks(space: ScratchSpace, values: Mapping[str, str], logged: list[str], tmp_path: Path) -> Sinks:
    heard, tracebacks = bytearray(), list[str]()
    async with monitored(valkey_url_of(space.servers)) as commands, space.process() as process:
        crew = Crew({PLUGIN: tapped(executed(Path(sys.executable)), heard)})
        subject = await process.subject(values["citizen_id"])
        try:
            assert await crew.start() == ()
            filed = await Counter(process, subject, crew).file()
        finally:
            await crew.close()
        assert filed.outcome.reasons
        another = await claim_of(process, subject)
        await process.gate.show(subject, random_id(), "population.record", frozenset({"address"}), Sent())
        for wrong in refused(another):
            with pytest.raises((Refusal, RuntimeError)) as no:
                await process.gate.use(another.wants(wrong), failing if wrong is IDENTITY else Sent())
            tracebacks += traceback.format_exception(no.value)
        await Counter(process, subject, crew).withdraw(another.grant)
        await revoke(process.session.db, {process.lease.process})
        while not any("lease was lost" in line for line in logged):
            await asyncio.sleep(0.01)
    tiles = await number(space.ledger, tmp_path / "export")
    return Sinks(
        frames=bytes(heard),
        monitor="\n".join(commands).encode(),
        logs="\n".join(logged).encode(),
        tracebacks="".join(tracebacks).encode(),
        tiles=tiles,
        dumps=await dump(space.ledger),
        server_logs=space.servers / "home" / "logs",
        ledger_files=space.ledger.place,
    )


def refused(claim: Claim) -> list[Use]:
    """Asks that do not end in a release: undeclared, and one whose release breaks with the value in hand."""
    return [Use(item="population.record", fields=frozenset({"address"}), purpose=IDENTITY.purpose), IDENTITY]


async def failing(value: object, before_send: Callable[[], None]) -> int:
    before_send()
    held = dict(value) if isinstance(value, dict) else {}
    raise RuntimeError(f"{len(held)} values could not be sent")


async def number(ledger: ScratchLedger, folder: Path) -> Path:
    """Number and sign what waits, and export the log."""
    async with ledger.session("notary") as session, session.notary() as notary:
        while await notary.step():
            continue
        assert notary.note is not None
        with LevelReader(log_folder(ledger.place / "logs", 0)) as reader:
            export(reader, notary.note, [ledger.vkey()], folder)
    return folder


async def dump(ledger: ScratchLedger) -> bytes:
    """Every row of every table of both clusters, as text and as it is stored."""
    written: list[bytes] = []
    for database in (ledger.main, ledger.keys):
        session = await connect(database.url("migrate"), password=database.password("migrate"))
        names = await session.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in names:
            for row in await session.fetch(f'SELECT * FROM "{name}"'):  # noqa: S608
                written += [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
        await session.close()
    return b"\n".join(written)


async def test_article_9_personal_values_are_in_no_sink(sinks: Sinks, values: Mapping[str, str]) -> None:
    everything = Canaries(dict(values))
    assert everything.found(sinks.monitor) == []
    assert everything.found(sinks.logs) == []
    assert everything.found(sinks.tracebacks) == []
    assert everything.found(sinks.dumps) == []
    assert everything.found_under(sinks.tiles) == []
    assert everything.found_under(sinks.server_logs) == []
    assert everything.found_under(sinks.ledger_files) == []


async def test_article_4_what_was_not_granted_does_not_reach_the_plugin(
    sinks: Sinks, values: Mapping[str, str]
) -> None:
    assert Canaries({name: values[name] for name in UNGRANTED}).found(sinks.frames) == []


async def test_the_search_would_find_them(sinks: Sinks, values: Mapping[str, str]) -> None:
    """What was granted is found where it has to be, and a leak planted in any sink is found there."""
    granted = Canaries({name: values[name] for name in GRANTED})
    assert {one.partition(" ")[0] for one in granted.found(sinks.frames)} == set(GRANTED)
    assert b"stops" in sinks.monitor
    assert b"the lease was lost" in sinks.logs
    assert b"gate.undeclared" in sinks.tracebacks
    assert sum(path.stat().st_size for path in sinks.tiles.rglob("*") if path.is_file()) > 1000
    everything = Canaries(dict(values))
    leak = values["citizen_id"].encode()
    for clean in (sinks.monitor, sinks.logs, sinks.tracebacks, sinks.dumps, sinks.frames):
        assert "citizen_id as hex" in everything.found(clean + leak.hex().encode())
    for folder in (sinks.tiles, sinks.server_logs, sinks.ledger_files):
        planted = folder / "planted"
        planted.write_bytes(b"x" + leak)
        found = everything.found_under(folder)
        planted.unlink()
        assert found == ["planted: citizen_id as raw"]


async def test_a_real_leak_in_the_log_would_be_found(logged: list[str], values: Mapping[str, str]) -> None:
    logging.getLogger("dspace.gate").warning("refused for %s", values["full_name"])
    assert Canaries(dict(values)).found("\n".join(logged).encode()) == ["full_name as raw"]
