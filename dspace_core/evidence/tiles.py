"""Tiles (C2SP tlog-tiles): which there are, how their paths are written, what they hold, and a whole log as files.

A partial tile is never stored: it is a shorter run of the same level file.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from dspace_core.crypto import INTERNATIONAL, Suite
from dspace_core.evidence.checkpoint import Checkpoint, signing_vkey, verify_checkpoint
from dspace_core.evidence.note import VKey
from dspace_core.evidence.proof import TILE_HEIGHT, HashReader, frontier_at
from dspace_core.evidence.refusals import ExportOccupied, TilesDiffer, TileUnknown

TILE_WIDTH = 1 << TILE_HEIGHT
CHECKPOINT = "checkpoint"
"""Where the checkpoint stands beside the tiles."""
VKEY = "vkey"
"""The verifier key, so that a reader can compare it with the one that is trusted; a key that comes along proves nothing."""
_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<thousands>(?:x[0-9]{3}/)*)(?P<last>[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class LogReader(HashReader, Protocol):
    """Where hashes and entries are read."""

    def entries(self, start: int, count: int) -> bytes:
        """`count` entries from number `start`, each behind its length (2 bytes, big-endian)."""
        ...


class Tile(msgspec.Struct, frozen=True):
    """One tile: its level (None for a bundle of entries), its number in the level, how many hashes or entries it holds."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The path under the log's prefix, such as `tile/0/x001/234.p/17`."""
        *leading, last = (f"{self.index // 1000**place % 1000:03}" for place in reversed(range(_groups(self.index))))
        number = "".join(f"x{each}/" for each in leading) + last
        part = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{'entries' if self.level is None else self.level}/{number}{part}"

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """Read a path. Refuses every text that `path` does not write (`TileUnknown`): one tile, one path."""
        found = _PATH.fullmatch(path)
        if found is None:
            raise TileUnknown
        level = None if found["level"] == "entries" else int(found["level"])
        index = int(re.sub("[x/]", "", found["thousands"]) + found["last"])
        tile = cls(level, index, int(found["width"] or TILE_WIDTH))
        if tile.path != path or tile.width > TILE_WIDTH:
            raise TileUnknown
        return tile

    def read(self, reader: LogReader) -> bytes:
        """What the tile holds. Refuses with `TilesBehind` where the log does not reach."""
        start = self.index * TILE_WIDTH
        if self.level is None:
            return reader.entries(start, self.width)
        return reader.hashes(self.level, start, self.width)


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile and every bundle of a tree of that size: the full ones, and at each right edge the partial one."""
    yield from _row(None, size)
    level = 0
    while held := size >> TILE_HEIGHT * level:
        yield from _row(level, held)
        level += 1


def export(
    reader: LogReader, note: bytes, vkeys: Iterable[VKey | str], folder: Path, suite: Suite = INTERNATIONAL
) -> Checkpoint:
    """Write the log of a signed checkpoint, and the key that verifies it, as static files.

    The checkpoint comes last, when all it covers is there.

    Refuses a note that does not verify (`ProofError`), files that are not of its tree (`TilesDiffer`, `TilesBehind`),
    and a folder that holds anything (`ExportOccupied`).
    """
    trusted = tuple(vkeys)
    checkpoint = verify_checkpoint(note, trusted)
    if frontier_at(reader, checkpoint.size, suite).root(suite) != checkpoint.root:
        raise TilesDiffer(size=checkpoint.size)
    empty(folder)
    for tile in tiles_of(checkpoint.size):
        place = folder / tile.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(tile.read(reader))
    (folder / VKEY).write_bytes(vkey_file(signing_vkey(note, trusted)))
    (folder / CHECKPOINT).write_bytes(note)
    return checkpoint


def empty(folder: Path) -> None:
    """Make the folder of an export, or refuse one that holds anything (`ExportOccupied`)."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ExportOccupied


def vkey_file(vkey: VKey) -> bytes:
    """What the file of the key holds: its text, and a newline."""
    return f"{vkey}\n".encode()


def _row(level: int | None, held: int) -> Iterator[Tile]:
    full, rest = divmod(held, TILE_WIDTH)
    for index in range(full):
        yield Tile(level, index)
    if rest:
        yield Tile(level, full, rest)


def _groups(index: int) -> int:
    return (len(str(index)) + 2) // 3
