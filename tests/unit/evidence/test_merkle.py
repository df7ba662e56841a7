"""The tree against the definition of RFC 6962 written out, and proofs against every way of spoiling them."""

import hashlib
from collections.abc import Callable, Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dspace_core.evidence import (
    Frontier,
    ProofError,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from dspace_core.evidence.merkle import MAX_SIZE
from dspace_core.evidence.refusals import ProofImpossible

HASHES = [leaf_hash(number.to_bytes(4, "big")) for number in range(1100)]
sizes = st.integers(1, len(HASHES))
patient = settings(deadline=None)


def naive(hashes: Sequence[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 defines it, by recursion."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256().digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + naive(hashes[:split]) + naive(hashes[split:])).digest()


class Memory:
    """The stored hashes of a tree, by their definition and not by our appender."""

    def hashes(self, level: int, start: int, count: int) -> bytes:
        width = 256**level
        spans = [HASHES[number * width : (number + 1) * width] for number in range(start, start + count)]
        assert all(len(span) == width for span in spans)
        return b"".join(naive(span) for span in spans)


def refused(act: Callable[[], None]) -> bool:
    try:
        act()
    except ProofError:
        return True
    return False


def test_leaf_and_node_are_hashed_apart() -> None:
    assert leaf_hash(b"entry") == hashlib.sha256(b"\x00entry").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == hashlib.sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()


def test_the_root_of_no_leaves_is_the_hash_of_nothing() -> None:
    assert root_hash([]) == hashlib.sha256(b"").digest()


@patient
@given(st.lists(st.integers(0, 60), max_size=12))
def test_a_frontier_grown_in_any_batches_has_the_naive_root(batches: list[int]) -> None:
    frontier = Frontier()
    for batch in batches:
        frontier = frontier.append(HASHES[frontier.size : frontier.size + batch]).frontier
    assert frontier.size == sum(batches)
    assert frontier.root() == naive(HASHES[: sum(batches)])


@patient
@given(st.integers(0, 700), st.integers(0, 400))
def test_growth_names_each_completed_node_once(before: int, added: int) -> None:
    grown = Frontier().append(HASHES[:before]).frontier.append(HASHES[before : before + added])
    for height, nodes in enumerate(grown.completed):
        spans = range(before >> height, before + added >> height)
        assert list(nodes) == [naive(HASHES[at << height : at + 1 << height]) for at in spans]


@patient
@given(st.integers(0, len(HASHES)))
def test_a_frontier_reads_back_what_it_wrote(size: int) -> None:
    frontier = Frontier().append(HASHES[:size]).frontier
    assert len(frontier.encode()) == 8 + 32 * size.bit_count()
    assert Frontier.decode(frontier.encode()) == frontier


@pytest.mark.parametrize("stored", [b"", bytes(7), bytes(9), bytes(7) + b"\x01", bytes(7) + b"\x03" + bytes(32)])
def test_a_frontier_of_another_length_is_refused(stored: bytes) -> None:
    with pytest.raises(ProofError):
        Frontier.decode(stored)


def test_a_frontier_beyond_the_largest_size_is_refused() -> None:
    with pytest.raises(ProofError):
        Frontier.decode(MAX_SIZE.to_bytes(8, "big") + bytes(32))


@patient
@given(sizes)
def test_the_frontier_of_any_past_size_is_read_from_the_stored_hashes(size: int) -> None:
    assert frontier_at(Memory(), size) == Frontier().append(HASHES[:size]).frontier


@patient
@given(sizes, st.data())
def test_any_inclusion_proof_holds_and_no_other_index_or_size_does(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(Memory(), index, size), naive(HASHES[:size])
    verify_inclusion(HASHES[index], index, size, proof, root)
    other = data.draw(st.integers(-2, size + 2))
    assume(other != index)
    assert refused(lambda: verify_inclusion(HASHES[index], other, size, proof, root))
    assert refused(lambda: verify_inclusion(HASHES[index], index, 0, proof, root))


@patient
@given(sizes, st.data())
def test_an_inclusion_proof_with_one_bit_flipped_anywhere_fails(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    parts = [HASHES[index], naive(HASHES[:size]), *inclusion_proof(Memory(), index, size)]
    leaf, root, *proof = flip(parts, data)
    assert refused(lambda: verify_inclusion(leaf, index, size, proof, root))


@patient
@given(sizes, st.data())
def test_an_inclusion_proof_cut_or_extended_fails(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(Memory(), index, size), naive(HASHES[:size])
    for spoiled in misshapen(proof, data):
        assert refused(lambda spoiled=spoiled: verify_inclusion(HASHES[index], index, size, spoiled, root))  # type: ignore[misc]


@patient
@given(sizes, sizes)
def test_any_consistency_proof_holds_and_not_with_the_sizes_changed(one: int, two: int) -> None:
    size1, size2 = sorted((one, two))
    root1, root2 = naive(HASHES[:size1]), naive(HASHES[:size2])
    proof = consistency_proof(Memory(), size1, size2)
    verify_consistency(size1, root1, size2, root2, proof)
    assert refused(lambda: verify_consistency(0, root1, size2, root2, proof))
    assert refused(lambda: verify_consistency(size2 + 1, root1, size2, root2, proof))
    if size1 != size2:
        assert refused(lambda: verify_consistency(size2, root1, size1, root2, proof))


@patient
@given(sizes, sizes, st.data())
def test_a_consistency_proof_with_one_bit_flipped_anywhere_fails(one: int, two: int, data: st.DataObject) -> None:
    size1, size2 = sorted((one, two))
    parts = [naive(HASHES[:size1]), naive(HASHES[:size2]), *consistency_proof(Memory(), size1, size2)]
    root1, root2, *proof = flip(parts, data)
    assert refused(lambda: verify_consistency(size1, root1, size2, root2, proof))


@patient
@given(sizes, sizes, st.data())
def test_a_consistency_proof_cut_or_extended_fails(one: int, two: int, data: st.DataObject) -> None:
    size1, size2 = sorted((one, two))
    root1, root2 = naive(HASHES[:size1]), naive(HASHES[:size2])
    for spoiled in misshapen(consistency_proof(Memory(), size1, size2), data):
        assert refused(lambda spoiled=spoiled: verify_consistency(size1, root1, size2, root2, spoiled))  # type: ignore[misc]


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_no_inclusion_proof_is_made_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ProofImpossible) as refusal:
        inclusion_proof(Memory(), index, size)
    assert refusal.value.values == {"position": index, "size": size}


@pytest.mark.parametrize(("size1", "size2"), [(0, 5), (6, 5)])
def test_no_consistency_proof_is_made_from_nothing_or_backwards(size1: int, size2: int) -> None:
    with pytest.raises(ProofImpossible):
        consistency_proof(Memory(), size1, size2)


def flip(parts: Sequence[bytes], data: st.DataObject) -> list[bytes]:
    """The parts with one bit of one of them changed."""
    changed = [bytearray(part) for part in parts]
    which = data.draw(st.integers(0, len(parts) - 1))
    changed[which][data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    return [bytes(part) for part in changed]


def misshapen(proof: Sequence[bytes], data: st.DataObject) -> list[list[bytes]]:
    """The proof with a hash taken out, put in, cut short or made longer."""
    at = data.draw(st.integers(0, len(proof)))
    extra = data.draw(st.sampled_from([HASHES[0], bytes(32), *proof]))
    shapes = [[*proof[:at], extra, *proof[at:]], [*proof, b""]]
    if proof:
        at = min(at, len(proof) - 1)
        rest = list(proof)
        shapes += [rest[:at] + rest[at + 1 :], [*rest[:at], rest[at][:-1], *rest[at + 1 :]]]
        shapes.append([*rest[:at], rest[at] + b"\x00", *rest[at + 1 :]])
    return shapes
