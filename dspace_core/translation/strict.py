"""Reading JSON from outside so that it has one meaning only."""

import json
from typing import NoReturn, TypeVar

import msgspec

DEPTH_LIMIT = 16
"""Levels of nesting; a record needs four."""
_OPENING, _CLOSING, _QUOTE, _ESCAPE = b"[{", b"]}", 0x22, 0x5C
T = TypeVar("T")


class Unreadable(ValueError):  # noqa: N818  (raised by translators; the host makes a refusal of it)
    """A text is not what it should be. It says nothing of what it is, for that may be personal."""


def read_json(body: bytes, kind: type[T]) -> T:
    """Decode strictly into a struct: UTF-8, no key twice, no fraction or exponent, no deep nesting, types as declared.

    Raises Unreadable.
    """
    if _depth(body) <= DEPTH_LIMIT:
        try:
            plain = json.loads(
                body.decode("utf-8"), object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse
            )
            return msgspec.convert(plain, kind, strict=True)
        except (ValueError, msgspec.ValidationError):  # Unreadable and JSON's own are ValueErrors
            pass
    raise Unreadable


def _depth(body: bytes) -> int:
    """How deep the nesting goes, before anything is built from it."""
    deepest = depth = 0
    quoted = escaped = False
    for byte in body:
        if quoted:
            quoted = escaped or byte != _QUOTE
            escaped = not escaped and byte == _ESCAPE
        elif byte == _QUOTE:
            quoted = True
        elif byte in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif byte in _CLOSING:
            depth -= 1
    return deepest


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable
    return found


def _refuse(_text: str) -> NoReturn:
    raise Unreadable
