"""The embedded servers of a home, together: two PostgreSQL clusters and Valkey, each only where no URL was given."""

import os
from collections.abc import Callable, Iterator

from dspace_core.machine import programs
from dspace_core.machine.addresses import Store, external
from dspace_core.machine.children import nap
from dspace_core.machine.home import Home
from dspace_core.machine.postgres import Cluster
from dspace_core.machine.refusals import ServerFailed
from dspace_core.machine.settings import Settings
from dspace_core.machine.valkey import Valkey

_USERS = ("main", "keys", "valkey")


class Servers:
    """What `dspace up` owns. A fallen one ends everything: `check` raises."""

    def __init__(self, settings: Settings, home: Home) -> None:
        stores = [store for store in Store if external(settings, store) is None]
        names = [*(store.value for store in stores), *([] if settings.redis_url else ["valkey"])]
        # Each server has a user of its own, and always the same: one that is taken over cannot read another's files.
        users = {name: settings.uid_base + _USERS.index(name) if os.geteuid() == 0 else None for name in names}
        home.prepare(users)
        self.clusters = {
            store: Cluster(store.value, home, programs.postgres(settings, home), users[store.value]) for store in stores
        }
        self.valkey = None if settings.redis_url else Valkey(home, programs.valkey(home), users["valkey"])

    def begin(self) -> None:
        """Begin what takes longest, in the background: new clusters."""
        for cluster in self.clusters.values():
            cluster.begin()

    def start(self, pause: Callable[[], None] = nap) -> None:
        """Start all; return when all answer. `pause` is called while waiting; what it raises ends the wait."""
        if self.valkey is not None:
            self.valkey.start(pause=pause)  # first: `web` waits until its memory is a second old (tokens.settled)
        for cluster in self.clusters.values():
            cluster.start(pause=pause)

    def check(self) -> None:
        """Raise ServerFailed when one has fallen."""
        for server in self._each():
            if server.process is not None and server.process.poll() is not None:
                name = f"PostgreSQL ({server.name})" if isinstance(server, Cluster) else "Valkey"
                raise ServerFailed(server=name, log=server.log)

    def pids(self) -> dict[str, int]:
        """The process ids, by name."""
        named = {(server.name if isinstance(server, Cluster) else "valkey"): server.process for server in self._each()}
        return {name: process.pid for name, process in named.items() if process is not None}

    def stop(self) -> None:
        """End all, each by its own clean way."""
        for server in self._each():
            server.stop()

    def _each(self) -> Iterator[Cluster | Valkey]:
        if self.valkey is not None:
            yield self.valkey
        yield from self.clusters.values()
