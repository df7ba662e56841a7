"""A log for the tools of others, exported by `dspace log export` from the files that a notary keeps."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from dspace_core.cli.main import main
from dspace_core.crypto import Ed25519Signer, Secret
from dspace_core.evidence import (
    Checkpoint,
    Leaf,
    LevelReader,
    LevelWriter,
    consistency_proof,
    cosign,
    frontier_at,
    inclusion_proof,
    log_vkey,
    sign_checkpoint,
    witness_vkey,
)
from dspace_core.evidence.notary import SHOWN
from dspace_core.evidence.tiles import VKEY

ORIGIN = "dev.log.example/evidence"
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
SIZE, OLD, INDEX = 66_000, 12_345, 40_000


class Exported(msgspec.Struct, frozen=True):
    """A log with three levels of tiles, cosigned once, and proofs that we made from it."""

    folder: Path
    vkey: str
    witness: str
    size: int
    root: bytes
    old_size: int
    old_root: bytes
    growth: tuple[bytes, ...]
    index: int
    leaf: bytes
    inclusion: tuple[bytes, ...]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    place = tmp_path_factory.mktemp("log")
    tags = [number.to_bytes(32, "big") for number in range(SIZE)]
    leaves = [Leaf(at=AT, record=tag, sealed=tag, link=tag[16:]).pack() for tag in tags]
    log, witness = Ed25519Signer(Secret(bytes(range(32)))), Ed25519Signer(Secret(bytes(range(1, 33))))
    vkey = str(log_vkey(ORIGIN, log.public))
    kept = place / "home" / "evidence" / "log.0"
    with LevelWriter(kept, 0) as writer:
        root = writer.append(leaves).root()
    note = sign_checkpoint(Checkpoint(ORIGIN, SIZE, root), log)
    note += cosign(note, [vkey], "witness.example/w1", witness, AT)
    (kept / SHOWN).write_bytes(note)
    (kept / VKEY).write_text(f"{vkey}\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DSPACE_HOME", str(place / "home"))
        assert main(["log", "export", str(place / "export")]) == 0
    with LevelReader(kept) as reader:
        return Exported(
            folder=place / "export",
            vkey=vkey,
            witness=str(witness_vkey("witness.example/w1", witness.public)),
            size=SIZE,
            root=root,
            old_size=OLD,
            old_root=frontier_at(reader, OLD).root(),
            growth=consistency_proof(reader, OLD, SIZE),
            index=INDEX,
            leaf=leaves[INDEX],
            inclusion=inclusion_proof(reader, INDEX, SIZE),
        )


@pytest.fixture
def flip(exported: Exported) -> "Flip":
    return Flip(exported.folder)


class Flip:
    """Changes one byte of a file of the log for as long as the block lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: tuple[Path, bytes] | None = None

    def __call__(self, path: str, at: int) -> "Flip":
        file = self._folder / path
        held = file.read_bytes()
        self._kept = file, held
        file.write_bytes(held[:at] + bytes((held[at] ^ 1,)) + held[at + 1 :])
        return self

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        if self._kept is not None:
            file, held = self._kept
            file.write_bytes(held)
