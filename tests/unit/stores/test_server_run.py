"""What a server says of its own run."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.stores.refusals import EphemeralEvicts, EphemeralUnavailable
from dspace_core.stores.valkey import run_of


def info(time_us: int, uptime: int, policy: str = "noeviction") -> bytes:
    return (
        "# Server\r\nrun_id:af09\r\n"
        f"uptime_in_seconds:{uptime}\r\nserver_time_usec:{time_us}\r\n\r\n# Memory\r\nmaxmemory_policy:{policy}\r\n"
    ).encode()


@given(started_us=st.integers(10**15, 2 * 10**15), lived_us=st.integers(0, 10**14))
def test_the_start_is_rounded_up_and_by_at_most_a_second(started_us: int, lived_us: int) -> None:
    now_us = started_us + lived_us
    uptime = now_us // 10**6 - started_us // 10**6  # whole seconds of both, as the server counts
    began_us = round(run_of(info(now_us, uptime)).began.timestamp() * 10**6)
    assert started_us < began_us <= started_us + 10**6


def test_the_start_is_an_instant_of_utc() -> None:
    assert run_of(info(1_700_000_010_999_999, 10)).began == datetime.fromtimestamp(1_700_000_001, UTC)


def test_a_server_that_may_drop_keys_is_refused() -> None:
    with pytest.raises(EphemeralEvicts) as refused:
        run_of(info(10**15, 1, "allkeys-lru"))
    assert (refused.value.code, refused.value.values) == ("ephemeral.evicts", {"policy": "allkeys-lru"})


@pytest.mark.parametrize("answer", [b"", b"run_id:af09\r\n", info(10**15, 1).replace(b"uptime", b"up")])
def test_a_server_that_does_not_tell_its_run_is_not_used(answer: bytes) -> None:
    with pytest.raises(EphemeralUnavailable):
        run_of(answer)
