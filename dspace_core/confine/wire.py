"""The messages between host and worker, and how they are cut out of a stream. This is every ability a plugin has.

`docs/formats/wire.md` is the page for readers. A frame is its length and the number of its call (4 bytes each,
big-endian), then one message in MessagePack. The call stands outside the message, so that a message which is too
large or unreadable still ends its own call and no other.
"""

import struct
from enum import Enum
from typing import Annotated, Generic, TypeVar

import msgspec

from dspace_core.scenario import Case, Use

TO_WORKER_LIMIT = 1 << 20
"""Bytes of one message to the worker. The largest is an answer: one item of one person."""
MAX_ASKS = 256
"""Asks of one call: more than any form has items."""
TO_HOST_LIMIT = 1 << 18
"""Bytes of one message to the host. The largest is a result: one form or one decision."""
MAX_CALL = (1 << 32) - 1
NO_CALL = 0
"""The call number of the messages about the worker itself."""

_HEADER = struct.Struct(">II")

Number = Annotated[int, msgspec.Meta(ge=1, le=MAX_CALL)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]+\.[a-z_]+\Z", max_length=64)]


class Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One message. On the wire an array: its tag, then its fields in order."""


# Host to worker


class Load(Message, frozen=True, tag="load"):
    """Import this plugin; the first message, and once. With `receipts`, acknowledge each answer with its time."""

    plugin: _Name
    receipts: bool


class Call(Message, frozen=True, tag="call"):
    """Answer this hook for this case. The number in the frame is new."""

    hook: _Name
    case: Case


class Given(Message, frozen=True, tag="given"):
    """The answer to an ask: the released fields, by name. Sending it is the release."""

    ask: Number
    value: msgspec.Raw


class Refused(Message, frozen=True, tag="refused"):
    """The ask was refused, with the code of the refusal."""

    ask: Number
    code: _Code


class Drop(Message, frozen=True, tag="drop"):
    """Give this call up: it was withdrawn, or its time is over. Whatever still comes of it is thrown away."""


# Worker to host


class Ready(Message, frozen=True, tag="ready"):
    """The plugin is loaded and answers these hooks."""

    hooks: frozenset[_Name]


class Flaw(Enum):
    """Why a plugin cannot be loaded."""

    NOT_OFFERED = "not_offered"
    IMPORT_FAILED = "import_failed"
    NO_SCENARIO = "no_scenario"
    HOOK_UNKNOWN = "hook_unknown"
    ARGUMENTS_WRONG = "arguments_wrong"
    NOT_ASYNC = "not_async"
    NOT_MARKED = "not_marked"


class Unfit(Message, frozen=True, tag="unfit"):
    """The plugin cannot be loaded. `detail` names the place; no data has been near the plugin yet."""

    flaw: Flaw
    detail: Annotated[str, msgspec.Meta(max_length=500)]


class Ask(Message, frozen=True, tag="ask"):
    """Let me use this item in this case. The host alone decides, and writes down what it decided.

    The asks of one call are numbered 1, 2, 3 …
    """

    ask: Number
    case: _Name
    use: Use


class Done(Message, frozen=True, tag="done"):
    """The result of the call: one struct, which the host decodes again."""

    result: msgspec.Raw


class Failure(Enum):
    """Why a call has no result."""

    RAISED = "raised"
    ASK_REFUSED = "ask_refused"
    WRONG_RESULT = "wrong_result"
    RESULT_TOO_LARGE = "result_too_large"


class Failed(Message, frozen=True, tag="failed"):
    """The call has no result. With ASK_REFUSED, `ask` is the refused ask that the plugin let end the call.

    `kind` is the name of a built-in exception and `line` a line of the plugin's own code: an exception's text may
    hold a personal value and never crosses.
    """

    why: Failure
    ask: Annotated[int, msgspec.Meta(ge=0, le=MAX_CALL)] = 0
    kind: Annotated[str, msgspec.Meta(max_length=64)] = ""
    line: Annotated[int, msgspec.Meta(ge=0, le=999_999)] = 0


class Dropped(Message, frozen=True, tag="dropped"):
    """The answer to Drop: nothing more comes of this call. It also shows that the worker is alive."""


class Receipt(Message, frozen=True, tag="receipt"):
    """An answer arrived, at this reading of CLOCK_MONOTONIC in nanoseconds."""

    ask: Number
    at: int


ToWorker = Load | Call | Given | Refused | Drop
ToHost = Ready | Unfit | Ask | Done | Failed | Dropped | Receipt

_encoder = msgspec.msgpack.Encoder()
M = TypeVar("M")


def frame(call: int, message: Message) -> bytes:
    """One message as it goes over the wire. The sender checks the limit with `fits`."""
    body = _encoder.encode(message)
    return _HEADER.pack(len(body), call) + body


def fits(framed: bytes, limit: int) -> bool:
    """Whether the other side will take this frame."""
    return len(framed) - _HEADER.size <= limit


class Cut(msgspec.Struct, frozen=True):
    """A frame cut out of the stream. `body` is None when it was over the limit, and was never held."""

    call: int
    body: bytes | None


class FrameReader:
    """Cuts a stream into frames as the bytes come. Holds at most one frame within the limit, whatever comes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._skip = 0

    def feed(self, chunk: bytes) -> list[Cut]:
        """Take the next bytes; answer the frames that they complete. An oversize one is answered at its header."""
        kept = self._kept
        kept += chunk
        cuts: list[Cut] = []
        at = 0
        while True:
            if self._skip:
                passed = min(self._skip, len(kept) - at)
                self._skip -= passed
                at += passed
            if len(kept) - at < _HEADER.size:
                break
            size, call = _HEADER.unpack_from(kept, at)
            start = at + _HEADER.size
            if size > self._limit:
                cuts.append(Cut(call, None))
                self._skip, at = size, start
                continue
            if len(kept) < start + size:
                break
            at = start + size
            cuts.append(Cut(call, bytes(kept[start:at])))
        del kept[:at]
        return cuts

    @property
    def held(self) -> int:
        """Bytes of an unfinished frame."""
        return len(self._kept)


class Unreadable(Exception):  # noqa: N818  (an answer of the decoder, not an accident)
    """A body is no message of this direction. Says nothing more: the body may hold a personal value."""


class Reading(Generic[M]):
    """Decodes the messages of one direction, strictly."""

    def __init__(self, vocabulary: object) -> None:
        self._decoder: msgspec.msgpack.Decoder[M] = msgspec.msgpack.Decoder(vocabulary)

    def message(self, body: bytes) -> M:
        """The message in a body. Raises Unreadable."""
        try:
            return self._decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Unreadable from None


from_host: Reading[ToWorker] = Reading(ToWorker)
from_worker: Reading[ToHost] = Reading(ToHost)
