"""A small log with one told entry: what a bundle and an export are made from."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from dspace_core.crypto import Ed25519Signer, EntryKey, Secret, YearKey
from dspace_core.evidence import (
    Act,
    Actor,
    Checkpoint,
    Draft,
    Event,
    Leaf,
    LevelReader,
    LevelWriter,
    Next,
    Record,
    What,
    Who,
    Why,
    compose,
    log_vkey,
    sign_checkpoint,
)
from dspace_core.values import Basis, CaseId, DataLevel, EvidenceId, GrantId, Subject, UseId, to_ms

ORIGIN = "dev.log.example/evidence"
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


class Told(msgspec.Struct, frozen=True):
    """A log in its folder, and the entry that stands at `index` in it."""

    folder: Path
    note: bytes
    vkey: str
    root: bytes
    size: int
    record: Record
    key: EntryKey
    leaf: bytes
    sealed: bytes
    index: int


@pytest.fixture
def signer() -> Ed25519Signer:
    return Ed25519Signer(Secret(bytes(range(32))))


@pytest.fixture
def leaves() -> Callable[[int, int], list[bytes]]:
    """Packed leaves by their numbers, each unlike the others."""

    def make(start: int, end: int) -> list[bytes]:
        tags = [number.to_bytes(32, "big") for number in range(start, end)]
        return [Leaf(at=AT, record=tag, sealed=tag, link=tag[16:]).pack() for tag in tags]

    return make


@pytest.fixture
def draft() -> Draft:
    return Draft(
        who=Who(actor=Actor.PLUGIN, subject=Subject(UUID(int=1)), plugin="social-security", authority="gz.hrss"),
        what=What(item="household.record", fields=("birth_date", "district"), level=DataLevel.L3),
        why=Why(
            basis=Basis.GRANT,
            grant=GrantId(UUID(int=2)),
            purpose="25eac914eba37713072f0e75edcfb5e30a0c6db07aaaf2c688984b8846a279de",
        ),
        next=Next(recipient="social-security", case=CaseId(UUID(int=3)), service="440111000001"),
        meta=Event(
            kind=Act.USE_RELEASED,
            entry=EvidenceId(UUID("00112233-4455-4677-8899-aabbccddeeff")),
            act=UUID(int=5),
            at=to_ms(AT),
            use=UseId(UUID(int=6)),
            source="gz.police",
        ),
    )


@pytest.fixture
def year() -> YearKey:
    return YearKey(Secret(bytes(range(32))))


@pytest.fixture
def told(
    tmp_path: Path,
    signer: Ed25519Signer,
    leaves: Callable[[int, int], list[bytes]],
    draft: Draft,
    year: YearKey,
) -> Told:
    record = draft.place(1, bytes(range(32)))
    entry = compose(record, year)
    index, size = 300, 600
    held = [*leaves(0, index), entry.leaf, *leaves(index + 1, size)]
    folder = tmp_path / "levels"
    with LevelWriter(folder, 0) as writer:
        root = writer.append(held).root()
    return Told(
        folder=folder,
        note=sign_checkpoint(Checkpoint(ORIGIN, size, root), signer),
        vkey=str(log_vkey(ORIGIN, signer.public)),
        root=root,
        size=size,
        record=record,
        key=year.entry(record.meta.entry),
        leaf=entry.leaf,
        sealed=entry.sealed,
        index=index,
    )


@pytest.fixture
def reader(told: Told) -> Iterator[LevelReader]:
    with LevelReader(told.folder) as opened:
        yield opened
