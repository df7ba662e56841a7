"""A small log with one told entry, as files: a bundle, and the log exported."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from dspace_core.cli.main import main
from dspace_core.crypto import Ed25519Signer, Secret, YearKey
from dspace_core.evidence import (
    Act,
    Actor,
    Checkpoint,
    Draft,
    Event,
    Leaf,
    LevelReader,
    LevelWriter,
    What,
    Who,
    compose,
    cosign,
    export,
    inclusion_proof,
    log_vkey,
    make_bundle,
    sign_checkpoint,
    witness_vkey,
)
from dspace_core.values import EvidenceId, Subject, to_ms

ORIGIN = "dev.log.example/evidence"
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
SIZE, INDEX = 300, 270


class Papers(msgspec.Struct, frozen=True):
    """What a stranger holds, and the keys that he trusts."""

    bundle: Path
    log: Path
    vkey: str
    witness: str
    stranger: str


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    draft = Draft(
        who=Who(actor=Actor.PLUGIN, subject=Subject(UUID(int=1)), plugin="social-security"),
        what=What(item="household.record", fields=("birth_date", "district")),
        meta=Event(kind=Act.USE_RELEASED, entry=EvidenceId(UUID(int=4)), act=UUID(int=5), at=to_ms(AT)),
    )
    record, year = draft.place(0, None), YearKey(Secret(bytes(range(32))))
    entry = compose(record, year)
    tags = [number.to_bytes(32, "big") for number in range(SIZE)]
    leaves = [Leaf(at=AT, record=tag, sealed=tag, link=tag[16:]).pack() for tag in tags]
    leaves[INDEX] = entry.leaf
    signer, witness = Ed25519Signer(Secret(bytes(range(32)))), Ed25519Signer(Secret(bytes(range(1, 33))))
    vkey = str(log_vkey(ORIGIN, signer.public))
    with LevelWriter(tmp_path / "levels", 0) as writer:
        note = sign_checkpoint(Checkpoint(ORIGIN, SIZE, writer.append(leaves).root()), signer)
    note += cosign(note, [vkey], "witness.example/w1", witness, AT)
    with LevelReader(tmp_path / "levels") as reader:
        export(reader, note, [vkey], tmp_path / "log")
        proof = inclusion_proof(reader, INDEX, SIZE)
    bundle = tmp_path / "bundle.json"
    shown = ("who", "what", "meta")
    bundle.write_bytes(
        make_bundle(record, year.entry(record.meta.entry), entry.leaf, index=INDEX, proof=proof, note=note, show=shown)
    )
    return Papers(
        bundle=bundle,
        log=tmp_path / "log",
        vkey=vkey,
        witness=str(witness_vkey("witness.example/w1", witness.public)),
        stranger=str(witness_vkey("witness.example/w2", witness.public)),
    )


@pytest.fixture
def verify(papers: Papers) -> Callable[..., int]:
    """The exit code of the verb, under the log's key and the witness's."""

    def run(*argv: str | Path) -> int:
        return main(["verify", "--vkey", papers.vkey, "--vkey", papers.witness, *map(str, argv)])

    return run
