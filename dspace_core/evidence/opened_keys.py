"""What unwrapping gave, for a while: it spares the unwrapping, never the question whether a key still lives."""

import asyncio

from dspace_core.crypto import Scope, Secret

_MOST = 65_536


class OpenedKeys:
    """Opened keys by their scope and wrapped bytes, each for so many seconds, also in a process that does nothing.

    Used within one event loop, whose timer lets go of them.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held: dict[tuple[Scope, bytes], tuple[Secret, float]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._held)

    def get(self, scope: Scope, wrapped: bytes) -> Secret | None:
        """The key, unless its time is over."""
        found = self._held.get((scope, wrapped))
        if found is None or asyncio.get_running_loop().time() - found[1] >= self._seconds:
            return None
        return found[0]

    def keep(self, scope: Scope, wrapped: bytes, key: Secret) -> None:
        """Remember a key from now on; the oldest goes where there are too many."""
        loop = asyncio.get_running_loop()
        self._held.pop((scope, wrapped), None)  # its place is by age
        self._held[scope, wrapped] = key, loop.time()
        if len(self._held) > _MOST:
            del self._held[next(iter(self._held))]
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._let_go)

    def forget(self) -> None:
        """Forget all of them at once."""
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _let_go(self) -> None:
        """Drop those whose time is over, and look again when that of the oldest left is."""
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._held:
            oldest = next(iter(self._held))
            left = self._held[oldest][1] + self._seconds - loop.time()
            if left > 0:
                self._timer = loop.call_later(left, self._let_go)
                return
            del self._held[oldest]
