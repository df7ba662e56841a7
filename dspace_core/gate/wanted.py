"""What is asked of the gate, what it answers, and how it hands a value over."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from dspace_core.scenario import Use
from dspace_core.values import CaseId, EvidenceId, GrantId, Subject


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One ask of a plugin, put together by the host: nothing here but `use` comes from the plugin."""

    subject: Subject
    plugin: str
    edition: int
    """The edition of the catalogue that the case began under."""
    item: str
    """The code of the service item (事项)."""
    case: CaseId
    hook: str
    use: Use
    grants: tuple[GrantId, ...]
    """The grants that the case rests on."""


class Release(Protocol):
    """Hands a value over, once."""

    async def __call__(self, value: object, before_send: Callable[[], None]) -> int:
        """Send the value; answer CLOCK_MONOTONIC in ns, read just after the last byte was taken.

        `before_send` is called immediately before every call that hands bytes over, with nothing awaited in between;
        what it raises comes out here, and then no further byte goes. Returns or raises within 200 ms (design 12.5).
        """


class Released(msgspec.Struct, frozen=True):
    """A use that went out: its evidence, whether it had gone out before, and the stamp of its release."""

    evidence: EvidenceId
    redelivered: bool
    stamp: int
