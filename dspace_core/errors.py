"""The family of refusals: one base, a stable code for machines, values instead of prose, and what to do next.

The core never writes a sentence into an exception. A refusal carries a code and values; the sentence is made from
the class's own texts when someone reads it, in Chinese or in English. Article 9: no personal value may be among the
values, so they are short facts about the machine and the request (names of settings, ids, counts, dates), never data.
"""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import msgspec


class Text(msgspec.Struct, frozen=True):
    """One sentence in both languages. Chinese comes first; `{name}` stands for a value."""

    zh: str
    en: str

    def fill(self, values: Mapping[str, "Value"]) -> "Text":
        """The sentence with its values put in; a value that is itself a text is put in by language."""
        zh = {name: value.zh if isinstance(value, Text) else value for name, value in values.items()}
        en = {name: value.en if isinstance(value, Text) else value for name, value in values.items()}
        return Text(self.zh.format_map(zh), self.en.format_map(en))


Value = str | int | bool | date | datetime | Path | UUID | Text
"""What a refusal may carry: plain facts that print the same everywhere, and words that have both languages."""

_family: dict[str, type["Refusal"]] = {}


class Refusal(Exception):  # noqa: N818  (a refusal is an answer, not an accident)
    """The base of every "no" in Digital Space. Raised as is only by nobody: each refusal is a class with a code.

    `code` is stable once released (`room.reason`), `says` tells what happened, `remedy` what to do next.
    """

    code: ClassVar[str]
    says: ClassVar[Text]
    remedy: ClassVar[Text]

    def __init_subclass__(cls) -> None:
        """Enter the class into the family; two classes may not share a code."""
        missing = [name for name in ("code", "says", "remedy") if not hasattr(cls, name)]
        if missing:
            raise TypeError(f"{cls.__name__} has no {', '.join(missing)}")
        known = _family.get(cls.code)
        if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"the code {cls.code!r} belongs to {known.__qualname__}")
        _family[cls.code] = cls

    def __init__(self, **values: Value) -> None:
        self.values: dict[str, Value] = values
        super().__init__(self.code)

    @property
    def title(self) -> Text:
        """What happened, with the values put in."""
        return self.says.fill(self.values)

    @property
    def advice(self) -> Text:
        """What to do next, with the values put in."""
        return self.remedy.fill(self.values)

    def __str__(self) -> str:
        return f"{self.code}: {self.title.en}. {self.advice.en}."


def family() -> dict[str, type[Refusal]]:
    """Every refusal imported so far, by code, in the order of the codes. Documentation and tests walk it."""
    return dict(sorted(_family.items()))
