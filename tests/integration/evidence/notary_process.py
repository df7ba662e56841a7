"""One notary that a test kills: `notary_process.py SERVERS MAIN KEYS PLACE`. It says `ready` and numbers for ever."""

import asyncio
import sys
from pathlib import Path

from dspace_core.machine.addresses import Store
from dspace_core.testing.ledger import ScratchLedger
from dspace_core.testing.servers import ScratchDatabase


async def main(servers: Path, main_name: str, keys_name: str, place: Path) -> None:
    main_database = ScratchDatabase(servers, Store.MAIN, main_name)
    ledger = ScratchLedger(main_database, ScratchDatabase(servers, Store.KEYS, keys_name), place)
    async with ledger.session("notary") as clerk, clerk.notary() as notary:
        print("ready", flush=True)
        await notary.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])))
