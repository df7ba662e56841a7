"""The ephemeral store on a real server: once is once, counters count, announcements arrive."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from dspace_core.stores import Ephemeral, ValkeyEphemeral
from dspace_core.stores.refusals import EphemeralUnavailable, IssuedBeforeStart

HOUR = timedelta(hours=1)
ISSUED = datetime.now(UTC) + HOUR
"""Later than any start of the server."""


@pytest.fixture(scope="module")
async def store(valkey_url: str) -> AsyncIterator[ValkeyEphemeral]:
    async with await ValkeyEphemeral.open(valkey_url) as opened:
        yield opened


@pytest.fixture(scope="module")
async def neighbour(valkey_url: str) -> AsyncIterator[ValkeyEphemeral]:
    """Another process's connection to the same server."""
    async with await ValkeyEphemeral.open(valkey_url) as opened:
        yield opened


@pytest.fixture(scope="module")
async def raw(valkey_url: str) -> AsyncIterator[Redis]:
    """The server without our adapter."""
    async with Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


async def name_of(raw: Redis, key: str) -> bytes:
    (name,) = [name async for name in raw.scan_iter(f"dspace:*:{key}")]
    return bytes(name)


async def left_ms(raw: Redis, key: str) -> int:
    return int(await raw.pttl(await name_of(raw, key)))


def test_the_adapter_fits_the_port(store: ValkeyEphemeral) -> None:
    port: Ephemeral = store
    assert port is store


async def test_the_second_time_is_not_the_first(store: ValkeyEphemeral, key: str) -> None:
    assert await store.first_time(key, HOUR, ISSUED)
    assert not await store.first_time(key, HOUR, ISSUED)


async def test_one_of_many_racers_is_first(store: ValkeyEphemeral, neighbour: ValkeyEphemeral, key: str) -> None:
    racers = [one.first_time(key, HOUR, ISSUED) for one in (store, neighbour) for _ in range(50)]
    assert sum(await asyncio.gather(*racers)) == 1


async def test_a_guard_lives_as_long_as_asked(store: ValkeyEphemeral, raw: Redis, key: str) -> None:
    await store.first_time(key, HOUR, ISSUED)
    assert 0 < await left_ms(raw, key) <= 3_600_000


async def test_what_was_issued_before_the_server_began_is_refused(store: ValkeyEphemeral, key: str) -> None:
    with pytest.raises(IssuedBeforeStart) as refused:
        await store.first_time(key, HOUR, datetime(2026, 1, 1, tzinfo=UTC))
    assert refused.value.code == "ephemeral.issued_before_start"
    assert await store.first_time(key, HOUR, ISSUED)  # the refusal did not use the key up


async def test_a_value_is_taken_once(store: ValkeyEphemeral, neighbour: ValkeyEphemeral, key: str) -> None:
    assert await store.keep_once(key, b"\x00value\xff", HOUR)
    takers = [one.take(key) for one in (store, neighbour) for _ in range(20)]
    taken = await asyncio.gather(*takers)
    assert sorted(taken, key=bool) == [None] * 39 + [b"\x00value\xff"]


async def test_a_key_in_use_keeps_its_value(store: ValkeyEphemeral, key: str) -> None:
    assert await store.keep_once(key, b"first", HOUR)
    assert not await store.keep_once(key, b"second", HOUR)
    assert await store.take(key) == b"first"


async def test_the_largest_value_comes_back_whole(store: ValkeyEphemeral, key: str) -> None:
    await store.keep_once(key, b"v" * 65_536, HOUR)
    assert await store.take(key) == b"v" * 65_536


async def test_a_counter_counts_every_one(store: ValkeyEphemeral, neighbour: ValkeyEphemeral, key: str) -> None:
    counts = [one.count(key, HOUR) for one in (store, neighbour) for _ in range(25)]
    assert sorted(await asyncio.gather(*counts)) == list(range(1, 51))


async def test_a_window_is_not_prolonged_by_counting(store: ValkeyEphemeral, raw: Redis, key: str) -> None:
    await store.count(key, timedelta(minutes=1))
    await store.count(key, HOUR)
    assert 0 < await left_ms(raw, key) <= 60_000


async def test_the_kinds_do_not_share_keys(store: ValkeyEphemeral, key: str) -> None:
    assert await store.keep_once(key, b"v", HOUR)
    assert await store.count(key, HOUR) == 1
    assert await store.first_time(key, HOUR, ISSUED)


async def test_an_error_of_the_server_refuses_one_caller_only(store: ValkeyEphemeral, raw: Redis, key: str) -> None:
    await store.keep_once(key, b"v", HOUR)
    name = await name_of(raw, key)
    await raw.delete(name)
    await raw.hset(name, "field", "value")
    broken, fine = await asyncio.gather(store.take(key), store.count(key + "x", HOUR), return_exceptions=True)
    assert isinstance(broken, EphemeralUnavailable)
    assert broken.values == {"reason": "ResponseError"}
    assert fine == 1


async def test_an_error_inside_a_counting_is_no_number(store: ValkeyEphemeral, raw: Redis, key: str) -> None:
    await store.count(key, HOUR)
    await raw.set(await name_of(raw, key), "not a number")
    with pytest.raises(EphemeralUnavailable):
        await store.count(key, HOUR)


async def test_a_cancelled_caller_leaves_the_others_in_step(store: ValkeyEphemeral, key: str) -> None:
    tasks = [asyncio.create_task(store.count(key, HOUR)) for _ in range(9)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    counted = await asyncio.gather(*tasks, return_exceptions=True)
    assert [n for n in counted if isinstance(n, int)] == [1, 2, 3, 4, 6, 7, 8, 9]
    assert await store.count(key, HOUR) == 10


async def test_everybody_who_listens_hears(store: ValkeyEphemeral, neighbour: ValkeyEphemeral, key: str) -> None:
    async with store.listen(key) as here, neighbour.listen(key) as there:
        for payload in (b"one", b"two"):
            await store.announce(key, payload)
        assert [await anext(here), await anext(here)] == [b"one", b"two"]
        assert [await anext(there), await anext(there)] == [b"one", b"two"]


async def test_a_closed_store_refuses(valkey_url: str, key: str) -> None:
    store = await ValkeyEphemeral.open(valkey_url)
    await store.close()
    with pytest.raises(EphemeralUnavailable) as refused:
        await store.take(key)
    assert refused.value.values == {"reason": "closed"}
