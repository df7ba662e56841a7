"""An evidence ledger on scratch servers: both databases, root keys, `cas`, level files, and a notary of one's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from dspace_core.crypto import Ed25519Signer, FileKeyProvider, Secret
from dspace_core.evidence import log_vkey
from dspace_core.evidence.heads import Heads
from dspace_core.evidence.keyring import Clock, Keyring
from dspace_core.evidence.notary import Notary
from dspace_core.machine.addresses import Store
from dspace_core.stores import SERVING, Pool, open_pool
from dspace_core.testing.servers import ScratchDatabase

ORIGIN = "dev.log.example/evidence"
_SEED = bytes(range(32))


class Session(msgspec.Struct, frozen=True):
    """One process's way into a ledger, with one role: pools of both clusters and its keys."""

    ledger: "ScratchLedger"
    db: Pool
    provider: FileKeyProvider
    keyring: Keyring

    @asynccontextmanager
    async def notary(self, *, files: str = "logs", origin: str = ORIGIN) -> AsyncIterator[Notary]:
        """A notary with a term of its own. Enter with the role `notary`; `files` is its folder in the ledger's."""
        signer = Ed25519Signer(Secret(_SEED))
        folder = self.ledger.place / files
        notary = await Notary.open(
            self.db, self.keyring, heads=self.ledger.heads(), folder=folder, signer=signer, origin=origin
        )
        try:
            yield notary
        finally:
            notary.close()


class ScratchLedger(msgspec.Struct, frozen=True):
    """The databases by their names, and a folder for everything else. Another process makes the same one from these."""

    main: ScratchDatabase
    keys: ScratchDatabase
    place: Path

    @classmethod
    def create(cls, servers: Path, place: Path) -> "ScratchLedger":
        """A fresh one. Call it outside a running event loop."""
        main = ScratchDatabase.create(servers).migrate()
        keys = ScratchDatabase.create(servers, Store.KEYS).migrate()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        FileKeyProvider.create(place / "root.keys", home=place, production=False)
        return cls(main, keys, place)

    def heads(self) -> Heads:
        """The file of signed heads, as a process that starts sees it."""
        return Heads(self.place / "cas")

    def vkey(self, origin: str = ORIGIN) -> str:
        """The verifier key of the log of that name."""
        return str(log_vkey(origin, Ed25519Signer(Secret(_SEED)).public))

    @asynccontextmanager
    async def session(
        self, role: str, clock: Clock = lambda: datetime.now(UTC), *, size: int = 4
    ) -> AsyncIterator[Session]:
        """Enter with one role: `app`, `notary` or `migrate`, and so many sessions of the main cluster at most."""
        provider = FileKeyProvider.load(self.place / "root.keys", home=self.place, production=False)
        parameters = {} if role == "migrate" else SERVING
        async with (
            await open_pool(
                self.main.url(role), password=self.main.password(role), size=size, session=parameters
            ) as db,
            await open_pool(self.keys.url(role), password=self.keys.password(role), size=4, session=parameters) as keys,
        ):
            yield Session(self, db, provider, Keyring(keys, provider, clock))
