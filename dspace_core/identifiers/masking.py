"""How an identifier is shown, and how it is kept from being shown.

A mask is for the person's own screen. Logs, exceptions and representations see nothing at all, not even the mask
(article 9): whoever wants the text says `.value`.
"""

from typing import Any

import msgspec

from dspace_core.values import DataLevel

_STAR = "*"
_NOTHING = _STAR * 6
"""What stands for a value that is not shown; its length is fixed, so it does not tell the value's."""


class Hidden(msgspec.Struct, frozen=True):
    """A value whose `repr` and `str` name its kind and nothing else. Every parsed identifier is one."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """No field for pretty printers either."""
        return []


def mask(text: str, level: DataLevel) -> str:
    """The text as its own subject's screen shows it: L1 whole, L2 first 3 and last 4, L3 first and last, L4 nothing.

    At least half of the characters are always hidden below L1: a short text falls to the next stricter form.
    """
    if level is DataLevel.L1:
        return text
    ends = {DataLevel.L2: ((3, 4), (1, 1)), DataLevel.L3: ((1, 1),), DataLevel.L4: ()}[level]
    for first, last in ends:
        hidden = len(text) - first - last
        if hidden >= first + last:
            return text[:first] + _STAR * hidden + text[-last:]
    return _NOTHING
