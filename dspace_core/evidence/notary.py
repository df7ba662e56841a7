"""The notary: one loop that numbers what waits, and signs what is committed. The only holder of the checkpoint key."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import msgspec

from dspace_core.crypto import Signer
from dspace_core.evidence import tables
from dspace_core.evidence.checkpoint import Checkpoint, log_vkey, sign_checkpoint
from dspace_core.evidence.heads import Head, Heads
from dspace_core.evidence.keyring import Keyring
from dspace_core.evidence.ledger_refusals import EntryTwice, TermLost
from dspace_core.evidence.merkle import leaf_hash
from dspace_core.evidence.numbering import number, scope_of
from dspace_core.evidence.opening import Opened, open_for_numbering
from dspace_core.evidence.pending import open_pending
from dspace_core.evidence.record import Draft
from dspace_core.evidence.tables import Numbered, Pending
from dspace_core.evidence.tiles import CHECKPOINT, VKEY, vkey_file
from dspace_core.points import Point, reached
from dspace_core.stores import Connection, Pool, transaction

BATCH = 512
"""At most so many entries are numbered in one transaction."""
SHOWN = "checkpoint.witnesses"
"""The checkpoint for witnesses and exports, in the folder of the log: at most one a second (design 12.10)."""
_BUSY_SECONDS = 0.005
_IDLE_SECONDS = 0.02
_IDLE_AFTER = 200
_SHOWN_EVERY = timedelta(seconds=1)


class Notary:
    """Holds a term of a log. Make one with `open`; `close` gives the files back.

    A refusal or an error ends it: what was committed stands, and the next one that opens goes on from there.
    """

    def __init__(self, db: Pool, keyring: Keyring, heads: Heads, signer: Signer, opened: Opened) -> None:
        self._db = db
        self._keyring = keyring
        self._heads = heads
        self._signer = signer
        self._folder = opened.folder
        self._writer = opened.writer
        self._head = opened.head
        self._unwritten: list[bytes] = []
        self._note: bytes | None = None
        self._shown: tuple[bytes, datetime] | None = None

    @classmethod
    async def open(cls, db: Pool, keyring: Keyring, *, heads: Heads, folder: Path, signer: Signer, origin: str) -> Self:
        """Take a new term and sign what stands. `origin` names the log if this is the first start of all.

        Refuses as `open_for_numbering` does.
        """
        opened = await open_for_numbering(db, heads, folder, origin)
        notary = cls(db, keyring, heads, signer, opened)
        try:
            _replace(opened.folder / VKEY, vkey_file(log_vkey(notary.origin, signer.public)))
            await notary._sign()
        except BaseException:
            notary.close()
            raise
        return notary

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self._head.origin

    @property
    def size(self) -> int:
        """How many entries are numbered and committed."""
        return self._head.size

    @property
    def note(self) -> bytes | None:
        """The newest signed checkpoint; None while the log is empty."""
        return self._note

    def close(self) -> None:
        """Give the level files back."""
        self._writer.close()

    async def run(self, asked: asyncio.Event) -> None:
        """Number and sign until asked to end: at once while there is much, each 5 ms while busy, each 20 ms when idle."""
        idle = 0
        while not asked.is_set():
            done = await self.step()
            idle = 0 if done else idle + 1
            if done < BATCH:
                await asyncio.sleep(_BUSY_SECONDS if idle < _IDLE_AFTER else _IDLE_SECONDS)

    async def step(self) -> int:
        """Number what waits, at most one batch, commit, and sign the tree that then stands. Answers how many.

        Refuses with `TermLost` when another notary took over: nothing of this batch stands. `PendingUnreadable`,
        `DayKeyGone` and `EntryTwice` end the log's growth until somebody has looked: an entry is never passed over.
        """
        if not await tables.any_pending(self._db):
            self._show()
            return 0
        async with transaction(self._db) as db:
            await tables.share_numbering(db)
            numbered = await self._numbered(db)
            frontier = self._head.frontier.append([leaf_hash(row.leaf) for row in numbered]).frontier
            if not await tables.advance(db, self._head, frontier):  # before anything is stored that could collide
                raise TermLost(term=self._head.term)
            await tables.add_numbered(db, self._head.log, numbered)
            reached(Point.NOTARY)
        self._head = msgspec.structs.replace(self._head, frontier=frontier)
        self._unwritten += [row.leaf for row in numbered]
        await self._sign()
        return len(numbered)

    async def _numbered(self, db: Connection) -> Sequence[Numbered]:
        """Take a batch of what waits, and give each entry its place; nothing is taken where others hold it all."""
        taken = await tables.take(db, BATCH)
        if not taken:
            return ()
        twice = await tables.numbered_twice(db, taken)
        if twice is not None:
            raise EntryTwice(entry=twice)
        drafts = await self._opened(taken)
        years = await self._keyring.years({scope_of(draft) for draft in drafts})
        ends = await tables.chain_ends(db, {row.subject for row in taken})
        return number(drafts, self._head.size, ends, years)

    async def _opened(self, taken: Sequence[Pending]) -> list[Draft]:
        days = {day: await self._keyring.day(day) for day in {row.day for row in taken}}
        return [open_pending(row, days[row.day]) for row in taken]

    async def _sign(self) -> None:
        """Sign the committed tree: its leaves to the level files, the head to `cas`, and only then to anybody's eyes."""
        self._writer.append(self._unwritten)
        self._unwritten.clear()
        self._writer.confirm(self._head.frontier.root())
        if not self._head.size:
            return
        checkpoint = Checkpoint(self._head.origin, self._head.size, self._head.frontier.root())
        note = sign_checkpoint(checkpoint, self._signer)
        self._heads.put(Head.of(checkpoint, note))
        await tables.publish(self._db, self._head, checkpoint.size, note)
        _replace(self._folder / CHECKPOINT, note)
        self._note = note
        self._show()

    def _show(self) -> None:
        """The newest checkpoint for witnesses and exports, if the last one is a second old."""
        if self._note is None or (self._shown is not None and self._shown[0] == self._note):
            return
        now = self._keyring.clock()
        if self._shown is None or now - self._shown[1] >= _SHOWN_EVERY:
            _replace(self._folder / SHOWN, self._note)
            self._shown = self._note, now


def _replace(path: Path, note: bytes) -> None:
    """A reader finds the old note or the new one, whole. It is derived, so it need not survive a power cut."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(note)
    beside.replace(path)
