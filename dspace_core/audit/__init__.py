"""The audit (核查): whether what the rooms promise is true of the rows that they left, one invariant at a time.

It stands above the rooms and uses none of their SQL: what writes a row is not asked whether the row is right. It only
reads, in one moment of the database, and tells rows by their ids.
"""

from dspace_core.audit.checking import Finding, Report, audit
from dspace_core.audit.invariants import Invariant
from dspace_core.audit.receipts import Receipts, Released, Stopped, read_receipts

__all__ = ("Finding", "Invariant", "Receipts", "Released", "Report", "Stopped", "audit", "read_receipts")
