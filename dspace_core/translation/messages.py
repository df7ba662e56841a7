"""What goes out and what comes in, as a translator sees it: one POST and its answer.

There is no place here for a query, a header or an address. What is asked stands in the body, where nobody logs it
(article 9), and a path is one of those that the translator declared before it knew of anybody.
"""

from enum import Enum
from typing import Annotated

import msgspec

REQUEST_LIMIT = 1 << 14
"""Bytes of one body that goes out: the ask about one person."""
RESPONSE_LIMIT = 1 << 16
"""Bytes of one body that comes in: one record of one person."""

Path = Annotated[str, msgspec.Meta(pattern=r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*){1,8}\Z", max_length=128)]
"""A path below the configured address: no query, no escape, no step upwards."""


class Unshown(msgspec.Struct, frozen=True):
    """A value of which nothing is printed but its kind: bodies hold personal values."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"


class Media(Enum):
    """What a body is; the character set is UTF-8."""

    JSON = "application/json"
    XML = "application/xml"
    FORM = "application/x-www-form-urlencoded"


class HttpRequest(Unshown, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request, always a POST. `repeatable`: asking twice does no more there than asking once.

    Only a repeatable request is tried again. `answer` is what the response has to be.
    """

    path: Path
    body: Annotated[bytes, msgspec.Meta(max_length=REQUEST_LIMIT)]
    media: Media = Media.JSON
    answer: Media = Media.JSON
    repeatable: bool = False


class HttpResponse(Unshown, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The response to a request that was answered with status 200 and the media type that it named."""

    body: Annotated[bytes, msgspec.Meta(max_length=RESPONSE_LIMIT)]
