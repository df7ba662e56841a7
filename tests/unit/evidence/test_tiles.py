"""Tiles: paths as C2SP writes them, contents by definition, and an exported log that verifies."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.crypto import Ed25519Signer
from dspace_core.evidence import (
    Checkpoint,
    LevelReader,
    LevelWriter,
    Tile,
    export,
    leaf_hash,
    log_vkey,
    root_hash,
    sign_checkpoint,
    tiles_of,
    verify_log,
)
from dspace_core.evidence.refusals import (
    ExportOccupied,
    LogInvalid,
    NoteForged,
    NoteUnsigned,
    TilesBehind,
    TilesDiffer,
    TileUnknown,
)

ORIGIN = "dev.log.example/evidence"
tiles = st.builds(Tile, st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**12), st.integers(1, 256))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(3, 1234067), "tile/3/x001/x234/067"),
        (Tile(1, 1000, 17), "tile/1/x001/000.p/17"),
        (Tile(None, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_a_path_is_written_as_the_standard_says(tile: Tile, path: str) -> None:
    assert tile.path == path


@given(tiles)
def test_a_path_reads_back_to_its_tile(tile: Tile) -> None:
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/0", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/8/0/000",
        "tile/0/x000/001", "tile/0/001/002", "tile/0/x001", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/257",
        "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p", "/tile/0/000", "tile/0/000/", "tile/0/000\n",
        "tile/entries/../000", "tile/data/000", "tile/0/00\u0661",
    ],
)  # fmt: skip
def test_a_path_that_names_no_tile_is_refused(path: str) -> None:
    with pytest.raises(TileUnknown):
        Tile.parse(path)


def test_a_tree_of_70000_has_the_tiles_of_the_standards_example() -> None:
    held = list(tiles_of(70_000))
    assert [tile for tile in held if tile.level == 0][272:] == [Tile(0, 272), Tile(0, 273, 112)]
    assert [tile for tile in held if tile.level == 1] == [Tile(1, 0), Tile(1, 1, 17)]
    assert [tile for tile in held if tile.level == 2] == [Tile(2, 0, 1)]
    assert [tile for tile in held if tile.level is None][-1] == Tile(None, 273, 112)
    assert len(held) == 274 + 274 + 2 + 1


def test_a_tree_of_256_has_a_full_tile_and_one_hash_above() -> None:
    assert list(tiles_of(256)) == [Tile(None, 0), Tile(0, 0), Tile(1, 0, 1)]


def test_an_empty_tree_has_no_tiles() -> None:
    assert list(tiles_of(0)) == []


class Built:
    """A log in files, signed at any size up to its own."""

    def __init__(self, folder: Path, leaves: list[bytes], signer: Ed25519Signer) -> None:
        self.leaves, self.signer = leaves, signer
        with LevelWriter(folder, 0) as writer:
            writer.append(leaves)
        self.reader = LevelReader(folder)
        self.vkey = str(log_vkey(ORIGIN, signer.public))

    def note(self, size: int) -> bytes:
        root = root_hash([leaf_hash(leaf) for leaf in self.leaves[:size]])
        return sign_checkpoint(Checkpoint(ORIGIN, size, root), self.signer)


@pytest.fixture
def built(tmp_path: Path, leaves: Callable[[int, int], list[bytes]], signer: Ed25519Signer) -> Built:
    return Built(tmp_path / "levels", leaves(0, 700), signer)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 700])
def test_an_export_of_any_size_verifies(built: Built, tmp_path: Path, size: int) -> None:
    exported = export(built.reader, built.note(size), [built.vkey], tmp_path / "out")
    assert exported.size == size
    assert verify_log(tmp_path / "out", [built.vkey]) == exported
    files = {str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*") if file.is_file()}
    assert (tmp_path / "out" / "vkey").read_text() == f"{built.vkey}\n"
    assert files == {"checkpoint", "vkey", *(tile.path for tile in tiles_of(size))}


def test_a_partial_tile_is_a_prefix_of_the_full_one(built: Built) -> None:
    assert Tile(0, 0, 17).read(built.reader) == Tile(0, 0).read(built.reader)[: 17 * 32]


def test_a_tile_that_the_log_has_not_reached_is_refused(built: Built) -> None:
    with pytest.raises(TilesBehind):
        Tile(0, 2, 256).read(built.reader)


def test_an_export_needs_a_note_that_verifies_and_writes_nothing_without(
    built: Built, tmp_path: Path, signer: Ed25519Signer
) -> None:
    with pytest.raises(NoteUnsigned):
        export(built.reader, built.note(9), [str(log_vkey("other.example", signer.public))], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_of_another_tree_is_refused(built: Built, tmp_path: Path, signer: Ed25519Signer) -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 9, bytes(32)), signer)
    with pytest.raises(TilesDiffer):
        export(built.reader, note, [built.vkey], tmp_path / "out")


def test_an_export_goes_into_an_empty_folder_only(built: Built, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "something").touch()
    with pytest.raises(ExportOccupied):
        export(built.reader, built.note(9), [built.vkey], tmp_path / "out")


def test_one_byte_changed_in_any_file_of_an_export_is_found(built: Built, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(built.reader, built.note(700), [built.vkey], out)
    for tile in tiles_of(700):
        file = out / tile.path
        held = file.read_bytes()
        for at in (0, 1, len(held) // 2, len(held) - 1):
            file.write_bytes(held[:at] + bytes((held[at] ^ 1,)) + held[at + 1 :])
            with pytest.raises(LogInvalid) as refusal:
                verify_log(out, [built.vkey])
            # A changed entry that still is a leaf is seen where its hash should stand.
            assert refusal.value.values["file"] == tile.path or tile.level is None
        for spoiled in (held[:-1], held + b"\x00", b""):
            file.write_bytes(spoiled)
            with pytest.raises(LogInvalid):
                verify_log(out, [built.vkey])
        file.unlink()
        with pytest.raises(LogInvalid):
            verify_log(out, [built.vkey])
        file.write_bytes(held)
    verify_log(out, [built.vkey])


def test_a_key_that_comes_along_must_be_the_trusted_one_and_need_not_come(built: Built, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(built.reader, built.note(9), [built.vkey], out)
    held = (out / "vkey").read_bytes()
    for at in range(len(held)):
        (out / "vkey").write_bytes(held[:at] + bytes((held[at] ^ 1,)) + held[at + 1 :])
        with pytest.raises(LogInvalid) as refusal:
            verify_log(out, [built.vkey])
        assert refusal.value.values == {"file": "vkey"}
    (out / "vkey").unlink()
    verify_log(out, [built.vkey])


def test_a_whole_log_of_another_tree_is_not_what_was_signed(
    built: Built, tmp_path: Path, signer: Ed25519Signer
) -> None:
    out = tmp_path / "out"
    export(built.reader, built.note(700), [built.vkey], out)
    (out / "checkpoint").write_bytes(sign_checkpoint(Checkpoint(ORIGIN, 700, bytes(32)), signer))
    with pytest.raises(LogInvalid) as refusal:
        verify_log(out, [built.vkey])
    assert refusal.value.values == {"file": "checkpoint"}


def test_a_changed_checkpoint_of_an_export_is_refused(built: Built, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(built.reader, built.note(700), [built.vkey], out)
    note = (out / "checkpoint").read_bytes()
    (out / "checkpoint").write_bytes(note.replace(b"\n700\n", b"\n701\n"))
    with pytest.raises(NoteForged):
        verify_log(out, [built.vkey])
    (out / "checkpoint").unlink()
    with pytest.raises(LogInvalid):
        verify_log(out, [built.vkey])
