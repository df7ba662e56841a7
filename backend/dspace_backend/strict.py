"""Reading what comes from outside: by one struct, strictly, and refused with the place that is wrong.

The framework's own decoding is lax ("1" passes for 1, unknown fields and repeated keys pass, any content type passes),
so it is not used. No word of the request is repeated in a refusal but the place in our own structs.
"""

import json
import re
from typing import Any, TypeVar

import msgspec

from dspace_core import Refusal, Text

BODY_LIMIT = 64 * 1024
"""Bytes of a request. The largest is a form with its answers."""
DEEPEST = 16
MEDIA_TYPE = "application/json"
T = TypeVar("T")


class BodyInvalid(Refusal):
    """A body that is not of the struct its route names. `at` is the place, `problem` one of our own words."""

    code = "body.invalid"
    says = Text("请求内容有误: {at} {problem}", "the body is wrong at {at}: {problem}")
    remedy = Text("请按接口文档更正后重试", "correct it by the API reference and send it again")


class BodyMediaType(Refusal):
    """A body that does not say that it is JSON in UTF-8."""

    code = "body.media_type"
    says = Text("请求的媒体类型须为 application/json", "the media type has to be application/json")
    remedy = Text("请设置 Content-Type", "set Content-Type")


class QueryInvalid(Refusal):
    """A query that the route does not take."""

    code = "query.invalid"
    says = Text("查询参数有误: {at} {problem}", "the query is wrong at {at}: {problem}")
    remedy = Text("请按接口文档更正后重试", "correct it by the API reference and send it again")


class HeaderInvalid(Refusal):
    """A header that the route needs is missing or not of its form."""

    code = "header.invalid"
    says = Text("请求头 {name} 缺失或格式有误", "the header {name} is missing or not of its form")
    remedy = Text("请按接口文档设置该请求头", "set it as the API reference says")


def read_body(content_type: str | None, body: bytes, shape: type[T]) -> T:
    """(1) it says that it is JSON  (2) it is JSON, not too deep, no key twice  (3) it is of the struct. Raises
    BodyMediaType, BodyInvalid."""
    if content_type is None or _plain(content_type) != MEDIA_TYPE:  # 1
        raise BodyMediaType
    _check_form(body)  # 2
    try:
        return msgspec.json.decode(body, type=shape)  # 3
    except msgspec.ValidationError as wrong:
        at, problem = told(wrong)
        raise BodyInvalid(at=at, problem=problem) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BodyInvalid(at="$", problem=_NOT_JSON) from None


def read_query(pairs: list[tuple[str, str]], shape: type[T]) -> T:
    """The query by its struct: no parameter twice, none unknown. Raises QueryInvalid."""
    given = dict(pairs)
    if len(given) != len(pairs):
        raise QueryInvalid(at="$", problem=_TWICE)
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as wrong:
        at, problem = told(wrong)
        raise QueryInvalid(at=at, problem=problem) from None


def told(wrong: msgspec.ValidationError) -> tuple[str, Text]:
    """The place of an error and what is wrong there. The decoder's own words may quote the request and are dropped."""
    text = str(wrong)
    found = re.search(r" - at `(\$[^`]*)`$", text)
    at = found.group(1) if found else "$"
    if not re.fullmatch(r"\$[\w.\[\]]*", at, re.ASCII):
        at = "$"
    missing = re.match(r"Object missing required field `(\w+)`", text, re.ASCII)
    if missing:
        return f"{at}.{missing.group(1)}", Text("缺失", "it is missing")
    for start, problem in _PROBLEMS:
        if text.startswith(start):
            return at, problem
    return at, Text("格式有误", "it is not of its form")


_NOT_JSON = Text("不是有效的 JSON", "this is no JSON")
_TWICE = Text("名称重复", "a name stands twice")
_TOO_DEEP = Text("嵌套过深", "it is nested too deeply")
_PROBLEMS = (
    ("Object contains unknown field", Text("含未知字段", "it has a field that is not known")),
    ("Expected", Text("类型或取值不符", "it is not of the type or the range that is expected")),
    ("Invalid enum value", Text("取值不在列表中", "it is none of the values that are listed")),
)


def _plain(content_type: str) -> str:
    """The media type without its parameters; a charset other than UTF-8 makes it another one."""
    kind, _, rest = content_type.partition(";")
    charset = re.search(r"charset\s*=\s*\"?([^\s\";]+)", rest, re.IGNORECASE)
    if charset is not None and charset.group(1).lower() != "utf-8":
        return ""
    return kind.strip().lower()


def _check_form(body: bytes) -> None:
    """What the decoder does not see: a key that stands twice, and nesting deeper than any struct of ours."""
    if body.count(b"[") + body.count(b"{") > DEEPEST and _depth(body) > DEEPEST:
        raise BodyInvalid(at="$", problem=_TOO_DEEP)
    try:
        _FORM.decode(body.decode())
    except _Twice:
        raise BodyInvalid(at="$", problem=_TWICE) from None
    except (ValueError, RecursionError):
        raise BodyInvalid(at="$", problem=_NOT_JSON) from None


def _depth(body: bytes) -> int:
    """How deep brackets nest, those within texts aside."""
    depth = deepest = 0
    quoted = escaped = False
    for byte in body:
        if quoted:
            escaped, quoted = byte == 0x5C and not escaped, not (byte == 0x22 and not escaped)
        elif byte == 0x22:
            quoted = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


class _Twice(Exception):  # noqa: N818  (never leaves this module)
    """A key stands twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise _Twice
    return read


def _no_constant(_: str) -> object:
    raise ValueError


_FORM = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
"""Made once: the module's own functions make one for each text."""
