"""`dspace up`: the one process on top. It owns the servers, keeps the residents, and ends all of them, whatever is killed.

Everything that starts a child happens here, in the main thread (the leash is bound to it). There is no other thread:
the loop sleeps until a signal rings, looks at its children, and goes back to sleep.
"""

import asyncio
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import msgspec

from dspace_core.errors import Refusal
from dspace_core.machine import addresses, schema
from dspace_core.machine.home import Home, write_whole
from dspace_core.machine.refusals import PortTaken, ServerFailed
from dspace_core.machine.residents import Keeper, Resident
from dspace_core.machine.servers import Servers
from dspace_core.machine.settings import Settings

_log = logging.getLogger("dspace.machine")
_TICK = 0.1
_STOP_WITHIN = 5.0
_FALLS_BEFORE_READY = 3
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Asked(BaseException):
    """A signal asked us to end."""


class State(msgspec.Struct, frozen=True):
    """What `dspace status` shows; true only while the owner's lock is held by `pid`."""

    pid: int
    url: str
    servers: dict[str, int]
    residents: dict[str, int]


def up(settings: Settings, *, with_parent: bool = False) -> int:
    """Run until asked to end (0) or until an embedded server falls (raises ServerFailed).

    `with_parent` ends everything when the process that started us is gone: what `make run` wants.
    Raises the refusals of `machine.refusals`; whatever was started has ended by then.
    """
    parent = os.getppid()
    home = Home(settings)
    with _signals_end_us(), suppress(_Asked):
        servers = Servers(settings, home)
        home.own()
        home.state.unlink(missing_ok=True)  # a killed predecessor's
        keepers = [Keeper(resident) for resident in _residents(settings)]
        try:
            with _port_reserved(settings.port):
                _start(settings, home, servers, keepers)
                _say(f"dspace ready http://127.0.0.1:{settings.port}")
                while not (with_parent and os.getppid() != parent):
                    _look(home, settings, servers, keepers)
                _log.error("the process that started us is gone; ending")
        finally:
            with _signals_ignored():
                _stop(home, servers, keepers)
    return 0


def _residents(settings: Settings) -> list[Resident]:
    web = [Resident(f"web-{number}", "dspace_backend.web") for number in range(settings.web)]
    return [*web, *(Resident(name, "dspace_core.machine.resident", (name,)) for name in ("notary", "clock"))]


def _start(settings: Settings, home: Home, servers: Servers, keepers: list[Keeper]) -> None:
    """Everything at once: residents import while clusters are made; they go on when the schema stands."""
    for store in addresses.Store:
        for role in addresses.Role:
            addresses.database(settings, home, store, role)  # each password exists before anybody asks for it
    servers.begin()
    for keeper in keepers:
        keeper.start()
    servers.start()
    asyncio.run(schema.prepare(settings, home))
    for keeper in keepers:
        keeper.go()
    while not all(keeper.ready for keeper in keepers):
        _look(home, settings, servers, keepers)
        for keeper in keepers:
            if not keeper.ever_ready and keeper.falls >= _FALLS_BEFORE_READY:
                raise ServerFailed(server=keeper.resident.name, log=home.log(keeper.resident.name))


def _look(home: Home, settings: Settings, servers: Servers, keepers: list[Keeper]) -> None:
    """Sleep until something rings or a tick is over; then see what became of every child."""
    lines = [keeper.line for keeper in keepers if keeper.line is not None and not keeper.ready]
    select.select(lines, [], [], _TICK)
    servers.check()
    before = [keeper.process and keeper.process.pid for keeper in keepers]
    for keeper in keepers:
        keeper.look()
    if before != [keeper.process and keeper.process.pid for keeper in keepers] or not home.state.exists():
        _write_state(home, settings, servers, keepers)


def _write_state(home: Home, settings: Settings, servers: Servers, keepers: list[Keeper]) -> None:
    residents = {keeper.resident.name: keeper.process.pid for keeper in keepers if keeper.process is not None}
    state = State(os.getpid(), f"http://127.0.0.1:{settings.port}", servers.pids(), residents)
    write_whole(home.state, msgspec.json.encode(state))


def _stop(home: Home, servers: Servers, keepers: list[Keeper]) -> None:
    for keeper in keepers:
        keeper.ask_to_end()
    deadline = time.monotonic() + _STOP_WITHIN
    for keeper in keepers:
        keeper.end(max(0.0, deadline - time.monotonic()))
    servers.stop()
    home.state.unlink(missing_ok=True)


@contextmanager
def _port_reserved(port: int) -> Iterator[None]:
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
            time.sleep(0.02)
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", port))
        yield


@contextmanager
def _signals_end_us() -> Iterator[None]:
    def asked(number: int, _frame: FrameType | None) -> None:
        for signal_number in _SIGNALS:
            signal.signal(signal_number, signal.SIG_IGN)
        raise _Asked(number)

    before = {number: signal.signal(number, asked) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _signals_ignored() -> Iterator[None]:
    """An end, once begun, is carried out: it takes seconds, and half an end would leave work for the next start."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    yield


def _say(line: str) -> None:
    """Print a line; a reader who has gone away is no reason to fall."""
    with suppress(OSError):
        print(line, flush=True)


def explain(refusal: Refusal) -> None:
    """Tell an operator, in both languages, what stands in the way and what to do."""
    with suppress(OSError):
        for text in (refusal.title, refusal.advice):
            print(f"dspace: {text.zh}", f"dspace: {text.en}", sep="\n", file=sys.stderr, flush=True)
