"""The stores: PostgreSQL for the truth, Valkey for what may be forgotten. The room knows no table and no other room."""

from dspace_core.stores.clocks import check_clocks, clock_skew
from dspace_core.stores.ephemeral import Ephemeral, ValkeyEphemeral
from dspace_core.stores.failures import BrokenWriteError
from dspace_core.stores.lane import CommitLane
from dspace_core.stores.migrations import Migration, migrate, pending, read_folder, schema_version
from dspace_core.stores.sessions import SERVING, Connection, Pool, Record, connect, open_pool
from dspace_core.stores.transactions import Isolation, transaction

__all__ = (
    "SERVING",
    "BrokenWriteError",
    "CommitLane",
    "Connection",
    "Ephemeral",
    "Isolation",
    "Migration",
    "Pool",
    "Record",
    "ValkeyEphemeral",
    "check_clocks",
    "clock_skew",
    "connect",
    "migrate",
    "open_pool",
    "pending",
    "read_folder",
    "schema_version",
    "transaction",
)
