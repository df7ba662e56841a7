"""The log on disk: one file of hashes for each tile level, one of entries. Append only, derived, rebuildable.

The truth is the database: what is here can be thrown away and written again from the leaves. One process writes;
others read what lies below the size of a checkpoint they know, which never changes any more.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from dspace_core.crypto import INTERNATIONAL, Suite
from dspace_core.evidence.leaf import LEAF_BYTES, check_leaf
from dspace_core.evidence.merkle import HASH_BYTES, Frontier, leaf_hash
from dspace_core.evidence.proof import TILE_HEIGHT, fold_complete, frontier_at
from dspace_core.evidence.refusals import TilesBehind, TilesBusy, TilesDiffer

BATCH = 4096
"""At most so many leaves are on their way to the disk at one time; so far back an interrupted write is looked for."""
ENTRY_BYTES = 2 + LEAF_BYTES
_PREFIX = LEAF_BYTES.to_bytes(2, "big")
_ENTRIES = "entries"


def _level(number: int) -> str:
    return f"level.{number}"


class LevelReader:
    """Reads the level files, in any process. A context manager; closing it closes its descriptors."""

    _flags = os.O_RDONLY

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, int] = {}

    def hashes(self, level: int, start: int, count: int) -> bytes:
        """`count` hashes from number `start` of a tile level. Refuses with `TilesBehind` where the file ends before."""
        return self._read(_level(level), HASH_BYTES, start, count)

    def entries(self, start: int, count: int) -> bytes:
        """`count` entries, each behind its length, as an entry bundle holds them. Refuses with `TilesBehind`."""
        return self._read(_ENTRIES, ENTRY_BYTES, start, count)

    def leaves(self, start: int, count: int) -> list[bytes]:
        """The packed leaves themselves."""
        held = self.entries(start, count)
        return [held[at + len(_PREFIX) : at + ENTRY_BYTES] for at in range(0, len(held), ENTRY_BYTES)]

    def close(self) -> None:
        """Close every file; reading opens them again."""
        while self._files:
            os.close(self._files.popitem()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, name: str, width: int, start: int, count: int) -> bytes:
        try:
            held = os.pread(self._open(name), count * width, start * width)
        except FileNotFoundError:
            held = b""
        if len(held) != count * width:
            raise TilesBehind(needed=start + count)
        return held

    def _open(self, name: str) -> int:
        if name not in self._files:
            self._files[name] = os.open(self._folder / name, self._flags, 0o644)
        return self._files[name]


class LevelWriter(LevelReader):
    """Writes the level files; one at a time, held by a lock on the folder. A context manager."""

    _flags = os.O_RDWR | os.O_CREAT

    def __init__(self, folder: Path, size: int, suite: Suite = INTERNATIONAL) -> None:
        """Open the files and bring them to a whole tree of at most `size` leaves, the last that is known.

        What was torn by a crash is cut off; afterwards `frontier.size` may be less than `size`: append the leaves from
        there on, then `confirm` the root. Size 0 begins anew. Refuses with `TilesBusy`.
        """
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._suite = suite
        with contextlib.ExitStack() as opened:
            opened.callback(self.close)
            try:
                fcntl.flock(self._open("lock"), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TilesBusy from None
            held = self._sound(min(size, self._length(_ENTRIES, ENTRY_BYTES), self._length(_level(0), HASH_BYTES)))
            os.ftruncate(self._open(_ENTRIES), held * ENTRY_BYTES)
            os.ftruncate(self._open(_level(0)), held * HASH_BYTES)
            self._raise_levels(held)
            self.frontier = frontier_at(self, held, suite)
            opened.pop_all()

    def append(self, leaves: Sequence[bytes]) -> Frontier:
        """Add packed leaves; they are on the disk when this returns the new frontier.

        Refuses bytes that are no leaf of this tree's suite, and then writes nothing. Any other failure leaves the
        frontier where the last durable batch ended, and the same append can be repeated from there.
        """
        for leaf in leaves:
            self._suite.admit(check_leaf(leaf))
        for start in range(0, len(leaves), BATCH):
            self._append(leaves[start : start + BATCH])
        return self.frontier

    def confirm(self, root: bytes) -> None:
        """Refuse (`TilesDiffer`) unless the files hold the tree of that root."""
        if self.frontier.root(self._suite) != root:
            raise TilesDiffer(size=self.frontier.size)

    def _append(self, leaves: Sequence[bytes]) -> None:
        size = self.frontier.size
        growth = self.frontier.append([leaf_hash(leaf, self._suite) for leaf in leaves], self._suite)
        self._write(_ENTRIES, size * ENTRY_BYTES, b"".join(_PREFIX + leaf for leaf in leaves))
        touched = [_ENTRIES]
        for level, nodes in enumerate(growth.completed[::TILE_HEIGHT]):
            if nodes:
                self._write(_level(level), (size >> TILE_HEIGHT * level) * HASH_BYTES, b"".join(nodes))
                touched.append(_level(level))
        for name in touched:
            os.fdatasync(self._open(name))
        self.frontier = growth.frontier

    def _open(self, name: str) -> int:
        fresh = name not in self._files and not (self._folder / name).exists()
        opened = super()._open(name)
        if fresh:  # a file is only there after a crash if its folder says so
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return opened

    def _write(self, name: str, at: int, held: bytes) -> None:
        file = self._open(name)
        while held:
            written = os.pwrite(file, held, at)
            at, held = at + written, held[written:]

    def _length(self, name: str, width: int) -> int:
        return os.fstat(self._open(name)).st_size // width

    def _sound(self, size: int) -> int:
        """Up to where entries and hashes agree. Only the last batch can have reached the disk in part."""
        start = max(0, size - BATCH)
        held = self.hashes(0, start, size - start)
        for at, leaf in enumerate(self.leaves(start, size - start)):
            if leaf_hash(leaf, self._suite) != held[at * HASH_BYTES : (at + 1) * HASH_BYTES]:
                return start + at
        return size

    def _raise_levels(self, size: int) -> None:
        """Write again, from the level below, every upper hash that the last batch could have touched."""
        for level in self._upper_levels(size):
            width = TILE_HEIGHT * level
            kept = min(self._length(_level(level), HASH_BYTES), max(0, size - BATCH) >> width)
            os.ftruncate(self._open(_level(level)), kept * HASH_BYTES)
            fresh = [self._tile(level - 1, index) for index in range(kept, size >> width)]
            self._write(_level(level), kept * HASH_BYTES, b"".join(fresh))
            os.fdatasync(self._open(_level(level)))

    def _upper_levels(self, size: int) -> Iterator[int]:
        for level in count(1):
            if not size >> TILE_HEIGHT * level and not (self._folder / _level(level)).exists():
                return
            yield level

    def _tile(self, level: int, index: int) -> bytes:
        """The root over one full tile of a level: a hash of the level above."""
        return fold_complete(self.hashes(level, index << TILE_HEIGHT, 1 << TILE_HEIGHT), self._suite)
