"""One end of the wire: frames in as they come, frames out in order, and the one place where a release happens.

A release is checked immediately before the system call that hands it over, and stamped immediately after the call
that took its last byte. Nothing is awaited between check and call.
"""

import asyncio
import contextlib
import socket
import time
from collections import deque
from collections.abc import Callable

from dspace_core.confine.refusals import ReleaseAborted
from dspace_core.confine.wire import Cut, FrameReader

_CHUNK = 1 << 16


class _Parcel:
    """Bytes on their way out. With a check it is a release, and somebody waits for its stamp."""

    __slots__ = ("arrival", "check", "left", "started")

    def __init__(self, content: bytes, check: Callable[[], None] | None, arrival: asyncio.Future[int] | None) -> None:
        self.left = bytearray(content)
        self.check = check
        self.arrival = arrival
        self.started = False


class Channel:
    """A connected, non-blocking socket with frames on it. `on_end` is called once, when nothing more can come."""

    def __init__(
        self, sock: socket.socket, limit: int, on_frames: Callable[[list[Cut]], None], on_end: Callable[[], None]
    ) -> None:
        self._sock = sock
        self._reader = FrameReader(limit)
        self._on_frames = on_frames
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._out: deque[_Parcel] = deque()
        self._flushing = False
        self._blocked = False
        self._open = True
        self._loop.add_reader(sock.fileno(), self._readable)

    def post(self, framed: bytes) -> None:
        """Send a frame soon. Frames posted in one turn of the loop share a system call."""
        if not self._open:
            return
        if self._out and self._out[-1].check is None:
            self._out[-1].left += framed
        else:
            self._out.append(_Parcel(framed, None, None))
        if not self._flushing and not self._blocked:
            self._flushing = True
            self._loop.call_soon(self._flush)

    async def release(self, framed: bytes, check: Callable[[], None], within: float) -> int:
        """Send a frame that may only go while `check` does not raise; answer CLOCK_MONOTONIC (ns) after the last byte.

        Raises what `check` raised, and then no byte went out; ReleaseAborted when it was not out after `within`
        seconds or the wire ended. A frame that was cut short ends the wire, so that nothing can be read from the part.
        """
        if not self._open:
            raise ReleaseAborted
        arrival: asyncio.Future[int] = self._loop.create_future()
        parcel = _Parcel(framed, check, arrival)
        self._out.append(parcel)
        if not self._blocked:
            self._pump()
        try:
            if not arrival.done():
                await asyncio.wait((arrival,), timeout=within)
            if arrival.done():  # also when its last byte went out in the turn in which the time was over
                return arrival.result()
            raise ReleaseAborted
        finally:
            self._abandon(parcel)

    def close(self) -> None:
        """Let the wire go. Releases that are not out are aborted. `on_end` is not called."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._sock.fileno())
        if self._blocked:
            self._loop.remove_writer(self._sock.fileno())
        self._sock.close()
        parcels, self._out = self._out, deque()
        for parcel in parcels:
            if parcel.arrival is not None and not parcel.arrival.done():
                parcel.arrival.set_exception(ReleaseAborted())

    def _end(self) -> None:
        if self._open:
            self.close()
            self._on_end()

    def _readable(self) -> None:
        try:
            chunk = self._sock.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._end()
            return
        cuts = self._reader.feed(chunk)
        if cuts:
            self._on_frames(cuts)

    def _flush(self) -> None:
        self._flushing = False
        if not self._blocked:
            self._pump()

    def _writable(self) -> None:
        self._loop.remove_writer(self._sock.fileno())
        self._blocked = False
        self._pump()

    def _pump(self) -> None:
        """Send what there is until the socket takes no more."""
        while self._open and self._out:
            parcel = self._out[0]
            if not self._permitted(parcel):
                continue
            try:
                count = self._sock.send(parcel.left)
            except (BlockingIOError, InterruptedError):
                self._blocked = True
                self._loop.add_writer(self._sock.fileno(), self._writable)
                return
            except OSError:
                self._end()
                return
            stamp = time.monotonic_ns()
            parcel.started = True
            del parcel.left[:count]
            if not parcel.left:
                self._out.popleft()
                if parcel.arrival is not None:
                    parcel.arrival.set_result(stamp)

    def _permitted(self, parcel: _Parcel) -> bool:
        """Ask the check of a release, each time before its bytes are handed over. A refused one leaves the queue."""
        if parcel.check is None:
            return True
        try:
            parcel.check()
        except Exception as no:  # noqa: BLE001  (whatever the check raises belongs to whoever waits for the release)
            if parcel.arrival is not None:
                parcel.arrival.set_exception(no)
            self._abandon(parcel)
            return False
        return True

    def _abandon(self, parcel: _Parcel) -> None:
        """Take a parcel out that shall not go. If a part is out already, the wire ends."""
        if not parcel.left:
            return
        if parcel.started:
            self._end()
            return
        with contextlib.suppress(ValueError):
            self._out.remove(parcel)
