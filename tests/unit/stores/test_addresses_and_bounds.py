"""Refusals that need no server: addresses and sizes."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from dspace_core.stores import ValkeyEphemeral, connect, open_pool
from dspace_core.stores.refusals import BadUrl, OutOfBounds
from dspace_core.stores.valkey import Line

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
Ask = Callable[[ValkeyEphemeral], Awaitable[object]]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://role:secret@host/base", "scheme"),
        ("postgresql://host/base", "user"),
        ("postgresql://role:secret@/base", "host"),
        ("postgresql://role:secret@host", "database"),
        ("postgresql://role:secret@host:port/base", "form"),
        ("postgresql://role:secret@[host/base", "form"),
        ("postgresql://role:secret@host/base?sslmode=maybe", "form"),
    ],
)
async def test_a_bad_address_is_refused_by_its_setting_and_never_repeated(url: str, reason: str) -> None:
    for attempt in (
        lambda: open_pool(url, password=None, size=1, setting="DSPACE_X"),
        lambda: connect(url, password=None, setting="DSPACE_X"),
    ):
        with pytest.raises(BadUrl) as refused:
            await attempt()
        assert (refused.value.code, refused.value.values) == (
            "stores.bad_url",
            {"setting": "DSPACE_X", "reason": reason},
        )
        assert "secret" not in f"{refused.value} {refused.value!r}"
        assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "url", ["valkey.example", "http://:secret@host", "redis://:secret@host:port", "redis://h?db=a"]
)
async def test_a_bad_address_of_the_ephemeral_store_is_refused(url: str) -> None:
    with pytest.raises(BadUrl) as refused:
        await ValkeyEphemeral.open(url)
    assert refused.value.values == {"setting": "DSPACE_REDIS_URL", "reason": "form"}
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda store: store.take(""), "key"),
        (lambda store: store.take("k" * 201), "key"),
        (lambda store: store.keep_once("k", b"v" * 65_537, HOUR), "value"),
        (lambda store: store.announce("c", b"v" * 65_537), "value"),
        (lambda store: store.keep_once("k", b"v", timedelta(0)), "life in hours"),
        (lambda store: store.count("k", timedelta(days=3)), "life in hours"),
        (lambda store: store.first_time("k", -HOUR, NOW), "life in hours"),
    ],
)
async def test_what_is_too_large_is_never_sent(ask: Ask, what: str) -> None:
    with pytest.raises(OutOfBounds) as refused:
        await ask(ValkeyEphemeral(Line("unix:///nowhere", "DSPACE_REDIS_URL")))
    assert (refused.value.code, refused.value.values["what"]) == ("ephemeral.out_of_bounds", what)
