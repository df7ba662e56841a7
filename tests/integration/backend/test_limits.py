"""Limits on a real ephemeral store: counted by all processes together, by nobody's name, and never without an answer."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from dspace_backend.limits import LimitExceeded, Limits
from dspace_core.crypto import Secret
from dspace_core.stores import ValkeyEphemeral
from dspace_core.stores.refusals import EphemeralUnavailable
from dspace_core.testing.servers import valkey_url_of

ADDRESSES = iter(f"2001:db8:0:{number:x}::1" for number in range(1, 1000))
"""Of the range for documentation (RFC 3849), each once: the store goes on counting from test to test."""
_OURS = secrets.token_bytes(31)
"""Other processes of this run count in the same store."""


class Watched(ValkeyEphemeral):
    """A store that notes which keys it was given."""

    keys: list[str]

    async def count(self, key: str, window: object) -> int:
        self.keys.append(key)
        return await super().count(key, window)  # type: ignore[arg-type]


@pytest.fixture
async def store(server_folder: Path) -> AsyncIterator[Watched]:
    async with await Watched.open(valkey_url_of(server_folder)) as opened:
        opened.keys = []
        yield opened


def limits(store: ValkeyEphemeral, secret: int = 7) -> Limits:
    return Limits(Secret(bytes([secret]) + _OURS), store, session=5, address=5)


async def test_of_many_calls_at_once_as_many_pass_as_may(store: Watched, server_folder: Path) -> None:
    session = uuid4()
    async with await ValkeyEphemeral.open(valkey_url_of(server_folder)) as another:
        both = (limits(store), limits(another))
        calls = [both[number % 2].count_session(session) for number in range(40)]
        told = await asyncio.gather(*calls, return_exceptions=True)
    assert told.count(None) == 5
    assert sum(isinstance(one, LimitExceeded) for one in told) == 35


async def test_each_session_and_each_address_has_its_own(store: Watched) -> None:
    here = limits(store)
    for _ in range(4):
        await here.count_session(uuid4())
        await here.count_address(next(ADDRESSES))
    first = uuid4()
    for _ in range(5):
        await here.count_session(first)
    with pytest.raises(LimitExceeded) as told:
        await here.count_session(first)
    assert told.value.values == {"most": 5, "retry_after": 60}
    await here.count_session(uuid4())


async def test_a_network_of_the_long_addresses_is_one_caller(store: Watched) -> None:
    here, network = limits(store), next(ADDRESSES).removesuffix("1")
    for last in range(5):
        await here.count_address(f"{network}{last + 1:x}")
    with pytest.raises(LimitExceeded):
        await here.count_address(f"{network}ffff")


async def test_a_short_address_is_the_same_in_a_long_one_and_the_next_is_not(store: Watched) -> None:
    here = limits(store, secret=8)
    for _ in range(5):
        await here.count_address("192.0.2.7")
    with pytest.raises(LimitExceeded):
        await here.count_address("::ffff:192.0.2.7")
    await here.count_address("192.0.2.8")


async def test_who_has_no_address_shares_one_count(store: Watched) -> None:
    here = limits(store, secret=9)
    for address in (None, "", "unix:", "testclient", None):
        await here.count_address(address)
    with pytest.raises(LimitExceeded):
        await here.count_address(None)


async def test_the_store_is_asked_once_and_told_no_name(store: Watched) -> None:
    session, address = UUID(int=77), next(ADDRESSES)
    await limits(store).count_session(session)
    assert len(store.keys) == 1
    await limits(store).count_address(address)
    assert len(store.keys) == 2
    for key in store.keys:
        assert str(session) not in key
        assert session.hex not in key
        assert address not in key


async def test_without_an_answer_nobody_passes(server_folder: Path) -> None:
    store = await ValkeyEphemeral.open(valkey_url_of(server_folder))
    await store.close()
    with pytest.raises(EphemeralUnavailable):
        await limits(store).count_session(uuid4())
