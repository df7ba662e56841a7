"""Finding items and categories by what people type: Chinese, full pinyin, its initials, English, or a code. Pure.

Nothing is guessed: what does not stand in a title, as written or as spoken, is not found. Needs the extra `search`.
"""

import unicodedata
from collections.abc import Iterator
from enum import Enum, IntEnum
from typing import Self

import msgspec
from pypinyin import lazy_pinyin

from dspace_core.catalog.editions import Edition
from dspace_core.errors import Text

LONGEST = 64
"""Of a longer query only so many characters are looked at."""
MOST = 50
"""No search answers more."""


class Kind(Enum):
    """What was found."""

    ITEM = "item"
    CATEGORY = "category"


class Rank(IntEnum):
    """How well it fits; the lowest comes first."""

    EXACT = 0
    """The whole title, or the whole code."""
    BEGINS = 1
    """The title begins so; in English, one of its words."""
    WITHIN = 2
    """It stands somewhere in the title."""
    SPELLED = 3
    """The whole title in pinyin."""
    INITIALS = 4
    """The initials of the whole title."""
    SPELLED_BEGINS = 5
    INITIALS_BEGIN = 6
    SPELLED_WITHIN = 7
    """From some syllable on."""
    INITIALS_WITHIN = 8


class Found(msgspec.Struct, frozen=True):
    """One item by its code, or one category by its id."""

    kind: Kind
    id: str
    title: Text
    rank: Rank


class _Entry(msgspec.Struct, frozen=True):
    kind: Kind
    id: str
    title: Text
    written: str
    """The Chinese title, letters and digits only."""
    syllables: tuple[str, ...]
    words: tuple[str, ...]
    """Of the English title."""

    def rank(self, term: str) -> Rank | None:
        """How well one term fits, if it does."""
        fits = (rank for rank, held in self._tries(term) if held)
        return next(fits, None)

    def _tries(self, term: str) -> Iterator[tuple[Rank, bool]]:
        """Every way of fitting, the best first."""
        spelled, initials = "".join(self.syllables), "".join(one[0] for one in self.syllables)
        yield Rank.EXACT, term in (self.written, self.id.lower(), "".join(self.words))
        yield Rank.BEGINS, self.written.startswith(term) or any(word.startswith(term) for word in self.words)
        yield Rank.WITHIN, term in self.written
        yield Rank.SPELLED, term == spelled
        yield Rank.INITIALS, term == initials
        yield Rank.SPELLED_BEGINS, spelled.startswith(term)
        yield Rank.INITIALS_BEGIN, initials.startswith(term)
        starts = range(1, len(self.syllables))
        yield Rank.SPELLED_WITHIN, any("".join(self.syllables[at:]).startswith(term) for at in starts)
        yield Rank.INITIALS_WITHIN, term in initials


class Index:
    """What an edition can be searched by. Make one per edition: the pinyin is looked up once."""

    def __init__(self, entries: tuple[_Entry, ...]) -> None:
        self._entries = entries

    @classmethod
    def of(cls, edition: Edition) -> Self:
        """The items and the categories of an edition."""
        contents = edition.contents
        items = (_entry(Kind.ITEM, code, item.title) for code, item in contents.items.items())
        categories = (_entry(Kind.CATEGORY, one.id, one.title) for one in contents.categories.values())
        return cls((*items, *categories))

    def search(self, query: str, limit: int = 20) -> tuple[Found, ...]:
        """What fits, the best first; of equals items before categories, then the shorter title. Parted by blanks, every term must fit.

        At most `limit`, and never more than `MOST`. A query of nothing finds nothing.
        """
        terms = _plain(query[:LONGEST]).split()
        ranked = ((_rank(one, terms), one) for one in self._entries) if terms else ()
        found = [Found(one.kind, one.id, one.title, rank) for rank, one in ranked if rank is not None]
        found.sort(key=lambda one: (one.rank, one.kind is Kind.CATEGORY, len(one.title.zh), one.id))
        return tuple(found[: max(0, min(limit, MOST))])


class Indexes:
    """The indexes of one catalogue, each made when its edition is first searched: an edition never changes."""

    def __init__(self) -> None:
        self._made: dict[int, Index] = {}

    def of(self, edition: Edition) -> Index:
        """The index of an edition."""
        made = self._made.get(edition.number)
        if made is None:
            made = self._made[edition.number] = Index.of(edition)
        return made


def search(edition: Edition, query: str, limit: int = 20) -> tuple[Found, ...]:
    """`Index.search` for once."""
    return Index.of(edition).search(query, limit)


def _rank(entry: _Entry, terms: list[str]) -> Rank | None:
    """Of the terms together as one, or of the worst of them: `shi ye` is spelled like `shiye`."""
    whole = entry.rank("".join(terms))
    parts = [rank for term in terms if (rank := entry.rank(term)) is not None]
    apart = max(parts) if len(parts) == len(terms) else None
    return min((rank for rank in (whole, apart) if rank is not None), default=None)


def _plain(text: str) -> str:
    """Small letters and digits of whatever width, blanks between them; other signs part nothing."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ü", "v")
    return "".join(sign if sign.isalnum() or sign in "._" else " " if sign.isspace() else "" for sign in folded)


def _entry(kind: Kind, id: str, title: Text) -> _Entry:  # noqa: A002  (it is one)
    written = _plain(title.zh).replace(" ", "")
    syllables = tuple(syllable for syllable in lazy_pinyin(written) if syllable)
    return _Entry(kind, id, title, written, syllables, tuple(_plain(title.en).split()))
