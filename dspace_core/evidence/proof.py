"""Proofs constructed: inclusion and consistency for any size, from the hashes that the tiles hold.

Only every eighth height of the tree is stored (C2SP tlog-tiles). A node in between is folded from at most 128 stored
hashes that lie side by side, so a proof reads one short run for each of its hashes.
"""

from typing import Protocol

from dspace_core.crypto import INTERNATIONAL, Suite
from dspace_core.evidence.merkle import HASH_BYTES, Frontier, fold, pair_up
from dspace_core.evidence.refusals import ProofImpossible

TILE_HEIGHT = 8


class HashReader(Protocol):
    """Where the stored hashes are read."""

    def hashes(self, level: int, start: int, count: int) -> bytes:
        """`count` hashes of 32 bytes from number `start` of the level; each covers 256^level leaves.

        Refuses with `TilesBehind` where they are not there yet.
        """
        ...


def inclusion_proof(reader: HashReader, index: int, size: int, suite: Suite = INTERNATIONAL) -> tuple[bytes, ...]:
    """PATH(index, D[size]) of RFC 6962 section 2.1.1, nearest sibling first. Refuses an index past the end."""
    if not 0 <= index < size:
        raise ProofImpossible(position=index, size=size)
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_span(reader, middle, end, suite))
            end = middle
        else:
            path.append(_span(reader, start, middle, suite))
            start = middle
    return tuple(reversed(path))


def consistency_proof(reader: HashReader, size1: int, size2: int, suite: Suite = INTERNATIONAL) -> tuple[bytes, ...]:
    """PROOF(size1, D[size2]) of RFC 6962 section 2.1.2. Refuses size1 below 1 or above size2."""
    if not 0 < size1 <= size2:
        raise ProofImpossible(position=size1, size=size2)
    path = []
    start, end = 0, size2
    while size1 != end:
        middle = start + _split(end - start)
        if size1 <= middle:
            path.append(_span(reader, middle, end, suite))
            end = middle
        else:
            path.append(_span(reader, start, middle, suite))
            start = middle
    if start:  # a part of the old tree, and not the whole: its hash is not known to the reader of the proof
        path.append(_span(reader, start, end, suite))
    return tuple(reversed(path))


def frontier_at(reader: HashReader, size: int, suite: Suite = INTERNATIONAL) -> Frontier:
    """The frontier that the tree had at that size."""
    return Frontier(size, _peaks(reader, 0, size, suite))


def subtree(reader: HashReader, height: int, index: int, suite: Suite = INTERNATIONAL) -> bytes:
    """The root of one complete subtree: the leaves from index * 2^height, 2^height of them."""
    level, above = divmod(height, TILE_HEIGHT)
    return fold_complete(reader.hashes(level, index << above, 1 << above), suite)


def fold_complete(held: bytes, suite: Suite = INTERNATIONAL) -> bytes:
    """The root over hashes that lie side by side, a power of two of them."""
    nodes = [held[at : at + HASH_BYTES] for at in range(0, len(held), HASH_BYTES)]
    while len(nodes) > 1:
        nodes = pair_up(nodes, suite)
    return nodes[0]


def _split(count: int) -> int:
    """The largest power of two below the count."""
    return 1 << (count - 1).bit_length() - 1


def _span(reader: HashReader, start: int, end: int, suite: Suite) -> bytes:
    return fold(_peaks(reader, start, end, suite), suite)


def _peaks(reader: HashReader, start: int, end: int, suite: Suite) -> tuple[bytes, ...]:
    """The complete subtrees of a span that begins where a subtree of its own size would."""
    peaks = []
    while start < end:
        height = (end - start).bit_length() - 1
        peaks.append(subtree(reader, height, start >> height, suite))
        start += 1 << height
    return tuple(peaks)
