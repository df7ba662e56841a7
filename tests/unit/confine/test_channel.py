"""Releases: checked immediately before the system call, stamped after it, and never half-read."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from dspace_core.confine import wire
from dspace_core.confine.channel import Channel
from dspace_core.confine.refusals import ReleaseAborted

SMALL = wire.frame(1, wire.Dropped())
LARGE = bytes(8 << 20)


class Withdrawn(Exception):  # noqa: N818  (the gate's refusals are answers)
    pass


class End:
    """A channel, and the bare socket of its peer."""

    def __init__(self) -> None:
        ours, self.peer = socket.socketpair()
        ours.setblocking(False)
        self.peer.setblocking(False)
        self.sock = ours
        self.ended = 0
        self.cuts: list[wire.Cut] = []
        self.channel = Channel(ours, wire.TO_HOST_LIMIT, self.cuts.extend, self._end)

    def _end(self) -> None:
        self.ended += 1

    async def read(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            chunk = await asyncio.get_running_loop().sock_recv(self.peer, size - len(got))
            if not chunk:
                break
            got += chunk
        return got


def allow() -> None:
    pass


def deny() -> None:
    raise Withdrawn


def once_then_deny() -> Iterator[None]:
    yield
    raise Withdrawn


@pytest.fixture
async def end() -> AsyncIterator[End]:
    made = End()
    yield made
    made.channel.close()
    made.peer.close()


async def test_a_release_is_out_and_stamped_when_it_returns(end: End) -> None:
    before = time.monotonic_ns()
    stamp = await end.channel.release(SMALL, allow, 0.2)
    assert before <= stamp <= time.monotonic_ns()
    assert end.peer.recv(1000) == SMALL


async def test_the_stamp_is_not_later_than_what_the_peer_could_read_first(end: End) -> None:
    """The stamp is taken after the send, so it never claims an earlier release than there was."""
    seen: list[int] = []
    stamp = await end.channel.release(SMALL, lambda: seen.append(time.monotonic_ns()), 0.2)
    assert seen[-1] <= stamp


async def test_a_check_that_refuses_lets_no_byte_out(end: End) -> None:
    with pytest.raises(Withdrawn):
        await end.channel.release(SMALL, deny, 0.2)
    with pytest.raises(BlockingIOError):
        end.peer.recv(1)
    assert not end.ended
    assert await end.channel.release(SMALL, allow, 0.2)


async def test_the_check_is_asked_again_when_a_release_had_to_wait(end: End) -> None:
    """A grant may be withdrawn while the wire is full; the frame behind must not go."""
    end.channel.post(LARGE)
    permitted = True

    def check() -> None:
        if not permitted:
            raise Withdrawn

    waiting = asyncio.ensure_future(end.channel.release(SMALL, check, 60))
    await asyncio.sleep(0)
    permitted = False
    assert await end.read(len(LARGE)) == LARGE
    with pytest.raises(Withdrawn):
        await waiting
    end.channel.post(SMALL)
    assert await end.read(len(SMALL)) == SMALL


async def test_a_release_cut_short_by_its_check_ends_the_wire(end: End) -> None:
    rounds = once_then_deny()
    waiting = asyncio.ensure_future(end.channel.release(LARGE, lambda: next(rounds), 60))
    await asyncio.sleep(0)
    got = await end.read(len(LARGE))
    assert len(got) < len(LARGE)
    with pytest.raises(Withdrawn):
        await waiting
    assert end.ended == 1


async def test_a_release_that_waits_too_long_is_aborted_and_never_sent(end: End) -> None:
    end.channel.post(LARGE)
    with pytest.raises(ReleaseAborted) as caught:
        await end.channel.release(SMALL, allow, 0)
    assert caught.value.code == "confine.release_aborted"
    end.channel.post(b"next")
    assert await end.read(len(LARGE) + 4) == LARGE + b"next"


async def test_a_release_whose_caller_is_cancelled_is_not_sent(end: End) -> None:
    end.channel.post(LARGE)
    waiting = asyncio.ensure_future(end.channel.release(SMALL, allow, 60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    end.channel.post(b"next")
    assert await end.read(len(LARGE) + 4) == LARGE + b"next"


async def test_a_release_aborted_in_its_middle_ends_the_wire(end: End) -> None:
    with pytest.raises(ReleaseAborted):
        await end.channel.release(LARGE, allow, 0)
    assert end.ended == 1
    got = await end.read(len(LARGE))
    assert len(got) < len(LARGE)


async def test_frames_keep_their_order_across_posts_and_releases(end: End) -> None:
    end.channel.post(b"1")
    end.channel.post(b"2")
    await end.channel.release(b"3", allow, 0.2)
    end.channel.post(b"4")
    assert await end.read(4) == b"1234"


async def test_the_end_of_the_peer_is_told_once_and_refuses_releases(end: End) -> None:
    end.peer.shutdown(socket.SHUT_RDWR)
    while not end.ended:
        await asyncio.sleep(0)
    with pytest.raises(ReleaseAborted):
        await end.channel.release(SMALL, allow, 0.2)
    end.channel.post(SMALL)
    end.channel.close()
    assert end.ended == 1


async def test_closing_aborts_the_releases_that_wait(end: End) -> None:
    end.channel.post(LARGE)
    waiting = asyncio.ensure_future(end.channel.release(SMALL, allow, 60))
    await asyncio.sleep(0)
    end.channel.close()
    with pytest.raises(ReleaseAborted):
        await waiting
    assert not end.ended
