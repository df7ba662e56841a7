"""`dspace up`: the one process on top. It owns the servers, keeps the residents, and ends all of them, whatever is killed.

The notary goes first: until it has carried out every erasure again, nobody else is let into the databases.
Everything that starts a child happens here, in the main thread (the leash is bound to it). There is no other thread:
the loop sleeps until a signal rings, looks at its children, and goes back to sleep.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NoReturn

import msgspec

from dspace_core.machine import keys, schema
from dspace_core.machine.addresses import Role, Store, database, external
from dspace_core.machine.bell import AskedToEndError, Bell
from dspace_core.machine.errand import Errand
from dspace_core.machine.home import Home, write_whole
from dspace_core.machine.places import Places, open_apart, warn_of_one_volume
from dspace_core.machine.refusals import PortTaken, ResidentFailed
from dspace_core.machine.residents import Keeper, Resident
from dspace_core.machine.servers import Servers
from dspace_core.machine.settings import Mode, Settings

_log = logging.getLogger("dspace.machine")
_TICK = 0.1
_STOP_WITHIN = 5.0
_FALLS_BEFORE_READY = 3
_FIRST = "notary"
_ERRAND_WITHIN = 120.0


class State(msgspec.Struct, frozen=True):
    """What `dspace status` shows; true only while the owner's lock is held by `pid`."""

    pid: int
    url: str
    servers: dict[str, int]
    residents: dict[str, int]


def up(settings: Settings, *, with_parent: int | None = None) -> int:
    """Run until asked to end (0) or until an embedded server falls (raises ServerFailed).

    `with_parent` is the process that started us, as it said itself: when it is gone, everything ends.
    Raises the refusals of `machine.refusals`; whatever was started has ended by then.
    """
    supervisor = _Supervisor(settings, Bell(with_parent))
    try:
        supervisor.run()
    except AskedToEndError:
        return 0
    finally:
        supervisor.stop()


class _Supervisor:
    def __init__(self, settings: Settings, bell: Bell) -> None:
        self._settings = settings
        self._bell = bell
        self._home = Home(settings)
        _refuse_unfit_places(settings, self._home)
        self._home.own()  # before anything in it is touched
        self._servers = Servers(settings, self._home)
        self._home.state.unlink(missing_ok=True)  # a killed predecessor's
        self._keepers = [Keeper(resident) for resident in _residents(settings)]
        self._errand: Errand | None = None

    def run(self) -> NoReturn:
        """Start everything, then watch over it until something raises."""
        with ExitStack() as ports:
            for port in _ports(self._settings):
                ports.enter_context(_port_reserved(port, self._bell))
            self._start()
            _say(f"dspace ready http://127.0.0.1:{self._settings.port}")
            if _wants_authorities(self._settings):
                self._errand = Errand("authorities", "dspace_core.machine.authorities", _ERRAND_WITHIN)
            while True:
                self._look()

    def stop(self) -> None:
        """End the residents in their own way, together; then the servers they rest on."""
        if self._errand is not None:
            self._errand.end()
        for keeper in self._keepers:
            keeper.ask_to_end()
        deadline = time.monotonic() + _STOP_WITHIN
        for keeper in self._keepers:
            keeper.end(max(0.0, deadline - time.monotonic()))
        self._servers.stop()
        self._home.state.unlink(missing_ok=True)

    def _start(self) -> None:
        """Everything at once: residents import while clusters are made; they go on when the schema stands, the notary first."""
        for store in Store:
            for role in Role:
                database(self._settings, self._home, store, role)  # each password exists before anybody asks for it
        if _has_own_provider(self._settings):
            self._home.secret("idp", make=True)
        warn_of_one_volume(self._settings, self._home)
        self._servers.begin()
        for keeper in self._keepers:
            keeper.start()
        self._servers.start(self._bell.pause)
        asyncio.run(schema.prepare(self._settings, self._home))
        first = [keeper for keeper in self._keepers if keeper.resident.name == _FIRST]
        self._let_go(first)
        self._let_go([keeper for keeper in self._keepers if keeper not in first])

    def _let_go(self, keepers: list[Keeper]) -> None:
        for keeper in keepers:
            keeper.go()
        while not all(keeper.ready for keeper in keepers):
            self._look()
            for keeper in self._keepers:
                if not keeper.ever_ready and keeper.falls >= _FALLS_BEFORE_READY:
                    raise ResidentFailed(name=keeper.resident.name)

    def _look(self) -> None:
        """Sleep until a line speaks or a tick is over; then see what became of every child."""
        unready = [keeper.line for keeper in self._keepers if keeper.line is not None and not keeper.ready]
        self._bell.pause(_TICK, unready)
        self._home.check()
        self._servers.check()
        before = self._pids()
        for keeper in self._keepers:
            keeper.look()
        if self._errand is not None:
            self._errand.look()
        if before != self._pids() or not self._home.state.exists():
            state = State(os.getpid(), f"http://127.0.0.1:{self._settings.port}", self._servers.pids(), self._pids())
            write_whole(self._home.state, msgspec.json.encode(state))

    def _pids(self) -> dict[str, int]:
        return {keeper.resident.name: keeper.process.pid for keeper in self._keepers if keeper.process is not None}


def _refuse_unfit_places(settings: Settings, home: Home) -> None:
    """What an operator left out or put wrong in production is said before anything is made."""
    Places.of(settings, home)
    if settings.mode is Mode.PRODUCTION:
        open_apart(settings, home)
        keys.provider(settings, home)


def _wants_authorities(settings: Settings) -> bool:
    """Whether there are made authorities: in development, in the cluster that comes with the home."""
    development = settings.mode is Mode.DEVELOPMENT and external(settings, Store.MAIN) is None
    return development and settings.people > 0


def _residents(settings: Settings) -> list[Resident]:
    web = [Resident(f"web-{number}", "dspace_backend.web") for number in range(settings.web)]
    others = [Resident(name, "dspace_core.machine.resident", (name,)) for name in ("notary", "clock")]
    if _has_own_provider(settings):
        others.append(Resident("devidp", "dspace_backend.devidp"))
    return [*web, *others]


def _has_own_provider(settings: Settings) -> bool:
    """Whether the development identity provider runs: only in development, and where no other was named."""
    return settings.mode is Mode.DEVELOPMENT and settings.login.provider is None


def _ports(settings: Settings) -> list[int]:
    return [settings.port, settings.port + 1] if _has_own_provider(settings) else [settings.port]


@contextmanager
def _port_reserved(port: int, bell: Bell) -> Iterator[None]:
    """Refuse a port on which somebody listens; hold it, not listening, so that it stays ours between restarts.

    The web processes open sockets of their own with SO_REUSEPORT. The first, plain bind finds any listener, also one
    that would have shared the port; a web process of a killed predecessor may need a moment to be gone.
    """
    deadline = time.monotonic() + 1.0
    while True:
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
                probe.listen(1)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise PortTaken(port=port) from None
            bell.pause(0.02)
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", port))
        yield


def _say(line: str) -> None:
    """Print a line; a reader who has gone away is no reason to fall."""
    with suppress(OSError):
        print(line, flush=True)
