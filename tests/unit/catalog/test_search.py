"""Finding items and categories: by Chinese, pinyin, initials, English and codes; in a fixed order; and nothing by guessing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from dspace_core.catalog import STARTER, Catalogue
from dspace_core.catalog.search import LONGEST, MOST, Found, Index, Kind, Rank, search

EDITION = Catalogue.from_file(STARTER).editions[0]
INDEX = Index.of(EDITION)
PENSION = "1244000045585999793440514001000"
UNEMPLOYMENT = "1244000045585999793440514002000"
TITLES = {
    **{code: item.title.zh for code, item in EDITION.contents.items.items()},
    **{one.id: one.title.zh for one in EDITION.contents.categories.values()},
}


def ids(query: str) -> list[str]:
    return [one.id for one in INDEX.search(query, MOST)]


def rank(query: str, id: str) -> Rank | None:  # noqa: A002
    return next((one.rank for one in INDEX.search(query, MOST) if one.id == id), None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("失业保险金申领", Rank.EXACT),
        (UNEMPLOYMENT, Rank.EXACT),
        ("失业", Rank.BEGINS),
        ("unemployment", Rank.BEGINS),
        ("保险金", Rank.WITHIN),
        ("shiyebaoxianjinshenling", Rank.SPELLED),
        ("sybxjsl", Rank.INITIALS),
        ("shiyeb", Rank.SPELLED_BEGINS),
        ("sybx", Rank.INITIALS_BEGIN),
        ("baoxianj", Rank.SPELLED_WITHIN),
        ("bxj", Rank.INITIALS_WITHIN),
    ],
)
def test_each_way_of_typing_it_has_its_rank(query: str, expected: Rank) -> None:
    assert rank(query, UNEMPLOYMENT) is expected


def test_what_fits_better_comes_first_then_items_then_shorter_titles() -> None:
    found = INDEX.search("养老", MOST)
    assert [one.rank for one in found] == sorted(one.rank for one in found)
    assert ids("养老") == ["pension.record", PENSION]
    assert ids("失业") == [UNEMPLOYMENT, "unemployment.record"]
    assert ids("信用") == ["company_credit.record", "credit.record"]


@pytest.mark.parametrize(
    "query", ["shi ye bao xian jin", "ShiYeBaoXianJin", "ｓｈｉｙｅｂａｏｘｉａｎｊｉｎ", " shiye baoxianjin "]
)
def test_blanks_width_and_case_change_nothing(query: str) -> None:
    assert ids(query) == ids("shiyebaoxianjin") == [UNEMPLOYMENT]


def test_every_term_must_fit() -> None:
    assert ids("养老 待遇") == [PENSION]
    assert ids("yanglao 待遇") == [PENSION]
    assert ids("养老 失业") == []


def test_a_character_is_spoken_as_in_its_word() -> None:
    """行 is hang in 银行 and xing elsewhere."""
    assert "bank.account" in ids("yinhang")
    assert "bank.account" not in ids("yinxing")


@pytest.mark.parametrize("query", ["shiyw", "syie", "shiye1", "失叶", "hiye", "nemployment", "pensiom", "x' OR '1'='1"])
def test_nothing_is_guessed(query: str) -> None:
    assert ids(query) == []


@pytest.mark.parametrize("query", ["", " ", "\n\t", "!?", "「」", "%"])
def test_a_query_of_nothing_finds_nothing(query: str) -> None:
    assert INDEX.search(query) == ()


@pytest.mark.parametrize("id", TITLES)
def test_everything_is_found_by_its_title_its_pinyin_its_initials_and_its_id(id: str) -> None:  # noqa: A002
    title = "".join(sign for sign in TITLES[id] if sign.isalnum())
    spelled = lazy_pinyin(title)
    assert rank(title, id) is Rank.EXACT
    assert rank(id, id) is Rank.EXACT
    assert rank("".join(spelled)[:LONGEST], id) in (Rank.SPELLED, Rank.SPELLED_BEGINS)
    assert rank("".join(one[0] for one in spelled), id) in (Rank.INITIALS, Rank.INITIALS_BEGIN)


def test_no_more_is_answered_than_was_asked_for_and_never_more_than_the_most() -> None:
    assert len(INDEX.search("信息", 3)) == 3
    assert INDEX.search("信息", 0) == INDEX.search("信息", -1) == ()
    assert len(INDEX.search("信息", 10**9)) <= MOST


def test_a_found_thing_says_what_it_is() -> None:
    assert INDEX.search(PENSION) == (Found(Kind.ITEM, PENSION, EDITION.item(PENSION).title, Rank.EXACT),)
    (category,) = INDEX.search("死亡信息")
    assert category.kind is Kind.CATEGORY


@given(st.text(max_size=200))
def test_whatever_is_typed_is_answered_and_the_index_is_left_as_it_was(query: str) -> None:
    found = INDEX.search(query)
    assert found == search(EDITION, query)
    assert all(one.id in TITLES for one in found)
