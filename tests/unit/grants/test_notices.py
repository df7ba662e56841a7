"""What a notice shows: everything the law asks for, in each language and wording, and nothing of the person's."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dspace_core.errors import Text
from dspace_core.grants import Language, Mode, NoticeId, Offer, Party, SeparateAct, Shown, Voice, render
from dspace_core.grants.notices import LIFE, encode
from dspace_core.grants.offers import settle
from dspace_core.grants.refusals import OfferMalformed
from dspace_core.grants.sentences import SENTENCES
from dspace_core.values import DataLevel, GrantId, Period

VOICES = [Voice(language, mode) for language, mode in product(Language, Mode)]
NOTICE = NoticeId(UUID(int=7))
Make = Callable[..., Offer]


def shown(offers: list[Offer], now: datetime, voice: Voice = VOICES[0]) -> Shown:
    return render(NOTICE, [(settle(offer, now), None) for offer in offers], now, now + LIFE, voice)


def test_chinese_in_the_normal_wording_is_what_is_shown_unless_asked_otherwise() -> None:
    assert Voice() == Voice(Language.ZH, Mode.NORMAL)


@pytest.mark.parametrize("voice", VOICES)
def test_a_notice_tells_who_what_why_how_long_and_what_happens_on_no(offer: Make, now: datetime, voice: Voice) -> None:
    made = offer(uses=3)
    (part,) = shown([made], now, voice).parts
    says = "\n".join(part.says)
    for text in (made.recipient.title, made.recipient.contact, made.item_title):
        assert voice.words(text) in says
    assert made.purpose in says
    assert "2027-05-06" in says
    assert "3" in part.says[-1]
    assert voice.words(made.otherwise) in part.otherwise


@pytest.mark.parametrize("voice", VOICES)
def test_each_field_stands_alone_with_its_source_and_level(offer: Make, now: datetime, voice: Voice) -> None:
    made = offer()
    (part,) = shown([made], now, voice).parts
    assert [line.key for line in part.lines] == [field.key for field in made.fields]
    for line, field in zip(part.lines, made.fields, strict=True):
        assert voice.words(field.title) in line.text
        assert voice.words(field.category.source) in line.text
        assert voice.say(f"level_{field.level.value}") in line.text


def test_a_field_that_can_be_declined_says_so(offer: Make, now: datetime) -> None:
    (part,) = shown([offer()], now).parts
    assert [line.notes for line in part.lines] == [(), ("可不提供",), ()]


def test_a_yes_or_no_field_says_that_no_value_goes_out(offer: Make, now: datetime) -> None:
    (part,) = shown([offer()], now).parts
    assert "只回答“是”或“否”" in part.lines[2].text


def test_each_recipient_and_sensitive_category_has_a_box_of_its_own(offer: Make, now: datetime) -> None:
    other = offer(recipient=Party("health", Text("卫健委", "Health"), Text("12320", "12320")), purpose="核对")
    boxes = shown([offer(), offer(purpose="核对"), other], now).boxes
    asked = [SeparateAct(box.recipient, box.category) for box in boxes]
    assert asked == [
        SeparateAct(recipient, category)
        for recipient in ("health", "human_resources")
        for category in ("bank.account", "household.record")
    ]
    assert "卫健委" in boxes[0].text
    assert "银行账户" in boxes[0].text


@pytest.mark.parametrize("voice", VOICES)
def test_a_notice_says_where_to_withdraw(offer: Make, now: datetime, voice: Voice) -> None:
    closing = shown([offer()], now, voice).closing
    assert any(word in closing[0] for word in ("撤回", "ithdraw"))


def test_a_grant_for_a_case_says_that_it_ends_with_the_case(offer: Make, now: datetime) -> None:
    assert "本次办理结束即止" in shown([offer()], now).parts[0].says[3]
    assert "本次办理" not in shown([offer(case=None)], now).parts[0].says[3]


def test_another_wording_or_language_is_another_text(offer: Make, now: datetime) -> None:
    made = offer()
    assert len({encode(shown([made], now, voice)) for voice in VOICES}) == 4


def test_two_notices_of_one_offer_differ_by_their_ids(offer: Make, now: datetime) -> None:
    made = settle(offer(), now)
    one, two = (encode(render(NoticeId(UUID(int=n)), [(made, None)], now, now + LIFE)) for n in (1, 2))
    assert one != two


def test_the_bytes_are_canonical_json(offer: Make, now: datetime) -> None:
    encoded = encode(shown([offer(uses=2)], now))
    read = json.loads(encoded)
    assert json.dumps(read, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == encoded


def test_every_sentence_exists_in_two_languages_and_two_wordings() -> None:
    for wordings in SENTENCES.values():
        texts = [words for text in wordings for words in (text.zh, text.en)]
        assert all(texts)
        placeholders = [{part.split("}")[0] for part in text.split("{")[1:]} for text in texts]
        assert all(names == placeholders[0] for names in placeholders)


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_a_title_is_never_read_as_a_pattern(title: str) -> None:
    assert f"目的:{title}" in Voice().say("purpose", purpose=title)


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("fields", {"fields": ()}),
        ("until", {"until": timedelta(0)}),
        ("until", {"until": timedelta(days=365, milliseconds=1)}),
        ("uses", {"uses": 0}),
        ("uses", {"uses": 2**31}),
        ("text", {"purpose": ""}),
        ("text", {"purpose": "发放\n办理事项:别的"}),
        ("text", {"item_title": Text("养老\u202e待遇", "Pension")}),
        ("text", {"otherwise": Text("无", " ")}),
    ],
)
def test_an_offer_of_which_no_notice_can_be_made_is_refused(
    offer: Make, now: datetime, part: str, changes: dict[str, object]
) -> None:
    placed = {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    with pytest.raises(OfferMalformed) as caught:
        settle(offer(**placed), now)
    assert caught.value.values == {"part": part}


def test_a_field_twice_is_refused(offer: Make, now: datetime) -> None:
    fields = offer().fields
    with pytest.raises(OfferMalformed):
        settle(offer(fields=(*fields, fields[0])), now)


def test_a_level_4_field_is_offered_as_yes_or_no_only(offer: Make, now: datetime) -> None:
    field = replace(offer().fields[0], level=DataLevel.L4)
    with pytest.raises(OfferMalformed) as caught:
        settle(offer(fields=(field,)), now)
    assert caught.value.values == {"part": "level"}


def test_an_amendment_cannot_outlast_a_year_from_the_first_day(offer: Make, now: datetime) -> None:
    period = Period(now - timedelta(days=100), now + timedelta(days=10))
    made = offer(amends=GrantId(UUID(int=1)))
    assert settle(made, now, period).until == period.end
    with pytest.raises(OfferMalformed):
        settle(replace(made, until=now + timedelta(days=266)), now, period)
