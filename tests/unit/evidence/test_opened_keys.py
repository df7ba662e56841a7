"""Opened keys: let go of when their time is over, also by a process that does nothing."""

import asyncio

import pytest

from dspace_core.crypto import Secret, SubjectYear
from dspace_core.evidence.opened_keys import OpenedKeys
from dspace_core.values import Subject, random_id

SCOPE = SubjectYear(Subject(random_id()), 2026)
KEY = Secret.random()


class Hands:
    """The loop's clock, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._loop_time = loop.time
        self.ahead = 0.0
        monkeypatch.setattr(loop, "time", lambda: self._loop_time() + self.ahead)

    async def wait(self, seconds: float) -> None:
        """Let so much time pass, with the loop idle but for its timers."""
        self.ahead += seconds
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.fixture
async def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


async def test_an_idle_process_lets_go_of_what_it_opened(hands: Hands) -> None:
    opened = OpenedKeys(300)
    opened.keep(SCOPE, b"one", KEY)
    await hands.wait(200)
    opened.keep(SCOPE, b"two", KEY)
    assert len(opened) == 2
    await hands.wait(101)
    assert len(opened) == 1
    assert opened.get(SCOPE, b"two") == KEY
    await hands.wait(200)
    assert len(opened) == 0


async def test_a_key_whose_time_is_over_is_not_given_even_before_the_timer(hands: Hands) -> None:
    opened = OpenedKeys(300)
    opened.keep(SCOPE, b"one", KEY)
    assert opened.get(SCOPE, b"one") == KEY
    hands.ahead += 301  # the loop was busy, or the process stopped
    assert opened.get(SCOPE, b"one") is None


async def test_what_was_forgotten_is_gone_and_what_comes_after_has_its_own_time(hands: Hands) -> None:
    opened = OpenedKeys(300)
    opened.keep(SCOPE, b"one", KEY)
    await hands.wait(200)
    opened.forget()
    assert len(opened) == 0
    opened.keep(SCOPE, b"two", KEY)
    await hands.wait(200)
    assert opened.get(SCOPE, b"two") == KEY
    await hands.wait(101)
    assert len(opened) == 0


async def test_a_key_that_is_kept_again_is_as_old_as_the_last_time(hands: Hands) -> None:
    opened = OpenedKeys(300)
    opened.keep(SCOPE, b"one", KEY)
    await hands.wait(200)
    opened.keep(SCOPE, b"one", KEY)
    await hands.wait(200)
    assert opened.get(SCOPE, b"one") == KEY


async def test_they_are_so_many_at_most(hands: Hands) -> None:
    opened = OpenedKeys(300)
    for each in range(65_537):
        opened.keep(SCOPE, each.to_bytes(4, "big"), KEY)
    assert len(opened) == 65_536
    assert opened.get(SCOPE, bytes(4)) is None
