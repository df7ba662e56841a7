"""Which adapter stands behind which port, in which order they open and close. The only place that chooses."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

import dspace_backend
from dspace_backend.login.opening import Login, open_login
from dspace_core import Text
from dspace_core.calendar import WorkingCalendar, legal_day
from dspace_core.cases import Closure, Intake, Means
from dspace_core.catalog import STARTER, Catalogue
from dspace_core.catalog.search import Indexes
from dspace_core.confine.crew import Crew
from dspace_core.confine.process import executed
from dspace_core.evidence import tables
from dspace_core.evidence.coalesced import Coalesced
from dspace_core.evidence.keyring import Keyring
from dspace_core.gate import Gate, Lease, durably
from dspace_core.gate.lease import STALE
from dspace_core.gate.refusals import EvidenceStale
from dspace_core.grants import use_key
from dspace_core.identity import IdentityBook
from dspace_core.machine import Settings, keys
from dspace_core.machine.addresses import Role, Store, database, redis
from dspace_core.machine.authorities import address
from dspace_core.machine.home import Home
from dspace_core.machine.places import Places
from dspace_core.scenario import installed
from dspace_core.sources import AUTHORITIES, DataSource, LaterSource, SqlSource, open_sql_source
from dspace_core.stores import Ephemeral, Pool, ValkeyEphemeral, check_clocks, open_pool, transaction

_log = logging.getLogger("dspace.web")
_TELL_SECONDS = 1.0
_CLOSE_SECONDS = 5.0
_CLOSE_AFTER = timedelta(seconds=15)
"""How long a person who has just tapped can still take it all back before the case ends its grants by itself."""
_SESSIONS = 16
"""Sessions of the main cluster for requests and lanes; the lease has two of its own."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes are given."""

    settings: Settings
    main: Pool
    keys: Pool
    ephemeral: Ephemeral
    keyring: Keyring
    book: IdentityBook
    catalogue: Callable[[], Catalogue]
    searches: Indexes = msgspec.field(default_factory=Indexes)
    """What the catalogue's editions are searched by."""
    calendar: WorkingCalendar
    gate: Gate
    intake: Intake
    closure: Closure
    log: Path
    """The notary's level files, from which proofs are made."""
    version: str
    login: Login

    async def check(self) -> None:
        """Raise the refusal of whatever does not answer."""
        await asyncio.gather(
            check_clocks(self.main), check_clocks(self.keys), check_numbering(self.main), self.ephemeral.check()
        )

    def edition_today(self) -> int:
        """The number of the edition in force. Raises EditionUnknown."""
        return self.catalogue().on(legal_day(self.keyring.clock())).number


async def check_numbering(main: Pool) -> None:
    """Raise EvidenceStale when what was recorded waits for its number for more than 60 s: the notary stands still."""
    async with transaction(main, read_only=True) as db:
        if await tables.oldest_waits(db) > STALE:
            raise EvidenceStale(seconds=STALE // timedelta(seconds=1))


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """Open everything a `web` process needs; close it in the opposite order."""
    home = Home(settings)
    async with AsyncExitStack() as opened:
        main, lease_pool, keys_pool = await _pools(opened, settings, home)
        ephemeral = await opened.enter_async_context(await ValkeyEphemeral.open(redis(settings, home)))
        provider = keys.provider(settings, home)
        keyring = Keyring(keys_pool, provider, _now)
        catalogue = Catalogue.from_file(STARTER)
        refusals = await opened.enter_async_context(_telling(home, main, keyring))
        lease = await opened.enter_async_context(Lease(lease_pool, ephemeral))
        gate = Gate(
            main,
            lease,
            keyring,
            catalogue=lambda: catalogue,
            sources=_sources(opened, home),
            refusals=refusals,
            use_key=use_key(provider),
            ephemeral=ephemeral,
        )
        await opened.enter_async_context(gate)
        calendar = WorkingCalendar.load()
        means = Means(
            db=main,
            keyring=keyring,
            catalogue=lambda: catalogue,
            calendar=calendar,
            contacts=_CONTACTS,
            gate=gate,
            lease=lease,
            plugins=await opened.enter_async_context(_crew()),
        )
        book = IdentityBook(main, keyring, provider)
        login = await opened.enter_async_context(
            open_login(
                settings,
                home,
                main,
                ephemeral,
                subject_of=book.subject_of,
                staff_key=provider.derive("staff", provider.key_ids[-1]),
            )
        )
        closure = await opened.enter_async_context(_closing(Closure(means)))
        yield Parts(
            settings=settings,
            main=main,
            keys=keys_pool,
            ephemeral=ephemeral,
            keyring=keyring,
            book=book,
            catalogue=lambda: catalogue,
            calendar=calendar,
            gate=gate,
            intake=Intake(means),
            closure=closure,
            log=Places.of(settings, home).levels,
            version=dspace_backend.__version__,
            login=login,
        )


_CONTACTS: Mapping[str, Text] = {"human_resources": Text("12333", "12333")}
"""How people reach an authority: the national hotline of human resources and social security."""


def _now() -> datetime:
    return datetime.now(UTC)


async def _pools(opened: AsyncExitStack, settings: Settings, home: Home) -> list[Pool]:
    """Of the main cluster for requests, of the same for the lease, of the keys."""
    main, key_store = (database(settings, home, store, Role.APP) for store in Store)
    wanted = ((main, _SESSIONS), (main, 2), (key_store, 4))
    return [
        await opened.enter_async_context(await open_pool(at.url, password=at.password, size=size))
        for at, size in wanted
    ]


def _sources(opened: AsyncExitStack, home: Home) -> dict[str, DataSource]:
    """The made authorities of a development home, each entered when it is first asked."""
    found: dict[str, DataSource] = {}
    for authority in AUTHORITIES:
        source = LaterSource(authority, _entering(home, authority))
        opened.push_async_callback(source.close)
        found[authority] = source
    return found


def _entering(home: Home, authority: str) -> Callable[[], Awaitable[SqlSource]]:
    async def enter() -> SqlSource:
        at = address(home, authority)
        return await open_sql_source(authority, at.url, password=at.password, setting=f"source {authority}")

    return enter


@asynccontextmanager
async def _crew() -> AsyncIterator[Crew]:
    """A worker for each plugin that is installed beside us."""
    stock = installed()
    for no in stock.refused:
        _log.warning("%s", no)
    crew = Crew({plugin: executed(Path(sys.executable)) for plugin in stock.plugins})
    try:
        await crew.start()
        yield crew
    finally:
        await crew.close()


@asynccontextmanager
async def _closing(closure: Closure) -> AsyncIterator[Closure]:
    """Decided cases are closed, and their grants ended, a little after their filing was answered."""

    async def close() -> None:
        while True:
            await asyncio.sleep(_CLOSE_SECONDS)
            try:
                await closure.finish_waiting(_CLOSE_AFTER)
            except Exception as error:  # noqa: BLE001  (they wait for the next time)
                _log.warning("cases could not be closed (%s)", type(error).__name__)

    closing = asyncio.create_task(close())
    try:
        yield closure
    finally:
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)


@asynccontextmanager
async def _telling(home: Home, main: Pool, keyring: Keyring) -> AsyncIterator[Coalesced]:
    """The refusals of this process; their counts are told each second, and when the process ends."""
    refusals = Coalesced(durably(main, keyring), home.path / "refusals", keyring.clock)
    await refusals.start()

    async def tell() -> None:
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            try:
                await refusals.tell()
            except Exception as error:  # noqa: BLE001  (it is owed, and told with the next call)
                _log.warning("counts of refusals could not be recorded (%s)", type(error).__name__)

    telling = asyncio.create_task(tell())
    try:
        yield refusals
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await refusals.tell(ending=True)
