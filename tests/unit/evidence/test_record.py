"""Records: five groups that can hold no personal value, canonical, and committed to one by one."""

import hashlib
import types
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dspace_core.crypto import Secret, YearKey
from dspace_core.evidence import (
    GROUPS,
    Act,
    Actor,
    Draft,
    Event,
    Meta,
    Next,
    Record,
    What,
    Who,
    Why,
    canonical,
    decode,
    encode,
)
from dspace_core.evidence.record import (
    Code,
    Count,
    Digest,
    ItemCode,
    Milliseconds,
    group_digest,
    group_digests,
    record_digest,
)
from dspace_core.evidence.refusals import EntryMalformed
from dspace_core.values import Basis, DataLevel, EvidenceId, to_ms

DOC = Path(__file__).parents[3] / "docs" / "formats" / "record.md"
PERSONAL = (  # fabricated, of the shapes that real ones have
    "440100199003070011", "44010019900307001X", "13800138000", "6222020000000000000", "1990-03-07", "张三", "Zhang San",
    "zhang@example.com", "91440101MA00000000", "430000", "E12345678", "1990.03.07", "a1234567",
)  # fmt: skip
patient = settings(deadline=None)
uuids = st.uuids()
codes = st.from_regex(r"\A[a-z]{1,8}(?:[._-][a-z0-9]{1,6}){0,3}\Z")
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
counts = st.integers(0, 2**53 - 1)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


any_who = st.builds(
    Who,
    actor=st.sampled_from(Actor),
    subject=maybe(uuids),
    acted=maybe(uuids),
    plugin=maybe(codes),
    client=maybe(codes),
    authority=maybe(codes),
)
any_what = st.builds(
    What,
    item=maybe(codes),
    fields=st.lists(codes, max_size=4).map(tuple),
    level=maybe(st.sampled_from(DataLevel)),
    predicate=maybe(st.booleans()),
    digest=maybe(digests),
    version=maybe(counts),
    count=maybe(counts),
)
any_why = st.builds(
    Why,
    basis=maybe(st.sampled_from(Basis)),
    grant=maybe(uuids),
    duty=maybe(uuids),
    purpose=maybe(digests),
    notice=maybe(digests),
    refusal=maybe(codes),
    until=maybe(counts),
    uses=maybe(counts),
)
any_next = st.builds(
    Next,
    recipient=maybe(codes),
    case=maybe(uuids),
    service=maybe(st.from_regex(r"\A[0-9]{12}\Z")),
    delete_by=maybe(counts),
)
any_event = st.builds(
    Event,
    kind=st.sampled_from(Act),
    entry=uuids,
    act=uuids,
    at=counts,
    use=maybe(uuids),
    source=maybe(codes),
    source_seq=maybe(counts),
    source_signature=maybe(digests),
)
drafts = st.builds(Draft, who=any_who, what=any_what, why=any_why, next=any_next, meta=any_event)
records = st.builds(
    lambda draft, seq, previous: draft.place(seq, previous if seq else None),
    drafts,
    counts,
    st.binary(min_size=32, max_size=32),
)


@patient
@given(records)
def test_a_record_reads_back_and_is_canonical(record: Record) -> None:
    encoded = encode(record)
    assert decode(encoded, Record) == record
    assert canonical(msgspec.json.decode(encoded)) == encoded


@patient
@given(drafts)
def test_a_draft_reads_back(draft: Draft) -> None:
    assert decode(encode(draft), Draft) == draft


def allowed(hint: Any) -> bool:
    """Whether a type can hold ids, codes, digests, counts, instants and closed sets only."""
    if hint in (Code, ItemCode, Digest, Count, Milliseconds, UUID, bool, type(None)):
        return True
    if hasattr(hint, "__supertype__"):
        return allowed(hint.__supertype__)
    if get_origin(hint) in (Union, types.UnionType, tuple):
        return all(allowed(part) for part in get_args(hint) if part is not Ellipsis)
    return isinstance(hint, type) and issubclass(hint, Enum)


@pytest.mark.parametrize("group", [Who, What, Why, Next, Event, Meta])
def test_no_field_of_any_group_has_a_type_that_could_hold_a_personal_value(group: type[msgspec.Struct]) -> None:
    hints = get_type_hints(group, include_extras=True)
    assert {name: hint for name, hint in hints.items() if not allowed(hint)} == {}
    assert not allowed(str)
    assert not allowed(datetime)
    assert not allowed(Annotated[str, "anything"])


@pytest.mark.parametrize("value", PERSONAL)
@pytest.mark.parametrize(
    ("group", "field"),
    [
        (Who, "plugin"), (Who, "client"), (Who, "authority"), (Who, "subject"), (Who, "acted"), (What, "item"),
        (What, "digest"), (Why, "duty"), (Why, "purpose"), (Why, "refusal"), (Why, "notice"), (Next, "recipient"),
        (Next, "service"),
    ],
)  # fmt: skip
def test_a_value_in_the_shape_of_a_personal_one_is_refused_and_not_repeated(group: Any, field: str, value: str) -> None:
    held = group(**({"actor": Actor.SYSTEM} if group is Who else {}), **{field: value})
    with pytest.raises(EntryMalformed) as refusal:
        encode(held)
    assert value not in f"{refusal.value} {refusal.value.values}"
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fields", ("birth_date", "张三")), ("level", 5), ("predicate", 1), ("count", True), ("count", 1.0), ("count", 1.5),
        ("count", -1), ("count", 2**53), ("item", "a" * 97), ("item", "A"), ("item", "a\n"), ("item", "a..b"),
        ("digest", "AB" * 32), ("digest", "ab" * 31), ("digest", bytes(32)), ("item", "\ud800"), ("item", 1j),
    ],
    ids=repr,
)  # fmt: skip
def test_what_the_types_forbid_is_refused_when_it_is_encoded(field: str, value: Any) -> None:
    with pytest.raises(EntryMalformed):
        encode(What(**{field: value}))


@pytest.mark.parametrize(
    "encoded",
    [
        b"", b"null", b"[]", b"\xff", b'{"actor":"subject","name":"x"}', b'{"actor":"nobody"}', b"{}",
        b'{ "actor":"subject"}', b'{"actor":"subject"}\n', b'{"actor":"subject","actor":"subject"}',
        b'{"actor":"subject","plugin":null}', b'{"plugin":"a","actor":"subject"}',
        b'{"actor":"subject","subject":"00000000000000000000000000000001"}',
        b'{"actor":"subject","subject":"00000000-0000-0000-0000-00000000000A"}', b'{"actor":"\\u0073ubject"}',
    ],
)  # fmt: skip
def test_only_the_canonical_form_is_read(encoded: bytes) -> None:
    with pytest.raises(EntryMalformed):
        decode(encoded, Who)


def test_the_first_entry_has_no_previous_and_every_other_has_one(draft: Draft) -> None:
    assert draft.place(0, None).meta.previous is None
    assert draft.place(1, bytes(32)).meta.previous == "00" * 32
    for seq, previous in ((0, bytes(32)), (1, None)):
        with pytest.raises(EntryMalformed):
            draft.place(seq, previous)
    whole = encode(draft.place(0, None).meta)
    with pytest.raises(EntryMalformed):
        decode(whole.replace(b'"seq":0', b'"seq":1'), Meta)


def test_placing_changes_nothing_else(draft: Draft) -> None:
    record = draft.place(7, bytes(32))
    assert (record.who, record.what, record.why, record.next) == (draft.who, draft.what, draft.why, draft.next)
    assert {name: getattr(record.meta, name) for name in Event.__struct_fields__} == msgspec.structs.asdict(draft.meta)
    assert record.meta.seq == 7


@patient
@given(records, st.uuids())
def test_the_commitment_is_the_one_of_the_page(record: Record, entry: UUID) -> None:
    key = YearKey(Secret(bytes(range(32)))).entry(EvidenceId(entry))
    groups = [
        hashlib.sha256(key.salt(name).reveal() + name.encode() + encode(getattr(record, name))).digest()
        for name in ("who", "what", "why", "next", "meta")
    ]
    assert group_digests(record, key) == tuple(groups)
    assert record_digest(tuple(groups)) == hashlib.sha256(b"rec/v1" + b"".join(groups)).digest()


def test_one_group_is_shown_by_its_salt_and_the_others_stay_hidden(draft: Draft, year: YearKey) -> None:
    record, key = draft.place(0, None), year.entry(draft.meta.entry)
    digests = group_digests(record, key)
    shown = group_digest("why", key.salt("why"), encode(record.why))
    assert record_digest((*digests[:2], shown, *digests[3:])) == record_digest(digests)
    # The same content under the salt of another group, or in another group's place, gives another digest.
    assert group_digest("why", key.salt("who"), encode(record.why)) != shown
    assert group_digest("who", key.salt("why"), encode(record.why)) != shown


def test_equal_groups_of_two_entries_have_unlike_digests(draft: Draft, year: YearKey) -> None:
    record = draft.place(0, None)
    one, other = (group_digests(record, year.entry(EvidenceId(UUID(int=number)))) for number in (1, 2))
    assert not set(one) & set(other)


def test_the_page_shows_the_bytes_of_its_example(draft: Draft, year: YearKey) -> None:
    page = DOC.read_text(encoding="utf-8")
    record, key = draft.place(1, bytes(range(32))), year.entry(draft.meta.entry)
    for name, digest in zip(GROUPS, group_digests(record, key), strict=True):
        assert encode(getattr(record, name)).decode() in page
        assert digest.hex() in page
    assert record_digest(group_digests(record, key)).hex() in page


def test_the_page_names_every_field_kind_and_role() -> None:
    page = DOC.read_text(encoding="utf-8")
    fields = {name for group in (Who, What, Why, Next, Meta) for name in group.__struct_fields__}
    names = fields | {act.value for act in Act} | {actor.value for actor in Actor}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_an_instant_is_milliseconds(draft: Draft) -> None:
    assert draft.meta.at == to_ms(datetime.fromisoformat("2026-03-01T08:30:00Z"))
