"""The gate: no value of a data field leaves a source but through here, and each one leaves its evidence first.

From below: what an item declares (`declaring`), who may release (`lease`), what was stopped (`stops`), what a law allows
(`duties`), the work of the commit lane (`admitting`), and the door itself (`door`).
"""

from dspace_core.gate import duties
from dspace_core.gate.door import Gate, Stopping
from dspace_core.gate.duty_tables import Duty
from dspace_core.gate.lease import Lease
from dspace_core.gate.records import durably, purpose_digest, recorder
from dspace_core.gate.wanted import Release, Released, Wanted

__all__ = (
    "Duty",
    "Gate",
    "Lease",
    "Release",
    "Released",
    "Stopping",
    "Wanted",
    "durably",
    "duties",
    "purpose_digest",
    "recorder",
)
