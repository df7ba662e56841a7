"""Opening the log for numbering: a new term, the database held against what was signed, the files brought up to it."""

from pathlib import Path

import msgspec

from dspace_core.evidence import tables
from dspace_core.evidence.heads import Head, Heads
from dspace_core.evidence.ledger_refusals import DatabaseBehind, DatabaseDiverged, HeadsLost
from dspace_core.evidence.levels import BATCH, LevelWriter
from dspace_core.evidence.proof import frontier_at
from dspace_core.evidence.refusals import LeafMalformed, TilesDiffer
from dspace_core.evidence.tables import LogHead
from dspace_core.stores import Pool, transaction


class Opened(msgspec.Struct, frozen=True):
    """A log that its holder may number in, as long as nobody takes a newer term."""

    head: LogHead
    writer: LevelWriter
    folder: Path


def log_folder(folder: Path, log: int) -> Path:
    """Where the level files and the checkpoint of one log are."""
    return folder / f"log.{log}"


async def open_for_numbering(db: Pool, heads: Heads, folder: Path, origin: str) -> Opened:
    """(1) take a new term, opening the log named `origin` where there never was one  (2) the database reaches what was
    signed  (3) the level files hold its leaves  (4) and those are the leaves that were signed.

    Refuses with `DatabaseBehind`, `HeadsLost`, `DatabaseDiverged`, `TilesBusy`; after (2) no term was taken.
    """
    async with transaction(db) as connection:
        last = heads.last()
        head = await tables.take_term(connection)  # 1
        while head is None:
            if last is not None:
                raise DatabaseBehind(size=0, signed=last.size)
            head = await tables.open_log(connection, 0, origin, None) or await tables.take_term(connection)
        signed = _reached(head, heads, last)  # 2
    place = log_folder(folder, head.log)
    writer = await _caught_up(db, head, place)  # 3
    try:
        if signed is not None and frontier_at(writer, signed.size).root().hex() != signed.root:  # 4
            raise DatabaseDiverged(size=signed.size)
    except BaseException:
        writer.close()
        raise
    return Opened(head, writer, place)


def _reached(head: LogHead, heads: Heads, last: Head | None) -> Head | None:
    """The last signed head of this log; none was signed yet: None."""
    signed = heads.of(head.origin)
    if last is not None and last.origin != head.origin and (signed is not None or head.continues != last.digest):
        raise DatabaseBehind(size=head.size, signed=last.size)  # the log in use was frozen, or follows another
    if signed is None and head.signed_size:
        raise HeadsLost
    if signed is not None and head.size < signed.size:
        raise DatabaseBehind(size=head.size, signed=signed.size)
    return signed


async def _caught_up(db: Pool, head: LogHead, folder: Path) -> LevelWriter:
    """The level files with all leaves of the log; files that hold another tree are written anew."""
    try:
        return await _filled(db, head, folder, head.size)
    except TilesDiffer:
        pass
    try:
        return await _filled(db, head, folder, 0)
    except (TilesDiffer, LeafMalformed):
        raise DatabaseDiverged(size=head.size) from None


async def _filled(db: Pool, head: LogHead, folder: Path, kept: int) -> LevelWriter:
    writer = LevelWriter(folder, kept)
    try:
        while (start := writer.frontier.size) < head.size:
            end = min(start + BATCH, head.size)
            leaves = await tables.leaves(db, head.log, start, end)
            if len(leaves) != end - start:
                raise DatabaseDiverged(size=head.size)
            writer.append(leaves)
        writer.confirm(head.frontier.root())
    except BaseException:
        writer.close()
        raise
    return writer
