"""The tree of RFC 6962 section 2.1 over the suite's hash: leaves, nodes, roots, growth, and proofs verified.

Everything here is pure. A tree is known by its frontier, the roots of its complete subtrees: one for each bit that is
set in its size, so it takes 32 bytes times log2 of the size at most.
"""

from collections.abc import Sequence

import msgspec

from dspace_core.crypto import INTERNATIONAL, Suite
from dspace_core.evidence.refusals import ProofError

HASH_BYTES = 32
MAX_SIZE = 2**63
"""A size fits into a signed 64-bit integer, as other readers of these formats expect."""

_LEAF, _NODE = b"\x00", b"\x01"  # two prefixes: or else a node could be shown as a leaf


def leaf_hash(data: bytes, suite: Suite = INTERNATIONAL) -> bytes:
    """The hash of one entry's bytes."""
    return suite.hash.digest(_LEAF + data)


def node_hash(left: bytes, right: bytes, suite: Suite = INTERNATIONAL) -> bytes:
    """The hash over two subtrees."""
    return suite.hash.digest(_NODE + left + right)


def pair_up(nodes: Sequence[bytes], suite: Suite = INTERNATIONAL) -> list[bytes]:
    """The parents of neighbours, two by two; a last odd node has no parent yet."""
    digest = suite.hash.digest
    return [digest(_NODE + left + right) for left, right in zip(nodes[::2], nodes[1::2], strict=False)]


class Frontier(msgspec.Struct, frozen=True):
    """A tree of `size` leaves by its complete subtrees, the largest (leftmost) first. Made by `append` or `decode`."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf_hashes: Sequence[bytes], suite: Suite = INTERNATIONAL) -> "Growth":
        """The tree with these leaf hashes added, and every node that this completed."""
        size = self.size + len(leaf_hashes)
        waiting = dict(zip(_heights(self.size), self.peaks, strict=True))
        peaks: list[bytes] = []
        completed: list[list[bytes]] = []
        fresh = list(leaf_hashes)
        for height in range(size.bit_length()):
            completed.append(fresh)
            nodes = [waiting[height], *fresh] if height in waiting else fresh
            if len(nodes) % 2:
                peaks.append(nodes[-1])
            fresh = pair_up(nodes, suite)
        return Growth(Frontier(size, tuple(reversed(peaks))), tuple(completed))

    def root(self, suite: Suite = INTERNATIONAL) -> bytes:
        """The root hash (MTH); of no leaves, the hash of nothing."""
        return fold(self.peaks, suite) if self.peaks else suite.hash.digest(b"")

    def encode(self) -> bytes:
        """The size (8 bytes, big-endian) and the peaks."""
        return self.size.to_bytes(8, "big") + b"".join(self.peaks)

    @classmethod
    def decode(cls, stored: bytes) -> "Frontier":
        """Read what `encode` wrote. Refuses any other length (`ProofError`)."""
        size, peaks = int.from_bytes(stored[:8], "big"), stored[8:]
        if len(stored) < 8 or size >= MAX_SIZE or len(peaks) != HASH_BYTES * size.bit_count():
            raise ProofError
        return cls(size, tuple(peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)))


class Growth(msgspec.Struct, frozen=True):
    """What an append did: the new frontier, and by height the nodes that were completed, from left to right."""

    frontier: Frontier
    completed: tuple[Sequence[bytes], ...]


def _heights(size: int) -> list[int]:
    return [height for height in reversed(range(size.bit_length())) if size >> height & 1]


def fold(peaks: Sequence[bytes], suite: Suite = INTERNATIONAL) -> bytes:
    """One hash over complete subtrees that stand side by side, the largest first. There must be at least one."""
    *larger, folded = peaks
    for peak in reversed(larger):
        folded = node_hash(peak, folded, suite)
    return folded


def root_hash(leaf_hashes: Sequence[bytes], suite: Suite = INTERNATIONAL) -> bytes:
    """The root of the tree with these leaf hashes."""
    return Frontier().append(leaf_hashes, suite).frontier.root(suite)


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes, *, suite: Suite = INTERNATIONAL
) -> None:
    """Return if the leaf stands at `index` (from 0) in the tree of that size and root; else `ProofError`.

    The steps are those of RFC 9162 section 2.1.3.2; all hashes must have 32 bytes.
    """
    _all_hashes(leaf_hash, root, *proof)
    if not 0 <= index < size:
        raise ProofError
    at, last, node = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ProofError
        if at % 2 or at == last:
            node = node_hash(sibling, node, suite)
            at, last = _up_to_sibling(at, last)
        else:
            node = node_hash(node, sibling, suite)
        at, last = at >> 1, last >> 1
    if last or node != root:
        raise ProofError


def verify_consistency(
    size1: int, root1: bytes, size2: int, root2: bytes, proof: Sequence[bytes], *, suite: Suite = INTERNATIONAL
) -> None:
    """Return if the tree of size1 is the beginning of the tree of size2; else `ProofError`.

    The steps are those of RFC 9162 section 2.1.4.2; all hashes must have 32 bytes. size1 is at least 1: that every
    tree begins with the empty one proves nothing.
    """
    _all_hashes(root1, root2, *proof)
    if not 0 < size1 <= size2:
        raise ProofError
    if size1 == size2:
        if proof or root1 != root2:
            raise ProofError
        return
    path = [root1, *proof] if size1.bit_count() == 1 else proof
    if not proof:
        raise ProofError
    at, last = size1 - 1, size2 - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError
        if at % 2 or at == last:
            old, new = node_hash(sibling, old, suite), node_hash(sibling, new, suite)
            at, last = _up_to_sibling(at, last)
        else:
            new = node_hash(new, sibling, suite)
        at, last = at >> 1, last >> 1
    if last or old != root1 or new != root2:
        raise ProofError


def _up_to_sibling(at: int, last: int) -> tuple[int, int]:
    """Skip the heights at which the last node has no sibling and stands for itself."""
    while at and at % 2 == 0:
        at, last = at >> 1, last >> 1
    return at, last


def _all_hashes(*hashes: bytes) -> None:
    if any(len(each) != HASH_BYTES for each in hashes):
        raise ProofError
