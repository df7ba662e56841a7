"""Article 9 in this room: no parser fails but by a refusal, and neither refusals nor representations repeat a value."""

import logging
import string
from collections.abc import Callable
from datetime import date
from functools import partial

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.errors import Refusal, family
from dspace_core.identifiers import (
    Hidden,
    Kind,
    Verdict,
    certificate,
    citizen_id,
    codes,
    division,
    documents,
    item_codes,
    refusals,
    uscc,
)

TODAY = date(2026, 1, 1)
Parser = Callable[[str], object]


def _document(code: str, text: str) -> object:
    return documents.parse(code, text, today=TODAY)


PARSERS: dict[str, tuple[Parser, str]] = {
    "citizen_id": (lambda text: citizen_id.parse(text, TODAY), "440100199003070011"),
    "uscc": (uscc.parse, "91440100MA90002650"),
    "old_uscc": (lambda text: uscc.parse(text, accept_old=True), "91440100MA9000142X"),
    "division": (division.parse, "440113012001"),
    "certificate": (certificate.parse, "1.2.156.3005.2.11100000MB03271699022.440100.000000001.001.B"),
    "base_code": (item_codes.parse_base_code, "000117051000"),
    "implementation_code": (item_codes.parse_implementation_code, "11440232MB2D06811W4000117051000"),
    "handling_code": (item_codes.parse_handling_code, "11440232MB2D06811W400011705100001"),
    "guide_code": (item_codes.parse_guide_code, "TE44011350000011405442111689000"),
    "case_no": (item_codes.parse_case_no, "11440232MB2D06811W4000117051000202010200008"),
    **{
        f"document_{code}": (partial(_document, code), sample)
        for code, sample in [
            ("001", "91440100MA90002650"),
            ("111", "44030020180915002X"),
            ("112", "440100195511030042"),
            ("113", "440100001"),
            ("335", "440600196308140061"),
            ("414", "E00000001"),
            ("511", "00000001"),
            ("516", "H00000001"),
            ("553", "ABC000000000001"),
            ("999", "ZZ-000001"),
        ]
    },
}
each_parser = pytest.mark.parametrize(("parse", "sample"), PARSERS.values(), ids=PARSERS.keys())

HOSTILE = [
    "",
    "\x00",
    "\ud800",
    "440100199003070011\x00",
    "44010019900307001\udcff",
    "４４０１００１９９００３０７００１１",
    "٤٤٠١٠٠١٩٩٠٠٣٠٧٠٠١١",
    "²³¹⁴⁵⁶",
    "440100199003070011\u200b",
    "{kind}{0}%s",
    "\u202e110070309910010044",
    "1" * 1_000_000,
    "9" * 17 + "x" + "0" * 1_000_000,
    "1.2.156.3005.2." + "1" * 1_000_000,
    "TE" + "0" * 1_000_000,
    " " * 1_000_000,
]


def refusal_of(parse: Parser, text: str) -> Refusal | None:
    try:
        parse(text)
    except Refusal as refusal:
        return refusal
    return None


def words(refusal: Refusal) -> tuple[object, ...]:
    """All that a refusal can tell anybody."""
    return str(refusal), repr(refusal), refusal.title, refusal.advice, tuple(refusal.values.items())


SPOKEN = {
    words(refusal)
    for refusal in (
        *map(refusals.Malformed, Kind),
        *map(refusals.ChecksumFailed, Kind),
        *map(refusals.OtherDocument, documents.DOCUMENT_TYPES),
        refusals.FifteenDigits(),
        refusals.BirthUnreal(),
        refusals.BirthInFuture(),
        refusals.ProvinceUnknown(),
    )
}
"""Everything a parser may say, made without any text to parse: what stands here cannot repeat one."""


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    """A sound sample with a stretch replaced by arbitrary characters, surrogates and foreign digits among them."""
    sample = draw(st.sampled_from([sample for _, sample in PARSERS.values()]))
    start = draw(st.integers(0, len(sample)))
    end = draw(st.integers(start, min(len(sample), start + 3)))
    foreign = st.characters() | st.characters(categories=["Cs", "N"]) | st.sampled_from(string.printable)
    return sample[:start] + draw(st.text(foreign, max_size=3)) + sample[end:]


@given(st.text(st.characters() | st.characters(categories=["Cs", "N"])) | near_misses(), st.sampled_from(list(PARSERS)))
def test_no_parser_fails_on_any_text_but_by_a_refusal_that_keeps_silent(text: str, name: str) -> None:
    refusal = refusal_of(PARSERS[name][0], text)
    if refusal is None:
        return
    assert words(refusal) in SPOKEN
    assert refusal.__context__ is None
    assert refusal.__cause__ is None


@each_parser
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_refused(parse: Parser, sample: str, text: str) -> None:
    refusal = refusal_of(parse, text)
    assert refusal is not None
    assert words(refusal) in SPOKEN


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_an_examination_of_a_hostile_text_never_raises(text: str) -> None:
    assert uscc.examine(text) is Verdict.MALFORMED
    assert certificate.examine(text) is Verdict.MALFORMED


@given(st.text() | near_misses())
def test_a_verdict_of_valid_and_an_answer_of_parse_are_the_same(text: str) -> None:
    for room in (uscc, certificate):
        assert (room.examine(text) is Verdict.VALID) is (refusal_of(room.parse, text) is None)


@each_parser
def test_a_parsed_identifier_shows_its_kind_and_nothing_else(parse: Parser, sample: str) -> None:
    found = parse(sample)
    assert isinstance(found, Hidden)
    assert repr(found) == str(found) == f"{found}" == f"{type(found).__name__}(hidden)"
    assert f"{[found]!r}" == f"[{type(found).__name__}(hidden)]"
    assert found.__rich_repr__() == []


@each_parser
def test_a_parsed_identifier_gives_its_text_only_when_asked(parse: Parser, sample: str) -> None:
    assert getattr(parse(sample), "value", None) == sample


@each_parser
def test_a_parsed_identifier_stays_silent_in_a_log(
    parse: Parser, sample: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = parse(sample)
    logging.getLogger("dspace").warning("read %s and %r", found, {"subject": found})
    assert "hidden" in caplog.text
    assert sample not in caplog.text
    assert sample[:4] not in caplog.messages[0]


@each_parser
def test_parsed_identifiers_are_values(parse: Parser, sample: str) -> None:
    first, second = parse(sample), parse(sample)
    assert first == second
    assert hash(first) == hash(second)
    with pytest.raises(AttributeError):
        setattr(first, "value", "")  # noqa: B010


@each_parser
def test_a_parsed_identifier_survives_the_wire(parse: Parser, sample: str) -> None:
    found = parse(sample)
    assert msgspec.json.decode(msgspec.json.encode(found), type=type(found), strict=True) == found


REASONS: list[tuple[str, Callable[[], object]]] = [
    ("identifiers.malformed", lambda: uscc.parse("91440100MA9000265")),
    ("identifiers.checksum_failed", lambda: citizen_id.parse("110105194912310021", TODAY)),
    ("identifiers.fifteen_digits", lambda: citizen_id.parse("440100900307001", TODAY)),
    ("identifiers.birth_unreal", lambda: citizen_id.parse("440100199002300014", TODAY)),
    ("identifiers.birth_in_future", lambda: citizen_id.parse("44030020180915002X", date(2018, 9, 14))),
    ("identifiers.province_unknown", lambda: division.parse("200100")),
    ("identifiers.not_fixture", lambda: citizen_id.fixture(TODAY, codes.Sex.MALE, division="441900")),
    ("identifiers.document_type_unknown", lambda: documents.parse("000", "1", today=TODAY)),
    ("identifiers.other_document", lambda: documents.parse("553", "440100199003070011", today=TODAY)),
    ("identifiers.code_unknown", lambda: codes.SEX.label("3")),
    ("identifiers.serial_spent", lambda: item_codes.case_no(item_codes.ImplementationCode(CODE), TODAY, 10_000)),
]
CODE = "11440232MB2D06811W4000117051000"


@pytest.mark.parametrize(("code", "act"), REASONS, ids=[code for code, _ in REASONS])
def test_every_refusal_speaks_both_languages_without_a_gap(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(Refusal) as found:
        act()
    refusal = found.value
    assert refusal.code == code
    for text in (refusal.title, refusal.advice):
        assert text.zh
        assert text.en
        assert "{" not in text.zh + text.en


def test_every_refusal_of_the_room_is_shown_above() -> None:
    assert {code for code in family() if code.startswith("identifiers.")} == {code for code, _ in REASONS}


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_name_in_both_languages(kind: Kind) -> None:
    refusal = refusals.Malformed(kind)
    assert refusal.values["kind"] == kind.value
    assert refusal.title.zh != "格式不正确"
    assert not refusal.title.en.endswith(" ")
