"""The file of receipts: when something was released, and when a stop was answered, stamped by whoever watched.

JSON lines. Stamps are nanoseconds of CLOCK_MONOTONIC of one host: they say what came before what, and no time of day.
"""

from pathlib import Path
from uuid import UUID

import msgspec

from dspace_core.audit.refusals import ReceiptsMalformed


class Released(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Data went out. `grant` is None for a use by a duty of law; `evidence` is the entry that the release answered with."""

    evidence: UUID
    use: UUID
    subject: UUID
    grant: UUID | None
    at: int
    """After the last byte."""


class Stopped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A withdrawal was answered."""

    subject: UUID
    grant: UUID
    at: int
    """When the answer was sent."""


class Receipts(msgspec.Struct, frozen=True):
    """What a file holds."""

    released: tuple[Released, ...] = ()
    stopped: tuple[Stopped, ...] = ()

    def late(self) -> list[Released]:
        """What was released after the first stop of its grant had been answered (article 3)."""
        stops: dict[tuple[UUID, UUID], int] = {}
        for stop in self.stopped:
            key = stop.subject, stop.grant
            stops[key] = min(stop.at, stops.get(key, stop.at))
        return [
            one
            for one in self.released
            if one.grant is not None and one.at > stops.get((one.subject, one.grant), one.at)
        ]


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    released: Released | None = None
    stopped: Stopped | None = None


def read_receipts(file: Path) -> Receipts:
    """Read a file. Refuses with `ReceiptsMalformed`, which names the first line that is not one; raises OSError."""
    decoder = msgspec.json.Decoder(_Line)
    released, stopped = [], []
    with file.open("rb") as lines:
        for number, held in enumerate(lines, 1):
            try:
                line = decoder.decode(held)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise ReceiptsMalformed(line=number) from None
            if (line.released is None) == (line.stopped is None):
                raise ReceiptsMalformed(line=number)
            if line.released is not None:
                released.append(line.released)
            if line.stopped is not None:
                stopped.append(line.stopped)
    return Receipts(tuple(released), tuple(stopped))
