"""Verification offline: a bundle against the log's key, and an exported log against its checkpoint.

What is needed is the file and the verifier keys, which come from elsewhere and never from the file.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from dspace_core.crypto import INTERNATIONAL, Secret, Suite, suite
from dspace_core.errors import Refusal, Text
from dspace_core.evidence.bundle import BUNDLE_BYTES, Bundle, Shown
from dspace_core.evidence.checkpoint import Checkpoint, signing_vkey, verify_checkpoint
from dspace_core.evidence.leaf import Leaf, check_leaf, unpack
from dspace_core.evidence.levels import ENTRY_BYTES
from dspace_core.evidence.merkle import HASH_BYTES, Frontier, leaf_hash, verify_inclusion
from dspace_core.evidence.note import NOTE_BYTES, VKey
from dspace_core.evidence.proof import TILE_HEIGHT
from dspace_core.evidence.record import (
    GROUPS,
    Group,
    Meta,
    Next,
    What,
    Who,
    Why,
    decode,
    encode,
    group_digest,
    record_digest,
)
from dspace_core.evidence.refusals import BundleInvalid, EntryMismatch, LogInvalid
from dspace_core.evidence.tiles import CHECKPOINT, TILE_WIDTH, VKEY, Tile, vkey_file
from dspace_core.values import to_ms

CHECKS = {
    1: Text("文件格式", "the form of the file"),
    2: Text("日志条目", "the leaf"),
    3: Text("记录内容与条目的承诺", "the record against the commitment in the leaf"),
    4: Text("记录时间与条目时间", "the record's instant against the leaf's"),
    5: Text("日志签名", "the log's signature"),
    6: Text("条目包含在日志中", "the leaf in the log"),
}
"""The checks of a bundle, in the order in which they are made."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle proves. A group that was withheld is None and stands in `withheld`."""

    checkpoint: Checkpoint
    index: int
    leaf: Leaf
    who: Who | None
    what: What | None
    why: Why | None
    next: Next | None
    meta: Meta | None
    withheld: tuple[str, ...]


def verify_bundle(bundle: bytes, vkeys: Iterable[VKey | str]) -> Verified:
    """Verify a bundle with the log's key, and nothing else from us:

    (1) the file is a bundle in its one form  (2) its leaf is a leaf of a suite that is known here  (3) the groups shown
    and the digests of those withheld give the leaf's commitment  (4) the meta group, if shown, has the leaf's instant
    (5) the checkpoint is signed by the log, and lines by other keys among `vkeys` hold too  (6) the leaf stands at its
    index in the checkpoint's tree.

    Refuses with `BundleInvalid`, which names the check.
    """
    with _check(1):
        read = decode(bundle if len(bundle) <= BUNDLE_BYTES else b"", Bundle)
    with _check(2):
        packed = bytes.fromhex(read.leaf)
        leaf = unpack(packed)
        used = suite(leaf.suite)
    with _check(3):
        if record_digest(tuple(_digest(read, name, used) for name in GROUPS), used) != leaf.record:
            raise EntryMismatch
    meta = read.meta.content if isinstance(read.meta, Shown) else None
    with _check(4):
        if meta is not None and meta.at != to_ms(leaf.at):
            raise EntryMismatch
    with _check(5):
        checkpoint = verify_checkpoint(read.checkpoint, vkeys)
    with _check(6):
        proof = [bytes.fromhex(each) for each in read.proof]
        verify_inclusion(leaf_hash(packed, used), read.index, checkpoint.size, proof, checkpoint.root, suite=used)
    return Verified(
        checkpoint=checkpoint,
        index=read.index,
        leaf=leaf,
        who=read.who.content if isinstance(read.who, Shown) else None,
        what=read.what.content if isinstance(read.what, Shown) else None,
        why=read.why.content if isinstance(read.why, Shown) else None,
        next=read.next.content if isinstance(read.next, Shown) else None,
        meta=meta,
        withheld=tuple(name for name in GROUPS if not isinstance(getattr(read, name), Shown)),
    )


@contextmanager
def _check(number: int) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        raise BundleInvalid(check=number, name=CHECKS[number]) from refusal


def _digest(bundle: Bundle, name: str, used: Suite) -> bytes:
    part = getattr(bundle, name)
    if isinstance(part, Shown):
        content: Group = part.content
        return group_digest(name, Secret(bytes.fromhex(part.salt)), encode(content), used)
    return bytes.fromhex(part.digest)


def verify_log(folder: Path, vkeys: Iterable[VKey | str], suite: Suite = INTERNATIONAL) -> Checkpoint:
    """Verify an exported log: (1) the checkpoint is signed  (2) every entry is a leaf of the suite  (3) every tile holds
    the hashes that the entries give  (4) the root over all of them is the checkpoint's  (5) the key that comes along, if
    one does, is the trusted one that signed.

    Refuses with `LogInvalid` naming the file, or for the checkpoint with what `verify_checkpoint` refuses with.
    """
    trusted = tuple(vkeys)
    note = _read(folder, CHECKPOINT, NOTE_BYTES)
    checkpoint = verify_checkpoint(note, trusted)  # 1
    frontier = Frontier()
    rows: list[bytearray] = []
    for start in range(0, checkpoint.size, TILE_WIDTH):
        bundle = Tile(None, start // TILE_WIDTH, min(TILE_WIDTH, checkpoint.size - start))
        growth = frontier.append([leaf_hash(leaf, suite) for leaf in _leaves(folder, bundle, suite)], suite)  # 2
        frontier = growth.frontier
        for level, nodes in enumerate(growth.completed[::TILE_HEIGHT]):
            if level == len(rows):
                rows.append(bytearray())
            rows[level] += b"".join(nodes)
            if nodes and len(rows[level]) == TILE_WIDTH * HASH_BYTES:
                end = frontier.size >> TILE_HEIGHT * (level + 1)
                _same(folder, Tile(level, end - 1).path, rows[level])  # 3
                rows[level].clear()
    for level, row in enumerate(rows):
        if row:
            edge = Tile(level, frontier.size >> TILE_HEIGHT * (level + 1), len(row) // HASH_BYTES)
            _same(folder, edge.path, row)  # 3
    if frontier.root(suite) != checkpoint.root:  # 4
        raise LogInvalid(file=CHECKPOINT)
    if (folder / VKEY).exists():
        _same(folder, VKEY, vkey_file(signing_vkey(note, trusted)))  # 5
    return checkpoint


def _leaves(folder: Path, bundle: Tile, suite: Suite) -> list[bytes]:
    held = _read(folder, bundle.path, TILE_WIDTH * ENTRY_BYTES)
    leaves = [held[at + 2 : at + ENTRY_BYTES] for at in range(0, len(held), ENTRY_BYTES)]
    prefixes = {held[at : at + 2] for at in range(0, len(held), ENTRY_BYTES)}
    try:
        if len(leaves) != bundle.width or prefixes != {(ENTRY_BYTES - 2).to_bytes(2, "big")}:
            raise LogInvalid(file=bundle.path)
        for leaf in leaves:
            suite.admit(check_leaf(leaf))
    except Refusal:
        raise LogInvalid(file=bundle.path) from None
    return leaves


def _same(folder: Path, path: str, wanted: bytes | bytearray) -> None:
    if _read(folder, path, len(wanted)) != wanted:
        raise LogInvalid(file=path)


def _read(folder: Path, path: str, limit: int) -> bytes:
    """The file, if it is there; of one that is larger than it may be, one byte more than that, which none of them is."""
    try:
        with (folder / path).open("rb") as file:
            return file.read(limit + 1)
    except OSError:
        raise LogInvalid(file=path) from None
