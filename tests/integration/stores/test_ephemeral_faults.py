"""The ephemeral store when the server goes: it fails closed, and what was kept before a restart stays unseen."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from redis.asyncio import Redis

from dspace_core.machine.home import Home
from dspace_core.machine.servers import Servers
from dspace_core.machine.valkey import Valkey
from dspace_core.stores import ValkeyEphemeral
from dspace_core.stores.refusals import EphemeralEvicts, EphemeralRestarted, EphemeralUnavailable, IssuedBeforeStart
from dspace_core.testing.servers import open_folder, settings_for

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    """A Valkey of this module's own, which it may kill. Its file survives a restart."""
    folder = open_folder()
    settings = msgspec.structs.replace(settings_for(folder), database_url="none", keys_database_url="none")
    server = Servers(settings, Home(settings)).valkey
    assert server is not None
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
async def store(server: Valkey) -> AsyncIterator[ValkeyEphemeral]:
    async with await ValkeyEphemeral.open(f"unix://{server.socket}") as opened:
        yield opened


@pytest.fixture
async def raw(server: Valkey) -> AsyncIterator[Redis]:
    """The server without our adapter."""
    async with Redis(unix_socket_path=str(server.socket)) as client:
        yield client


async def hang_up_on_all_others(raw: Redis) -> None:
    await raw.client_kill_filter(_type="normal", skipme=True)
    await raw.client_kill_filter(_type="pubsub", skipme=True)


async def test_a_lost_connection_is_made_anew(store: ValkeyEphemeral, raw: Redis) -> None:
    await store.keep_once("lost", b"v", HOUR)
    await hang_up_on_all_others(raw)
    await raw.ping()  # by its answer the end of the other connection has arrived too
    assert await store.take("lost") == b"v"


async def test_a_connection_lost_while_asked_fails_closed_and_is_not_asked_again(
    store: ValkeyEphemeral, raw: Redis
) -> None:
    await raw.client_pause(60_000, all=False)
    asked = asyncio.create_task(store.count("asked", HOUR))
    while not any(int(client["multi"]) >= 0 for client in await raw.client_list()):
        await asyncio.sleep(0)
    await hang_up_on_all_others(raw)
    with pytest.raises(EphemeralUnavailable) as refused:
        await asked
    assert refused.value.code == "ephemeral.unavailable"
    await raw.client_unpause()
    assert await store.count("asked", HOUR) == 1


async def test_a_listener_hears_that_its_connection_was_lost(store: ValkeyEphemeral, raw: Redis) -> None:
    async with store.listen("events") as messages:
        await hang_up_on_all_others(raw)
        with pytest.raises(EphemeralUnavailable):
            await anext(messages)


async def test_after_a_restart_the_kept_file_is_there_and_nothing_of_it_is_seen(
    server: Valkey, store: ValkeyEphemeral
) -> None:
    issued = datetime.now(UTC) + timedelta(seconds=2)  # after the start of the first run, which is rounded up
    assert await store.first_time("proof", HOUR, issued)
    await store.keep_once("code", b"v", HOUR)
    await store.count("tries", HOUR)
    server.stop()
    with pytest.raises(EphemeralUnavailable):
        await store.take("code")
    server.start()
    with pytest.raises(EphemeralRestarted) as refused:
        await store.take("code")
    assert refused.value.code == "ephemeral.restarted"
    assert await store.take("code") is None
    assert await store.count("tries", HOUR) == 1
    with pytest.raises(IssuedBeforeStart):
        await store.first_time("proof", HOUR, issued - timedelta(seconds=2))
    async with Redis(unix_socket_path=str(server.socket)) as raw:
        assert [name async for name in raw.scan_iter("dspace:*:once:code")]  # the file was read again


async def test_a_store_that_is_not_there_does_not_open(server: Valkey) -> None:
    with pytest.raises(EphemeralUnavailable):
        await ValkeyEphemeral.open(f"unix://{server.socket}.not")


async def test_a_server_that_may_drop_keys_does_not_open(server: Valkey, raw: Redis) -> None:
    await raw.config_set("maxmemory-policy", "volatile-lru")
    with pytest.raises(EphemeralEvicts):
        await ValkeyEphemeral.open(f"unix://{server.socket}")
    await raw.config_set("maxmemory-policy", "noeviction")


async def test_a_silent_server_is_not_waited_for() -> None:
    folder = open_folder()
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(folder / "s"))
        deaf.listen()  # the kernel takes the connection; nobody answers it
        with pytest.raises(EphemeralUnavailable) as refused:
            await ValkeyEphemeral.open(f"unix://{folder / 's'}")
    shutil.rmtree(folder)
    assert refused.value.values == {"reason": "TimeoutError"}
