"""Real servers for tests: the same code that `dspace up` runs, in a folder that goes away."""

import asyncio
import secrets
import shutil
import tempfile
from pathlib import Path

import msgspec

from dspace_core.machine import Mode, Settings, schema
from dspace_core.machine.addresses import Address, Role, Store, embedded_url, redis
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import Cluster
from dspace_core.machine.servers import Servers
from dspace_core.machine.valkey import Valkey

_ROLES = {"migrate": Role.MIGRATE, "app": Role.APP, "notary": Role.NOTARY}


def settings_for(folder: Path, port: int = 8000) -> Settings:
    """Settings of a deployment that lives wholly in one folder."""
    return Settings(
        mode=Mode.DEVELOPMENT,
        home=folder / "home",
        runtime=folder / "run",
        port=port,
        web=1,
        database_url=None,
        keys_database_url=None,
        redis_url=None,
        postgres_bin=None,
        uid_base=59700,
        key_file=None,
        apart=None,
        log_origin=None,
        keys_backup_days=None,
    )


def open_folder() -> Path:
    """A fresh folder that, as root, the servers' own users can reach."""
    folder = Path(tempfile.mkdtemp(prefix="dspace-"))
    folder.chmod(0o711)
    return folder


class ScratchServers:
    """Two PostgreSQL clusters and a Valkey in a fresh folder. Start and stop from the main thread."""

    def __init__(self) -> None:
        self.folder = open_folder()
        self._servers = Servers(settings_for(self.folder), Home(settings_for(self.folder)))

    @property
    def clusters(self) -> dict[Store, Cluster]:
        """The PostgreSQL clusters, for tests that stop and start one."""
        return self._servers.clusters

    @property
    def valkey(self) -> Valkey | None:
        """The Valkey, for tests that stop and start it."""
        return self._servers.valkey

    def start(self) -> None:
        """Start all; nothing is left behind when one does not."""
        try:
            self._servers.begin()
            self._servers.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all and remove the folder."""
        self._servers.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class ScratchDatabase(msgspec.Struct, frozen=True):
    """One database of its own in a scratch cluster. Roles are named `migrate`, `app` and `notary`."""

    folder: Path
    store: Store
    name: str

    @classmethod
    def create(cls, folder: Path, store: Store = Store.MAIN) -> "ScratchDatabase":
        """Make a fresh one, with the roles and no table. Call it outside a running event loop."""
        name = f"t_{secrets.token_hex(6)}"
        asyncio.run(schema.create_database(Home(settings_for(folder)), store, name))
        return cls(folder, store, name)

    def migrate(self) -> "ScratchDatabase":
        """Bring it up to the schema of this version."""
        asyncio.run(schema.bring_up(self.address("migrate"), self.store))
        return self

    def address(self, role: str) -> Address:
        """Where one role enters."""
        return Address(self.url(role), self.password(role))

    def url(self, role: str) -> str:
        """The URL for one role, without its password."""
        return embedded_url(Home(settings_for(self.folder)), self.store, _ROLES[role].value, self.name)

    def password(self, role: str) -> str:
        """The password of one role."""
        return Home(settings_for(self.folder)).secret(f"{self.store.value}/{_ROLES[role].value}", make=False)


def valkey_url_of(folder: Path) -> str:
    """The URL of the Valkey of a scratch folder."""
    settings = settings_for(folder)
    return redis(settings, Home(settings))
