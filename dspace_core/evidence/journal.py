"""A file of lines that only grows, each behind its CRC-32 and on the disk before the append returns.

It lies on another volume than the databases, because it must not go back in time together with them. A torn last line
was never acted upon and is cut off by the next append.
"""

import binascii
import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from dspace_core.evidence.ledger_refusals import JournalDamaged

_CHUNK = 1 << 20
_SUM_CHARACTERS = 8


class Journal:
    """One process's view of the file; any number of processes may append, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._count = 0

    @contextlib.contextmanager
    def held(self) -> Iterator["Held"]:
        """The file while nobody else has it, with the news in it. Refuses with `JournalDamaged`."""
        fresh = not self._path.exists()
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if fresh:
                _sync_folder(self._path.parent)
            yield Held(self._read(file), lambda line: self._append(file, line))
        finally:
            os.close(file)

    def _read(self, file: int) -> tuple[bytes, ...]:
        *whole, torn = _rest(file, self._at).split(b"\n")
        lines = []
        for place, line in enumerate(whole, start=1):
            text = _checked(line)
            if text is None:
                if place == len(whole) and not torn:  # a torn end can look like a whole line: the disk has its length
                    break
                raise JournalDamaged(file=self._path.name, line=self._count + 1)
            lines.append(text)
            self._at += len(line) + 1
            self._count += 1
        return tuple(lines)

    def _append(self, file: int, line: bytes) -> None:
        written = b"%08x %s\n" % (binascii.crc32(line), line)
        os.ftruncate(file, self._at)
        os.lseek(file, self._at, os.SEEK_SET)
        while written:
            written = written[os.write(file, written) :]
        os.fsync(file)
        self._at = os.lseek(file, 0, os.SEEK_CUR)
        self._count += 1


class Held:
    """The file under its lock."""

    def __init__(self, news: tuple[bytes, ...], append: Callable[[bytes], None]) -> None:
        self.news = news
        """The lines that were appended since this process last looked."""
        self.append = append
        """Put one line, without a newline in it, behind all others; it is on the disk when this returns."""


def _rest(file: int, start: int) -> bytes:
    held = []
    while chunk := os.pread(file, _CHUNK, start):
        held.append(chunk)
        start += len(chunk)
    return b"".join(held)


def _checked(line: bytes) -> bytes | None:
    text = line[_SUM_CHARACTERS + 1 :]
    return text if line[: _SUM_CHARACTERS + 1] == b"%08x " % binascii.crc32(text) else None


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
