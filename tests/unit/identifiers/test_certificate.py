"""GB/T 36904 identifiers, and the data on certificates: metadata, states, faces."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dspace_core.errors import Refusal
from dspace_core.identifiers import certificate
from dspace_core.identifiers.certificate import METADATA, ROOT, SURFACES, CertificateState
from dspace_core.identifiers.check import USCC_ALPHABET, Verdict, mod_37_36

VALID = [
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000MB03271699022.440100.000000001.001.B",
    "1.2.156.3005.2.11440000006939799Q900.11440000006939799Q.DEMO0000000000000001.001.N",
    "1.2.156.3005.2.11100000000013338W001.11440100007482575H.2026000000001.001.6",
]
LETTERED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _identifier(type_code: str, issuer: str, serial: str, version: int) -> str:
    parts = (type_code, issuer, serial, f"{version:03}")
    return ".".join((ROOT, *parts, mod_37_36("".join(parts))))


_organisations = st.builds(
    "{}{}{}".format,
    st.text(USCC_ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(USCC_ALPHABET, min_size=10, max_size=10),
)
identifiers = st.builds(
    _identifier,
    st.builds("{}{}".format, _organisations, st.text(LETTERED, min_size=3, max_size=3)),
    _organisations | st.text("0123456789", min_size=6, max_size=6),
    st.text(LETTERED, min_size=1, max_size=64),
    st.integers(0, 999),
)


@pytest.mark.parametrize("text", VALID)
def test_a_valid_sample_is_read(text: str) -> None:
    assert certificate.parse(text).value == text
    assert certificate.examine(text) is Verdict.VALID


def test_an_identifier_shows_its_parts() -> None:
    found = certificate.parse(VALID[2])
    assert found.type_code == "11100000000013338W009"
    assert found.defining_body.value == "11100000000013338W"
    assert found.issuer_code == "11330105002500287C"
    assert (found.serial, found.version) == ("2025052201", 2)


def test_an_issuer_may_be_a_division() -> None:
    assert certificate.parse(VALID[1]).issuer_code == "340100"


@pytest.mark.parametrize("text", VALID)
def test_a_check_taken_over_the_root_as_well_is_wrong(text: str) -> None:
    body = text.removesuffix(text[-2:])
    assert mod_37_36(body.replace(".", "")) != mod_37_36(body.removeprefix(f"{ROOT}.").replace(".", ""))


@pytest.mark.parametrize("text", VALID)
def test_every_other_check_character_fails_as_in_examples_that_lie(text: str) -> None:
    for wrong in LETTERED.replace(text[-1], ""):
        assert certificate.examine(text[:-1] + wrong) is Verdict.CHECKSUM_FAILED
    with pytest.raises(Refusal) as refusal:
        certificate.parse(text[:-1] + ("M" if text[-1] != "M" else "D"))
    assert refusal.value.code == "identifiers.checksum_failed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        VALID[0].removeprefix(f"{ROOT}."),
        VALID[0].replace("3005", "3006"),
        VALID[0].replace(".", ""),
        VALID[0].replace(".001.", ".01."),
        VALID[0].replace("20230000403", ""),
        VALID[0].replace("20230000403", "2023.0000403"),
        VALID[0].replace("20230000403", "1" * 65),
        VALID[0].lower(),
        VALID[0] + "\n",
        VALID[0].replace("1.2.156", "1x2x156"),
        VALID[0].replace("W011", "O011"),
        VALID[0].replace("W011", "W０11"),
    ],
)
def test_a_wrong_form_is_refused(text: str) -> None:
    assert certificate.examine(text) is Verdict.MALFORMED
    with pytest.raises(Refusal) as refusal:
        certificate.parse(text)
    assert refusal.value.code == "identifiers.malformed"


@given(identifiers)
def test_an_identifier_with_its_check_character_is_always_read_and_its_parts_give_it_back(text: str) -> None:
    found = certificate.parse(text)
    assert _identifier(found.type_code, found.issuer_code, found.serial, found.version) == text


@given(identifiers, st.data())
def test_any_single_wrong_character_is_caught(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.sampled_from(LETTERED) | st.characters())
    assume(wrong != text[at])
    assert certificate.examine(text[:at] + wrong + text[at + 1 :]) is not Verdict.VALID


@pytest.mark.parametrize("text", VALID)
def test_all_single_wrong_characters_of_a_sample_are_caught(text: str) -> None:
    for at in range(len(text)):
        for wrong in f"{LETTERED}.".replace(text[at], ""):
            assert certificate.examine(text[:at] + wrong + text[at + 1 :]) is not Verdict.VALID


def test_only_a_valid_certificate_is_usable() -> None:
    assert [state for state in CertificateState if state.usable] == [CertificateState.VALID]


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("01", CertificateState.VALID),
        ("02", CertificateState.SUSPENDED),
        ("03", CertificateState.REVOKED),
        ("04", CertificateState.CANCELLED),
        ("05", CertificateState.LAPSED),
        ("06", CertificateState.TRANSFERRING_OUT),
        ("07", CertificateState.FORFEITED),
        ("99", CertificateState.OTHER),
    ],
)
def test_a_state_has_the_code_of_the_ministrys_table(code: str, state: CertificateState) -> None:
    assert CertificateState(code) is state


def test_the_metadata_names_are_those_of_the_interfaces() -> None:
    assert set(METADATA) >= {
        "certificateType", "certificateTypeCode", "certificateName", "certificateIdentifier", "certificateNumber",
        "certificateHolder", "certificateHolderCode", "certificateHolderType", "issueDept", "issueDeptCode", "issueDate",
        "certificateValidateStart", "certificateValidateEnd", "certificateAreaCode", "surface", "digitalSign",
        "cd_operation", "cd_time", "cd_batch",
    }  # fmt: skip


def test_the_starter_set_has_ten_faces_under_their_chinese_names() -> None:
    assert {face.name for face in SURFACES.values()} == {
        "居民身份证", "居民户口簿", "社会保障卡", "医保电子凭证", "出生医学证明",
        "结婚证", "营业执照", "居住证", "残疾人证", "不动产权证书",
    }  # fmt: skip


@pytest.mark.parametrize("certificate_type", sorted(SURFACES))
def test_no_face_names_a_field_twice(certificate_type: str) -> None:
    face = certificate.surface(certificate_type)
    names = [*face.fields, *(part.name for part in face.part)]
    assert len(names) == len(set(names))
    assert all(len(part.fields) == len(set(part.fields)) for part in face.part)


def test_a_household_book_lists_its_members_with_their_own_fields() -> None:
    (members,) = certificate.surface("household_book").part
    assert members.many
    assert {"name", "relation", "birth_date", "id_number"} <= set(members.fields)


def test_a_certificate_outside_the_starter_set_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        certificate.surface("fishing_permit")
    assert refusal.value.code == "identifiers.code_unknown"
