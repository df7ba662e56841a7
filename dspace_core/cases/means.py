"""What the room works with, put together by wiring."""

from collections.abc import Callable, Mapping

import msgspec

from dspace_core.calendar import WorkingCalendar
from dspace_core.cases.ports import Plugins
from dspace_core.catalog import Catalogue
from dspace_core.errors import Text
from dspace_core.evidence.keyring import Keyring
from dspace_core.gate import Gate, Lease
from dspace_core.stores import Pool


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """One for each process. Business time is the keyring's clock."""

    db: Pool
    keyring: Keyring
    catalogue: Callable[[], Catalogue]
    """The catalogue as it is now: editions open while a process runs."""
    calendar: WorkingCalendar
    contacts: Mapping[str, Text]
    """How people reach each authority, by its id."""
    gate: Gate
    lease: Lease
    """Its name stands beside what this process works on."""
    plugins: Plugins
