"""An entry composed: the record sealed under the subject's year, and the leaf that commits to it. And opened again."""

import hmac

import msgspec

from dspace_core.crypto import EntryKey, YearKey, seal, unseal
from dspace_core.evidence.leaf import Leaf
from dspace_core.evidence.record import Meta, Record, decode, encode, group_digests, record_digest
from dspace_core.evidence.refusals import EntryMismatch
from dspace_core.values import EvidenceId, from_ms, to_ms


class Entry(msgspec.Struct, frozen=True):
    """What is stored of an entry, and what of it is published."""

    sealed: bytes
    leaf: bytes


def compose(record: Record, year: YearKey) -> Entry:
    """The entry of a record at its place. Refuses what the record's types do not allow (`EntryMalformed`)."""
    meta: Meta = record.meta
    key = year.entry(meta.entry)
    sealed = seal(key.sealing_key(), encode(record), meta.entry.bytes, key.suite)
    leaf = Leaf(
        at=from_ms(meta.at),
        record=record_digest(group_digests(record, key), key.suite),
        sealed=key.suite.hash.digest(sealed),
        link=year.link_tag(meta.seq),
        suite=key.suite.number,
    )
    return Entry(sealed, leaf.pack())


def open_entry(entry: EvidenceId, sealed: bytes, leaf: Leaf, key: EntryKey) -> Record:
    """The record of an entry: (1) its suite  (2) the sealed bytes are the leaf's  (3) they open  (4) so is the record,
    its id and its instant.

    Refuses with `EntryMismatch`, `EntryMalformed`, or what `crypto.unseal` refuses with.
    """
    key.suite.admit(leaf.suite)  # 1
    if not hmac.compare_digest(key.suite.hash.digest(sealed), leaf.sealed):  # 2
        raise EntryMismatch
    record = decode(unseal(key.sealing_key(), sealed, entry.bytes, key.suite), Record)  # 3
    commitment = record_digest(group_digests(record, key), key.suite)
    if (commitment, record.meta.entry, record.meta.at) != (leaf.record, entry, to_ms(leaf.at)):  # 4
        raise EntryMismatch
    return record
