"""What a filing may be made of."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspace_core.cases import Filing
from dspace_core.cases.consulting import Matter
from dspace_core.cases.refusals import FilingMalformed
from dspace_core.grants import SeparateAct
from dspace_core.values import CaseId, Subject, random_id


def filing(**changes: Any) -> Filing:
    made: dict[str, Any] = {
        "client": "dev.phone",
        "key": "k",
        "subject": Subject(random_id()),
        "item": "1244000045585999793440514001000",
        "case": CaseId(random_id()),
    }
    return Filing(**{**made, **changes})


@pytest.mark.parametrize("key", ["", "x" * 65, "a\nb", "a\x00", "a\x7f", "键", "a\n"])
def test_a_key_is_printable_ascii_of_one_to_sixty_four(key: str) -> None:
    with pytest.raises(FilingMalformed) as caught:
        filing(key=key)
    assert caught.value.values == {"part": "key"}


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64))
def test_every_printable_key_is_one(key: str) -> None:
    assert filing(key=key).key == key


@pytest.mark.parametrize("client", ["", "Phone", "电话", "a b", "110101199003070003", "x" * 97, "a\n"])
def test_a_client_is_a_name_of_our_own_lists(client: str) -> None:
    with pytest.raises(FilingMalformed) as caught:
        filing(client=client)
    assert caught.value.values == {"part": "client"}


@pytest.mark.parametrize(
    "answers",
    [
        {"": "x"},
        {"Name": "x"},
        {"name": ""},
        {"n1234567": "x"},
        {"name": "x" * 2001},
        {"name": "\ud800"},
        {"\ud800": "x"},
        {f"q{number}": "x" for number in range(101)},
        {"name": 5},
    ],
    ids=["no name", "capital", "no answer", "digits", "long", "half a pair", "half a name", "many", "number"],
)
def test_answers_are_short_texts_under_plain_names(answers: Any) -> None:
    with pytest.raises(FilingMalformed) as caught:
        filing(answers=answers)
    assert caught.value.values == {"part": "answers"}


@pytest.mark.parametrize("declined", [{""}, {"x" * 130}, {f"f{number}" for number in range(201)}])
def test_declined_fields_are_names(declined: set[str]) -> None:
    with pytest.raises(FilingMalformed) as caught:
        filing(declined=frozenset(declined))
    assert caught.value.values == {"part": "declined"}


@pytest.mark.parametrize(
    "acts",
    [{SeparateAct("\ud800", "x")}, {SeparateAct("x", str(number)) for number in range(201)}],
    ids=["half", "many"],
)
def test_acts_are_few_and_are_text(acts: set[SeparateAct]) -> None:
    with pytest.raises(FilingMalformed) as caught:
        filing(acts=frozenset(acts))
    assert caught.value.values == {"part": "acts"}


@pytest.mark.parametrize("item", ["", "1" * 51, "\ud800"], ids=["none", "long", "half"])
def test_an_item_is_a_code(item: str) -> None:
    with pytest.raises(FilingMalformed) as caught:
        filing(item=item)
    assert caught.value.values == {"part": "item"}


def test_a_refusal_repeats_nothing_of_what_was_sent() -> None:
    with pytest.raises(FilingMalformed) as caught:
        filing(answers={"Secret-Value": "x"})
    assert "Secret" not in f"{caught.value} {caught.value!r} {caught.value.__cause__} {caught.value.__context__}"


def test_article_9_what_a_scenario_is_asked_about_does_not_show_what_the_person_entered() -> None:
    matter = Matter(
        subject=Subject(random_id()),
        case=CaseId(random_id()),
        plugin="p",
        edition=1,
        item="i",
        grants=(),
        accepted=date(2026, 5, 6),
        answers={"phone": "13800138000"},
    )
    assert "13800138000" not in f"{matter} {matter!r} {[matter]}"
