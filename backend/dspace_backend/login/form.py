"""Parameters of OAuth requests: names and values of a query or a form, each name once (RFC 6749 section 3.1)."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

MEDIA_TYPE = "application/x-www-form-urlencoded"
LARGEST = 8 * 1024
_MOST = 40


class FormError(Exception):
    """Not of the form. The message is for developers and repeats nothing."""


def read_form(raw: bytes) -> Mapping[str, str]:
    """The parameters; one without a value counts as left out. Raises FormError."""
    if len(raw) > LARGEST:
        raise FormError("the request is too long")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw), errors="strict", max_num_fields=_MOST
        )
    except (ValueError, UnicodeDecodeError):
        raise FormError("the request is not form-encoded") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise FormError("a parameter stands twice")
    return {name: value for name, value in pairs if value}


def is_form(content_type: str | None) -> bool:
    """Whether a content type says form-encoded."""
    return content_type is not None and content_type.partition(";")[0].strip().lower() == MEDIA_TYPE
