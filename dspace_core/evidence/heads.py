"""`cas`: every head that was ever signed, kept apart from the database, so that a restored database cannot fork a log.

A head is compared with the last one and kept, durably, before its checkpoint is shown to anybody.
"""

from pathlib import Path

import msgspec

from dspace_core.crypto import INTERNATIONAL
from dspace_core.evidence.canonical import canonical
from dspace_core.evidence.checkpoint import Checkpoint
from dspace_core.evidence.journal import Held, Journal
from dspace_core.evidence.ledger_refusals import HeadSuperseded


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signed head: its checkpoint, by its parts, and the whole signed note."""

    origin: str
    size: int
    root: str
    """In hexadecimal."""
    note: str

    @classmethod
    def of(cls, checkpoint: Checkpoint, note: bytes) -> "Head":
        """The head of a checkpoint that was signed as this note."""
        return cls(checkpoint.origin, checkpoint.size, checkpoint.root.hex(), note.decode())

    @property
    def digest(self) -> bytes:
        """By what the next origin names this head as the last of its own."""
        return INTERNATIONAL.hash.digest(self.note.encode())


class Heads:
    """The file of heads."""

    def __init__(self, path: Path) -> None:
        self._journal = Journal(path)
        self._latest: dict[str, Head] = {}  # by origin; the origin that opened last stands last

    def last(self) -> Head | None:
        """The newest head of the newest origin."""
        latest = self._read()
        return latest[next(reversed(latest))] if latest else None

    def of(self, origin: str) -> Head | None:
        """The newest head of one origin."""
        return self._read().get(origin)

    @property
    def origins(self) -> tuple[str, ...]:
        """Every origin that was ever signed, in their order."""
        return tuple(self._read())

    def put(self, head: Head) -> None:
        """Keep a head. It must follow the last one: the same again, a larger size, or the first of a new origin.

        That the tree grew out of the one before is the caller's to know. Refuses with `HeadSuperseded`.
        """
        with self._journal.held() as held:
            latest = self._refreshed(held)
            last = latest[next(reversed(latest))] if latest else None
            if last is not None and last.origin == head.origin:
                if (last.size, last.root) == (head.size, head.root):
                    return
                if head.size <= last.size:
                    raise HeadSuperseded(size=head.size, signed=last.size)
            elif head.origin in latest:
                raise HeadSuperseded(size=head.size, signed=latest[head.origin].size)
            held.append(canonical(head))
            latest[head.origin] = head

    def _read(self) -> dict[str, Head]:
        with self._journal.held() as held:
            return self._refreshed(held)

    def _refreshed(self, held: Held) -> dict[str, Head]:
        for line in held.news:
            head = msgspec.json.decode(line, type=Head)
            self._latest[head.origin] = head
        return self._latest
