"""The level files: durable, cut back after a crash, rebuilt from the leaves, and one writer at a time."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dspace_core.crypto.refusals import SuiteUnavailable
from dspace_core.evidence import (
    LevelReader,
    LevelWriter,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    leaf_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from dspace_core.evidence.levels import BATCH, ENTRY_BYTES
from dspace_core.evidence.refusals import LeafMalformed, TilesBehind, TilesBusy, TilesDiffer

Leaves = Callable[[int, int], list[bytes]]
MANY = 66_000  # a level 2 hash is complete


def root_of(leaves: list[bytes]) -> bytes:
    return root_hash([leaf_hash(leaf) for leaf in leaves])


def test_what_was_appended_is_read_back(tmp_path: Path, leaves: Leaves) -> None:
    held = leaves(0, 700)
    with LevelWriter(tmp_path, 0) as writer:
        for start in range(0, 700, 90):
            writer.append(held[start : start + 90])
        assert writer.frontier.root() == root_of(held)
    with LevelReader(tmp_path) as reader:
        assert reader.leaves(0, 700) == held
        assert reader.hashes(0, 3, 2) == leaf_hash(held[3]) + leaf_hash(held[4])
        assert reader.hashes(1, 1, 1) == root_of(held[256:512])


def test_proofs_from_the_files_hold_for_any_size(tmp_path: Path, leaves: Leaves) -> None:
    held = leaves(0, MANY)
    with LevelWriter(tmp_path, 0) as writer:
        root = writer.append(held).root()
    with LevelReader(tmp_path) as reader:
        for index in (0, 255, 256, 65_535, 65_536, MANY - 1):
            verify_inclusion(leaf_hash(held[index]), index, MANY, inclusion_proof(reader, index, MANY), root)
        for size in (1, 255, 257, 40_000, 65_536, MANY):
            old = frontier_at(reader, size).root()
            assert old == root_of(held[:size])
            verify_consistency(size, old, MANY, root, consistency_proof(reader, size, MANY))


def test_reading_past_the_end_is_refused(tmp_path: Path, leaves: Leaves) -> None:
    with LevelWriter(tmp_path, 0) as writer:
        writer.append(leaves(0, 10))
    with LevelReader(tmp_path) as reader:
        with pytest.raises(TilesBehind) as refusal:
            reader.hashes(0, 8, 3)
        with pytest.raises(TilesBehind):
            reader.hashes(1, 0, 1)
        with pytest.raises(TilesBehind):
            reader.entries(10, 1)
    assert refusal.value.values == {"needed": 11}


def test_a_folder_without_files_is_behind_and_not_an_accident(tmp_path: Path) -> None:
    with LevelReader(tmp_path) as reader, pytest.raises(TilesBehind):
        reader.hashes(0, 0, 1)


def test_the_files_open_again_where_they_ended(tmp_path: Path, leaves: Leaves) -> None:
    with LevelWriter(tmp_path, 0) as writer:
        writer.append(leaves(0, 300))
    with LevelWriter(tmp_path, 300) as writer:
        writer.confirm(root_of(leaves(0, 300)))
        assert writer.append(leaves(300, 301)).root() == root_of(leaves(0, 301))


def test_files_that_ran_ahead_are_cut_back_to_the_known_tree(tmp_path: Path, leaves: Leaves) -> None:
    with LevelWriter(tmp_path, 0) as writer:
        writer.append(leaves(0, 600))
    with LevelWriter(tmp_path, 250) as writer:
        writer.confirm(root_of(leaves(0, 250)))
        assert [(tmp_path / name).stat().st_size for name in ("level.0", "level.1")] == [250 * 32, 0]
        other = leaves(1000, 1100)
        assert writer.append(other).root() == root_of(leaves(0, 250) + other)


@given(st.sampled_from(["entries", "level.0", "level.1"]), st.integers(1, 40_000), st.binary(max_size=200))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_torn_tail_of_any_file_is_repaired(
    tmp_path_factory: pytest.TempPathFactory, leaves: Leaves, name: str, lost: int, garbage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("levels")
    held = leaves(0, 600)
    with LevelWriter(folder, 0) as writer:
        writer.append(held)
    file = folder / name
    whole = file.read_bytes()
    file.write_bytes(whole[: max(0, len(whole) - lost)] + garbage)
    with LevelWriter(folder, 600) as writer:
        known = writer.frontier.size
        assert writer.frontier.root() == root_of(held[:known])
        writer.append(held[known:])
        writer.confirm(root_of(held))
    assert file.read_bytes() == whole


def test_pages_that_never_reached_the_disk_are_found(tmp_path: Path, leaves: Leaves) -> None:
    held = leaves(0, BATCH + 500)
    with LevelWriter(tmp_path, 0) as writer:
        writer.append(held)
    with (tmp_path / "level.0").open("r+b") as file:
        file.seek((BATCH + 100) * 32)
        file.write(bytes(32))
    with LevelWriter(tmp_path, len(held)) as writer:
        assert writer.frontier.size == BATCH + 100
        writer.append(held[BATCH + 100 :])
        writer.confirm(root_of(held))


def test_upper_levels_that_are_lost_are_folded_again(tmp_path: Path, leaves: Leaves) -> None:
    held = leaves(0, MANY)
    with LevelWriter(tmp_path, 0) as writer:
        writer.append(held)
    before = [(tmp_path / f"level.{number}").read_bytes() for number in (1, 2)]
    (tmp_path / "level.1").unlink()
    (tmp_path / "level.2").unlink()
    with LevelWriter(tmp_path, MANY) as writer:
        writer.confirm(root_of(held))
    assert [(tmp_path / f"level.{number}").read_bytes() for number in (1, 2)] == before


def test_files_of_another_tree_are_not_confirmed(tmp_path: Path, leaves: Leaves) -> None:
    with LevelWriter(tmp_path, 0) as writer:
        writer.append(leaves(0, 5))
        with pytest.raises(TilesDiffer) as refusal:
            writer.confirm(root_of(leaves(1, 6)))
    assert refusal.value.values == {"size": 5}


def test_size_zero_begins_anew(tmp_path: Path, leaves: Leaves) -> None:
    with LevelWriter(tmp_path, 0) as writer:
        writer.append(leaves(0, 300))
    with LevelWriter(tmp_path, 0) as writer:
        assert writer.frontier.size == 0
        assert writer.append(leaves(5, 9)).root() == root_of(leaves(5, 9))


def test_a_second_writer_is_refused_and_the_first_goes_on(tmp_path: Path, leaves: Leaves) -> None:
    with LevelWriter(tmp_path, 0) as writer:
        writer.append(leaves(0, 3))
        with pytest.raises(TilesBusy):
            LevelWriter(tmp_path, 0)
        writer.append(leaves(3, 5))
        writer.confirm(root_of(leaves(0, 5)))
    with LevelWriter(tmp_path, 5) as writer:
        assert writer.frontier.size == 5


def test_one_wrong_leaf_keeps_the_whole_append_out(tmp_path: Path, leaves: Leaves) -> None:
    good = leaves(0, 3)
    with LevelWriter(tmp_path, 0) as writer:
        for wrong in (good[0][:-1], b"\x02" + good[0][1:]):
            with pytest.raises(LeafMalformed):
                writer.append([*good, wrong])
        with pytest.raises(SuiteUnavailable):
            writer.append([*good, b"\x01\x02" + good[0][2:]])
        assert writer.frontier.size == 0
    assert (tmp_path / "entries").stat().st_size == 0


def test_an_append_that_failed_can_be_repeated(tmp_path: Path, leaves: Leaves, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int) -> None:
        raise OSError(28, "no space")

    with LevelWriter(tmp_path, 0) as writer:
        writer.append(leaves(0, 4))
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", full)
            with pytest.raises(OSError, match="no space"):
                writer.append(leaves(4, 300))
        assert writer.frontier.size == 4
        assert writer.append(leaves(4, 300)).root() == root_of(leaves(0, 300))
    assert (tmp_path / "entries").stat().st_size == 300 * ENTRY_BYTES


KILLED = """
import os, signal, sys
from pathlib import Path
from dspace_core.evidence import LevelWriter
leaf = b"\\x01\\x01" + bytes(88)
left = int(sys.argv[2])
write = os.pwrite
def torn(file, held, at):
    global left
    left -= 1
    if left == 0:
        write(file, held[: len(held) // 2], at)
        os.kill(os.getpid(), signal.SIGKILL)
    return write(file, held, at)
os.pwrite = torn
with LevelWriter(Path(sys.argv[1]), 0) as writer:
    for _ in range(4):
        writer.append([leaf] * 300)
        print(writer.frontier.size, writer.frontier.root().hex(), flush=True)
"""


@pytest.mark.parametrize("write", range(1, 13))
def test_a_process_killed_in_the_middle_of_any_write_loses_nothing_it_reported(tmp_path: Path, write: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path, str(write)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -9
    reported = done.stdout.split("\n")[-2].split() if done.stdout else ["0", root_hash([]).hex()]
    with LevelWriter(tmp_path, 10_000) as writer:
        assert writer.frontier.size >= int(reported[0])
    with LevelWriter(tmp_path, int(reported[0])) as writer:
        writer.confirm(bytes.fromhex(reported[1]))
