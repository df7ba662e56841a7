"""Entries: sealed under the subject's year, committed to by the leaf, opened by who holds the key, and by nobody else."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from dspace_core.crypto import EntryKey, Secret, YearKey, seal
from dspace_core.crypto.refusals import UnsealFailed
from dspace_core.evidence import Draft, Leaf, compose, encode, open_entry, unpack
from dspace_core.evidence.record import group_digests, record_digest
from dspace_core.evidence.refusals import EntryMalformed, EntryMismatch
from dspace_core.values import EvidenceId, from_ms

OTHER = EvidenceId(UUID(int=9))


def test_an_entry_opens_to_its_record(draft: Draft, year: YearKey) -> None:
    record = draft.place(0, None)
    entry = compose(record, year)
    key = year.entry(record.meta.entry)
    assert open_entry(record.meta.entry, entry.sealed, unpack(entry.leaf), key) == record


def test_the_leaf_has_the_instant_and_the_tag_of_the_record(draft: Draft, year: YearKey) -> None:
    leaf = unpack(compose(draft.place(258, bytes(32)), year).leaf)
    assert leaf.at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert leaf.link.hex() == "195d13aceeebbda944b02062ee98f9ea"  # docs/formats/keys.md


def test_an_entry_shows_nothing_of_its_record(draft: Draft, year: YearKey) -> None:
    entry = compose(draft.place(0, None), year)
    for word in (b"household", b"social-security", b"2222", draft.meta.entry.bytes, UUID(int=1).bytes):
        assert word not in entry.sealed + entry.leaf


def test_two_entries_of_one_record_share_the_commitment_and_not_the_sealed_bytes(draft: Draft, year: YearKey) -> None:
    one, other = (compose(draft.place(0, None), year) for _ in range(2))
    assert unpack(one.leaf).record == unpack(other.leaf).record
    assert unpack(one.leaf).sealed != unpack(other.leaf).sealed


def test_another_key_or_another_id_opens_nothing(draft: Draft, year: YearKey) -> None:
    entry = compose(draft.place(0, None), year)
    leaf = unpack(entry.leaf)
    with pytest.raises(UnsealFailed):
        open_entry(draft.meta.entry, entry.sealed, leaf, EntryKey(Secret(bytes(32))))
    with pytest.raises(UnsealFailed):
        open_entry(OTHER, entry.sealed, leaf, year.entry(draft.meta.entry))


def test_a_changed_byte_of_the_sealed_record_is_not_the_leafs(draft: Draft, year: YearKey) -> None:
    entry, key = compose(draft.place(0, None), year), year.entry(draft.meta.entry)
    for at, byte in enumerate(entry.sealed):
        spoiled = entry.sealed[:at] + bytes((byte ^ 1,)) + entry.sealed[at + 1 :]
        with pytest.raises(EntryMismatch):
            open_entry(draft.meta.entry, spoiled, unpack(entry.leaf), key)


def test_a_leaf_of_another_commitment_or_instant_does_not_fit(draft: Draft, year: YearKey) -> None:
    entry, key = compose(draft.place(0, None), year), year.entry(draft.meta.entry)
    leaf = unpack(entry.leaf)
    others: list[Leaf] = [
        msgspec.structs.replace(leaf, record=bytes(32)),
        msgspec.structs.replace(leaf, sealed=bytes(32)),
        msgspec.structs.replace(leaf, at=leaf.at.replace(year=2027)),
    ]
    for other in others:
        with pytest.raises(EntryMismatch):
            open_entry(draft.meta.entry, entry.sealed, other, key)


def test_a_record_that_bears_the_id_of_another_entry_does_not_fit(draft: Draft, year: YearKey) -> None:
    record, key = draft.place(0, None), year.entry(OTHER)
    sealed = seal(key.sealing_key(), encode(record), OTHER.bytes)
    leaf = Leaf(
        at=from_ms(record.meta.at),
        record=record_digest(group_digests(record, key)),
        sealed=hashlib.sha256(sealed).digest(),
        link=bytes(16),
    )
    with pytest.raises(EntryMismatch):
        open_entry(OTHER, sealed, leaf, key)


def test_a_record_that_its_types_forbid_is_not_composed(draft: Draft, year: YearKey) -> None:
    named = msgspec.structs.replace(draft, who=msgspec.structs.replace(draft.who, plugin="张三"))
    with pytest.raises(EntryMalformed):
        compose(named.place(0, None), year)
    with pytest.raises(EntryMalformed):
        encode(named)
