"""Document types and numbers: one rule per type, one stored form per document."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.errors import Refusal
from dspace_core.identifiers import citizen_id, documents
from dspace_core.identifiers.check import mod_11_2
from dspace_core.identifiers.codes import Sex
from dspace_core.identifiers.documents import DOCUMENT_TYPES, DocumentType, SubjectId

TODAY = date(2026, 1, 1)
FOREIGN = "91115617000101001" + mod_11_2("91115617000101001")
TAIWAN_PERMIT = "83000017000101001" + mod_11_2("83000017000101001")
SOUND = [
    ("001", "91440100MA90002650"),
    ("111", "440100199003070011"),
    ("111", "810000198808080013"),
    ("111", TAIWAN_PERMIT),
    ("112", "44030020180915002X"),
    ("113", "440100001"),
    ("335", "440100199003070011"),
    ("414", "E00000000"),
    ("511", "00000000"),
    ("516", "H00000000"),
    ("516", "M0000000001"),
    ("553", FOREIGN),
    ("553", "ABC000000000000"),
    ("999", "A-1"),
]


@pytest.mark.parametrize(("document_type", "text"), SOUND)
def test_a_sound_number_is_read_and_stored(document_type: str, text: str) -> None:
    found = documents.parse(document_type, text, today=TODAY)
    assert (found.type, found.value) == (document_type, text)


@pytest.mark.parametrize(("document_type", "text"), SOUND)
def test_a_number_typed_in_lower_case_with_blanks_is_the_same_document(document_type: str, text: str) -> None:
    typed = documents.parse(document_type, f" {text.lower()}\t\r\n", today=TODAY)
    assert typed == documents.parse(document_type, text, today=TODAY)


@pytest.mark.parametrize(
    ("document_type", "text", "code"),
    [
        ("111", "110105194912310021", "identifiers.checksum_failed"),
        ("111", "440100199002300014", "identifiers.birth_unreal"),
        ("111", "440100900307001", "identifiers.fifteen_digits"),
        ("111", citizen_id.fixture(date(2026, 1, 2), Sex.MALE).value, "identifiers.birth_in_future"),
        ("111", FOREIGN, "identifiers.other_document"),
        ("112", "810000198808080013", "identifiers.other_document"),
        ("553", "440100199003070011", "identifiers.other_document"),
        ("111", "H00000000", "identifiers.malformed"),
        ("001", "91440100MA9000142X", "identifiers.checksum_failed"),
        ("001", "91440100MA900014IX", "identifiers.malformed"),
        ("511", "0000000", "identifiers.malformed"),
        ("511", "H00000000", "identifiers.malformed"),
        ("516", "H0000000", "identifiers.malformed"),
        ("516", "H000000000", "identifiers.malformed"),
        ("516", "A00000000", "identifiers.malformed"),
        ("414", "E000 0000", "identifiers.malformed"),
        ("414", "Ｅ00000000", "identifiers.malformed"),
        ("999", "", "identifiers.malformed"),
        ("999", "1" * 65, "identifiers.malformed"),
    ],
)
def test_an_unsound_number_is_refused_for_its_reason(document_type: str, text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        documents.parse(document_type, text, today=TODAY)
    assert refusal.value.code == code


@pytest.mark.parametrize("text", ["eſ00000", "eı00000", "eß0000"])
def test_a_foreign_letter_is_not_upper_cased_into_a_latin_one(text: str) -> None:
    assert text.upper().isascii()
    with pytest.raises(Refusal) as refusal:
        documents.parse("414", text, today=TODAY)
    assert refusal.value.code == "identifiers.malformed"


@pytest.mark.parametrize("document_type", ["", "000", "11", "1111", "１１１", "440100199003070011"])
def test_an_unknown_type_is_refused_and_not_repeated(document_type: str) -> None:
    with pytest.raises(Refusal) as refusal:
        documents.parse(document_type, "440100199003070011", today=TODAY)
    assert refusal.value.code == "identifiers.document_type_unknown"
    assert refusal.value.values == {}


def test_an_old_code_with_a_failing_check_passes_only_when_a_policy_says_so() -> None:
    found = documents.parse("001", "91440100MA9000142X", today=TODAY, accept_old_uscc=True)
    assert found.value == "91440100MA9000142X"


@pytest.mark.parametrize(
    ("document_type", "value"),
    [("111", "44030020180915002x"), ("516", "h00000000"), ("001", "91440100ma90002650"), ("414", " E0000000")],
)
def test_a_value_that_is_not_in_stored_form_cannot_be_made(document_type: str, value: str) -> None:
    with pytest.raises(Refusal):
        SubjectId(document_type, value)


def test_the_code_of_an_organisation_is_told_and_is_no_persons() -> None:
    firm, person = documents.SubjectId("001", "91440100MA90002650"), documents.SubjectId("111", "440100199003070011")
    assert (firm.uscc is not None, firm.citizen_id) == (True, None)
    assert (person.uscc, person.citizen_id is not None) == (None, True)
    assert documents.SubjectId("113", "A1").uscc is None


@pytest.mark.parametrize(
    ("document_type", "text", "is_citizen_id"),
    [
        ("111", "440100199003070011", True),
        ("553", FOREIGN, True),
        ("553", "ABC000000000000", False),
        ("001", "91440100MA90002650", False),
        ("516", "H00000000", False),
    ],
)
def test_a_subject_gives_the_citizen_number_where_the_document_bears_one(
    document_type: str, text: str, is_citizen_id: bool
) -> None:
    found = documents.parse(document_type, text, today=TODAY).citizen_id
    assert (found is not None) is is_citizen_id
    assert found is None or found.value == text


def test_two_documents_never_share_a_message_for_their_keyed_digest() -> None:
    subjects = [documents.parse(document_type, text, today=TODAY) for document_type, text in SOUND]
    assert len({subject.message for subject in subjects}) == len(SOUND)
    assert {len(code) for code in DOCUMENT_TYPES} == {3}


@given(st.sampled_from(SOUND))
def test_a_stored_subject_survives_the_wire(sound: tuple[str, str]) -> None:
    subject = SubjectId(*sound)
    assert msgspec.json.decode(msgspec.json.encode(subject), type=SubjectId, strict=True) == subject


def test_the_table_holds_the_types_of_the_national_platform() -> None:
    assert {code: entry.name for code, entry in DOCUMENT_TYPES.items()} == {
        "001": "统一社会信用代码",
        "111": "居民身份证",
        "112": "临时身份证",
        "113": "户口簿",
        "335": "驾驶证",
        "414": "普通护照",
        "511": "台湾居民来往大陆通行证",
        "516": "港澳居民来往内地通行证",
        "553": "外国人永久居留身份证",
        "999": "其他",
    }


@pytest.mark.parametrize(
    "entry",
    [
        {"code": "1", "name": "n", "rule": "uscc"},
        {"code": "888", "name": "n", "rule": "pattern"},
        {"code": "888", "name": "n", "rule": "citizen_id"},
        {"code": "888", "name": "n", "rule": "uscc", "kinds": ["resident"]},
        {"code": "888", "name": "n", "rule": "guess"},
        {"code": "888", "name": "n", "rule": "uscc", "colour": "red"},
    ],
)
def test_a_table_entry_that_says_too_little_or_too_much_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(entry, DocumentType, strict=True)
