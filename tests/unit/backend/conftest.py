"""What tokens are made and judged with, on a clock that stands still."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dspace_backend.tokens import AccessTokens, Nonces, SigningKeys
from dspace_core.crypto import Secret
from dspace_core.stores.refusals import EphemeralUnavailable, IssuedBeforeStart
from dspace_core.testing.device import Device

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


class Memory:
    """What the guard asks of the ephemeral store, with a beginning that can be moved: the port's contract, no server."""

    def __init__(self) -> None:
        self.began = NOON - timedelta(hours=1)
        self.seen: dict[str, timedelta] = {}
        self.counts: Counter[str] = Counter()
        self.dead = False

    async def first_time(self, key: str, ttl: timedelta, issued_at: datetime) -> bool:
        if self.dead:
            raise EphemeralUnavailable(reason="gone")
        if issued_at < self.began:
            raise IssuedBeforeStart
        if key in self.seen:
            return False
        self.seen[key] = ttl
        return True

    async def check(self) -> None: ...

    async def keep_once(self, key: str, value: bytes, ttl: timedelta) -> bool:
        raise AssertionError

    async def take(self, key: str) -> bytes | None:
        raise AssertionError

    async def count(self, key: str, window: timedelta) -> int:
        if self.dead:
            raise EphemeralUnavailable(reason="gone")
        self.counts[key] += 1
        return self.counts[key]

    async def announce(self, channel: str, payload: bytes) -> None: ...

    def listen(self, channel: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return _silence()


@asynccontextmanager
async def _silence() -> AsyncIterator[AsyncIterator[bytes]]:
    async def nothing() -> AsyncIterator[bytes]:
        for payload in list[bytes]():
            yield payload

    yield nothing()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def nonces() -> Nonces:
    return Nonces(Secret(bytes(range(32))))


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> SigningKeys:
    return SigningKeys.open(tmp_path / "tokens", development=True, clock=clock)


@pytest.fixture
def tokens(keys: SigningKeys) -> AccessTokens:
    return AccessTokens(keys, issuer="http://dev.localhost:8000", audience="http://dev.localhost:8000/v1")
