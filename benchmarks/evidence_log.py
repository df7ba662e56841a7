"""The evidence log alone: how long a proof takes to verify and to make, and how many leaves a second become durable."""

import random
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from dspace_core.evidence import Leaf, LevelReader, LevelWriter, inclusion_proof, leaf_hash, verify_inclusion

LEAVES = 1_000_000
BATCH = 256
DURABLE = 65_536
PROOFS = 2_000


def leaf(number: int) -> bytes:
    """A leaf like any other: none is like another."""
    tag = number.to_bytes(32, "big")
    return Leaf(at=datetime(2026, 1, 1, tzinfo=UTC), record=tag, sealed=tag, link=tag[16:]).pack()


def measure(size: int = LEAVES) -> dict[str, float]:
    """Milliseconds to verify an inclusion proof (median) and to make one (p99) in a tree of that size, and durable
    appends a second in batches of 256."""
    with tempfile.TemporaryDirectory() as folder:
        with LevelWriter(Path(folder), 0) as writer:
            began = time.perf_counter()
            for start in range(0, DURABLE, BATCH):
                writer.append([leaf(number) for number in range(start, start + BATCH)])
            appended = DURABLE / (time.perf_counter() - began)
            while (start := writer.frontier.size) < size:
                writer.append([leaf(number) for number in range(start, min(start + DURABLE, size))])
            root = writer.frontier.root()
        with LevelReader(Path(folder)) as reader:
            made: list[float] = []
            verified: list[float] = []
            draw = random.Random(1)
            for index in (draw.randrange(size) for _ in range(PROOFS)):
                hashed = leaf_hash(leaf(index))
                began = time.perf_counter()
                proof = inclusion_proof(reader, index, size)
                between = time.perf_counter()
                verify_inclusion(hashed, index, size, proof, root)
                verified.append((time.perf_counter() - between) * 1000)
                made.append((between - began) * 1000)
    return {
        "evidence_verify_ms": statistics.median(verified),
        "evidence_inclusion_p99_ms": statistics.quantiles(made, n=100)[-1],
        "evidence_append_per_second": appended,
    }


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:<28} {figure:12.3f}")
