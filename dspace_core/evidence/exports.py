"""The log of a home as files for strangers: from the notary's own files, or made again from the leaves.

The notary's files are read where they are: they are there at once, and their checkpoint changes at most once a second
(design 12.10). Elsewhere the database is enough: everything but the signature follows from the leaves.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from dspace_core.evidence import tables
from dspace_core.evidence.checkpoint import Checkpoint, verify_checkpoint
from dspace_core.evidence.ledger_refusals import DatabaseDiverged, NothingSigned
from dspace_core.evidence.levels import BATCH, LevelReader, LevelWriter
from dspace_core.evidence.notary import SHOWN
from dspace_core.evidence.note import VKey
from dspace_core.evidence.refusals import TilesDiffer, VKeyUnknown
from dspace_core.evidence.tiles import VKEY, empty, export
from dspace_core.stores import Connection


def newest_log(notary: Path) -> Path | None:
    """The folder of the newest log that has something to show, among those in the notary's folder."""
    logs = {int(place.suffix[1:]): place for place in notary.glob("log.*") if place.suffix[1:].isdecimal()}
    shown = [number for number, place in logs.items() if (place / SHOWN).exists()]
    return logs[max(shown)] if shown else None


def export_files(log: Path, vkeys: Sequence[VKey | str], folder: Path) -> Checkpoint:
    """Export from the files of one log; without `vkeys`, under the key that its notary wrote beside them.

    Refuses as `export` does, and with `VKeyUnknown`.
    """
    with LevelReader(log) as reader:
        return export(reader, (log / SHOWN).read_bytes(), vkeys or _own(log), folder)


async def export_leaves(db: Connection, vkeys: Sequence[VKey | str], folder: Path) -> Checkpoint:
    """Export the newest signed log from the database alone. What is made on the way lies beside `folder`, and goes.

    Refuses as `export` does, and with `NothingSigned`, `VKeyUnknown`, `DatabaseDiverged`.
    """
    head = await tables.signed_head(db)
    if head is None or head.note is None:
        raise NothingSigned
    if not vkeys:
        raise VKeyUnknown
    signed = verify_checkpoint(head.note, vkeys)
    empty(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, LevelWriter(Path(scratch), 0) as writer:
        for start in range(0, signed.size, BATCH):
            writer.append(await tables.leaves(db, head.log, start, min(start + BATCH, signed.size)))
        try:
            writer.confirm(signed.root)
        except TilesDiffer:
            raise DatabaseDiverged(size=signed.size) from None
        return export(writer, head.note, vkeys, folder)


def _own(log: Path) -> tuple[str, ...]:
    try:
        return ((log / VKEY).read_text(encoding="utf-8").strip(),)
    except FileNotFoundError:
        raise VKeyUnknown from None
