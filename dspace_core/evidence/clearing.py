"""Clearing: the bytes of destroyed keys leave the files of the keys cluster, and it is seen that they did.

A key that is set to nothing lives on as an old version of its row, in the free space of its page, and in the WAL. Only
writing the table anew takes it out of the table's file, and only removing the WAL files takes it out of those.
"""

import asyncio
from collections.abc import Collection

from dspace_core.evidence.ledger_refusals import KeysKept
from dspace_core.stores import Connection, Pool
from dspace_core.stores.failures import refusal_for

DAYS = "day_key"
_SECONDS = 600.0
_PATIENCE_SECONDS = 5.0
_POLL_SECONDS = 0.02
_RIGHTS = """
    SELECT pg_has_role('pg_checkpoint', 'USAGE') AND bool_and(has_function_privilege(name, 'EXECUTE'))
    FROM unnest(ARRAY['pg_switch_wal()', 'pg_ls_waldir()']) AS name
"""
_MARK = "SELECT pg_current_xact_id()::text"
_OTHERS_ENDED = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8"
"""Whether every transaction that ran before $1, in any database of the cluster, has ended: writing anew looks back to them."""
_OLD_VERSIONS = """
    SELECT EXISTS (SELECT FROM pg_class WHERE oid = ANY($1::text[]::regclass[]) AND age(relfrozenxid) > age($2::text::xid8::xid))
"""
"""Whether a table may still hold versions that died before transaction $2. What is written anew is frozen up to the oldest
transaction that anybody can still see, and older dead versions are left out: that boundary is the table's own."""
_NOW_WRITING = "SELECT pg_walfile_name(pg_current_wal_insert_lsn())"
_WAL_LEFT = """
    SELECT EXISTS (
        SELECT FROM pg_ls_waldir(), substr(name, 9, 16) AS place
        WHERE name ~ '^[0-9A-F]{24}(\\.partial)?$'
        AND (place <= substr($1, 9, 16) OR place > substr(pg_walfile_name(pg_current_wal_insert_lsn()), 9, 16)))
"""
"""Whether a file is there that was written up to file $1, or one kept to be written over, whose old bytes nobody knows."""


async def clear(keys: Pool, names: Collection[str]) -> None:
    """Take what was destroyed before out of the tables named and out of the WAL. Enters as the notary, outside a
    transaction.

    (1) this session may do all that follows, and WAL files are removed, not used again  (2) transactions that run are
    waited for, 5 s at most, and each table is written anew  (3) no session of old kept dead rows in it  (4) the WAL goes
    on in a new file, and a checkpoint lets go of the older ones  (5) none of them is there.
    Each table is closed to others while it is written; they are waited for 1 s at most. Refuses with `KeysKept`, which
    says what still holds the bytes, and with what `stores` refuses with; it can be called again at any time.
    """
    async with keys.acquire() as session:
        try:
            await _clear(session, names)
        except Exception as error:
            refusal = refusal_for(error, session)
            if refusal is None:
                raise
            raise refusal from None


async def _clear(session: Connection, names: Collection[str]) -> None:
    if not await session.fetchval(_RIGHTS):  # 1
        raise KeysKept(where="rights")
    if await session.fetchval("SHOW wal_recycle") != "off":
        raise KeysKept(where="wal_recycle")
    mark = await session.fetchval(_MARK)
    await _others_ended(session, mark)
    await session.execute("SET lock_timeout = '1s'")  # the pool resets it
    for name in sorted(set(names)):
        await session.execute(f"VACUUM (FULL) {name}", timeout=_SECONDS)  # 2
    if await session.fetchval(_OLD_VERSIONS, list(names), mark):  # 3
        raise KeysKept(where="snapshot")
    last = await session.fetchval(_NOW_WRITING)
    await session.execute("SELECT pg_switch_wal()")  # 4
    await session.execute("CHECKPOINT", timeout=_SECONDS)
    if await session.fetchval(_WAL_LEFT, last):  # 5
        raise KeysKept(where="wal")


async def _others_ended(session: Connection, mark: str) -> None:
    clock = asyncio.get_running_loop().time
    deadline = clock() + _PATIENCE_SECONDS
    while not await session.fetchval(_OTHERS_ENDED, mark):
        if clock() >= deadline:
            raise KeysKept(where="snapshot")
        await asyncio.sleep(_POLL_SECONDS)
