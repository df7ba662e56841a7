"""Translation: how the plugin of a source or a channel speaks with a system outside, without reaching it (article 8).

A translator turns an ask into a request and a response into an answer. It holds nothing and opens nothing: the host owns
sockets, credentials, time limits and retries. Everything here is a struct, so that a translator can run in a worker.
"""

from dspace_core.translation.department import Department
from dspace_core.translation.messages import HttpRequest, HttpResponse, Media
from dspace_core.translation.source import (
    Record,
    Scalar,
    SourceAnswer,
    SourceAsk,
    SourceTranslator,
    Who,
    YesNo,
    YesNoKind,
)
from dspace_core.translation.strict import Unreadable, read_json

__all__ = (
    "Department",
    "HttpRequest",
    "HttpResponse",
    "Media",
    "Record",
    "Scalar",
    "SourceAnswer",
    "SourceAsk",
    "SourceTranslator",
    "Unreadable",
    "Who",
    "YesNo",
    "YesNoKind",
    "read_json",
)
