import secrets
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dspace_core.crypto import (
    Day,
    EntryKey,
    FileKeyProvider,
    KeyProvider,
    Scope,
    Secret,
    SubjectAnswer,
    SubjectCase,
    SubjectIdentity,
    SubjectYear,
    YearKey,
    mint,
    recover,
    seal,
    unseal,
)
from dspace_core.crypto.refusals import NameMalformed, UnsealFailed
from dspace_core.values import CaseId, EvidenceId, Subject

DOC = Path(__file__).parents[3] / "docs" / "formats" / "keys.md"
FILE = bytes.fromhex(
    "4453504b455953310100010102030405060708000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "6d249def236c59c6e263d63f4eb67e6a04b255199f40c714b0414ef9e562ee5c"
)
YEAR = YearKey(Secret(bytes(range(32))))
ENTRY = EvidenceId(UUID("00112233-4455-4677-8899-aabbccddeeff"))
SUBJECT = Subject(UUID("0f0e0d0c-0b0a-4908-8706-050403020100"))
SALTS = {
    "who": "55e24e2f3b6096006e15289e6389043bda1a09b0073f8681df56d1b5708606de",
    "what": "bcd1e466e25e4f40503ca4236ebc11e3d5f1c409fea1e51461c4a650d5def044",
    "why": "d37e4d0fa5d5ca684e5233f716171f709a48162873b7ec22e6b1f764bb957158",
    "next": "4d63645c465530230a89de5ad03619122c57e1873c2928cec6261eafa27d3c94",
    "meta": "eb1b8537fab5e9119b3dafa3d4064d7c4babe1ecffea52d61e243ca539713d03",
}
WRAPPED = bytes.fromhex(
    "01020304050607080101404142434445464748494a4b4c4d4e4f5051525354555657e09feb63fb8158bd5250dea9be7e997f9245b8c4"
    "91e9b05d75f607d8d6cbd8e5da3521cf798412cf172bd3d1bacb6b757e4354fa50d4a7efe48286a6d440000cc2cac199262397c3a8b3"
    "6d1b8fd60b12"
)
entry_ids = st.uuids().map(EvidenceId)
scopes = st.one_of(
    st.builds(SubjectYear, st.uuids().map(Subject), st.integers(1, 9999)),
    st.builds(SubjectCase, st.uuids().map(Subject), st.uuids().map(CaseId)),
    st.builds(SubjectIdentity, st.uuids().map(Subject)),
    st.builds(SubjectAnswer, st.uuids().map(Subject), st.uuids()),
    st.builds(Day, st.dates()),
)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> KeyProvider:
    folder = tmp_path_factory.mktemp("keys")
    path = folder / "root.keys"
    path.touch(0o600)
    path.write_bytes(FILE)
    return FileKeyProvider.load(path, home=folder, production=False)


def documented(answer: bytes) -> bool:
    return answer.hex() in DOC.read_text("utf-8").replace("\n", "")


def test_the_entry_key_gives_the_known_answer() -> None:
    key = YEAR.entry(ENTRY).secret.reveal()
    assert key.hex() == "ce8c2a6bff92f21388f104a42ab77eecf733f1714b706961c373d4ae0de72216"
    assert documented(key)


@pytest.mark.parametrize(("group", "expected"), SALTS.items())
def test_each_salt_gives_the_known_answer(group: str, expected: str) -> None:
    salt = YEAR.entry(ENTRY).salt(group).reveal()
    assert salt.hex() == expected
    assert documented(salt)


def test_the_sealing_key_of_an_entry_gives_the_known_answer() -> None:
    key = YEAR.entry(ENTRY).sealing_key().reveal()
    assert key.hex() == "098ff38ee3c45b82f67df4ae0a4783ba54f8cf54a97ec9268c202303980da1bc"
    assert documented(key)


@pytest.mark.parametrize(
    ("seq", "expected"), [(0, "9a0b41f0b9b58f7c788cce0bb3b1b768"), (258, "195d13aceeebbda944b02062ee98f9ea")]
)
def test_the_link_tag_gives_the_known_answer(seq: int, expected: str) -> None:
    assert YEAR.link_tag(seq).hex() == expected
    assert documented(YEAR.link_tag(seq))


def test_a_wrapped_year_key_gives_the_known_answer(provider: KeyProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    scope = SubjectYear(SUBJECT, 2026)
    assert recover(provider, scope, WRAPPED).reveal() == bytes(range(32, 64))
    drawn = {24: bytes(range(64, 88)), 32: bytes(range(32, 64))}
    monkeypatch.setattr(secrets, "token_bytes", drawn.__getitem__)
    assert mint(provider, scope).wrapped == WRAPPED
    assert documented(WRAPPED)


@given(scopes)
def test_a_minted_key_comes_back(provider: KeyProvider, scope: Scope) -> None:
    fresh = mint(provider, scope)
    assert recover(provider, scope, fresh.wrapped) == fresh.key


@given(scopes, scopes)
def test_a_key_never_comes_back_in_another_scope(provider: KeyProvider, one: Scope, other: Scope) -> None:
    assume(one != other)
    with pytest.raises(UnsealFailed):
        recover(provider, other, mint(provider, one).wrapped)


@pytest.mark.parametrize(
    "other",
    [
        SubjectYear(SUBJECT, 2025),
        SubjectYear(Subject(UUID(int=SUBJECT.int ^ 1)), 2026),
        SubjectCase(SUBJECT, CaseId(SUBJECT)),
        Day(date(2026, 1, 1)),
    ],
)
def test_the_year_key_of_one_subject_opens_neither_another_year_nor_another_subject(
    provider: KeyProvider, other: Scope
) -> None:
    with pytest.raises(UnsealFailed):
        recover(provider, other, mint(provider, SubjectYear(SUBJECT, 2026)).wrapped)


@pytest.mark.parametrize(
    "other",
    [
        SubjectCase(Subject(UUID(int=SUBJECT.int ^ 1)), CaseId(SUBJECT)),
        SubjectCase(SUBJECT, CaseId(UUID(int=SUBJECT.int ^ 1))),
    ],
)
def test_the_key_of_one_case_opens_neither_another_case_nor_another_subject(
    provider: KeyProvider, other: Scope
) -> None:
    with pytest.raises(UnsealFailed):
        recover(provider, other, mint(provider, SubjectCase(SUBJECT, CaseId(SUBJECT))).wrapped)


def test_keys_of_one_scope_are_random_so_that_a_destroyed_one_cannot_be_made_again(provider: KeyProvider) -> None:
    for scope in (SubjectYear(SUBJECT, 2026), SubjectCase(SUBJECT, CaseId(SUBJECT)), Day(date(2026, 7, 1))):
        assert mint(provider, scope).key != mint(provider, scope).key


@given(entry_ids, entry_ids)
def test_two_entries_have_two_keys(one: EvidenceId, other: EvidenceId) -> None:
    assume(one != other)
    assert YEAR.entry(one) != YEAR.entry(other)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_two_numbers_have_two_tags_of_sixteen_bytes(one: int, other: int) -> None:
    assume(one != other)
    assert YEAR.link_tag(one) != YEAR.link_tag(other)
    assert len(YEAR.link_tag(one)) == 16


@pytest.mark.parametrize("seq", [-1, 2**64])
def test_a_number_beyond_the_leaf_format_gives_no_tag(seq: int) -> None:
    with pytest.raises(OverflowError):
        YEAR.link_tag(seq)


@given(entry_ids, st.integers(0, 2**64 - 1))
def test_everything_derived_from_one_year_key_differs(entry_id: EvidenceId, seq: int) -> None:
    entry = YEAR.entry(entry_id)
    derived = [entry.secret, entry.sealing_key(), *(entry.salt(group) for group in SALTS)]
    heads = [each.reveal()[:16] for each in derived] + [YEAR.secret.reveal()[:16], YEAR.link_tag(seq)]
    assert len(set(heads)) == len(heads)


def test_no_group_can_be_named_so_that_its_salt_is_the_sealing_key() -> None:
    with pytest.raises(NameMalformed):
        YEAR.entry(ENTRY).salt("dspace/v1/entry-seal")


def test_one_entry_key_opens_its_own_record_and_no_other() -> None:
    other = YEAR.entry(EvidenceId(UUID(int=1)))
    record = seal(YEAR.entry(ENTRY).sealing_key(), b"plain", b"")
    shown_to_a_court = EntryKey(YEAR.entry(ENTRY).secret)
    assert unseal(shown_to_a_court.sealing_key(), record, b"") == b"plain"
    with pytest.raises(UnsealFailed):
        unseal(other.sealing_key(), record, b"")
