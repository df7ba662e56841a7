"""One process of a race: `book_process.py SERVERS MAIN KEYS PLACE COUNT`. It says `ready`, waits for a line, asks for
COUNT fabricated people at once, and tells their subjects."""

import asyncio
import sys
from datetime import date
from pathlib import Path

import msgspec

from dspace_core.identifiers import Sex, SubjectId, citizen_id
from dspace_core.identity import IdentityBook
from dspace_core.machine.addresses import Store
from dspace_core.testing.ledger import ScratchLedger
from dspace_core.testing.servers import ScratchDatabase


async def main(servers: Path, main_name: str, keys_name: str, place: Path, count: int) -> None:
    main_database = ScratchDatabase(servers, Store.MAIN, main_name)
    ledger = ScratchLedger(main_database, ScratchDatabase(servers, Store.KEYS, keys_name), place)
    people = [
        SubjectId("111", citizen_id.fixture(date(1990, 3, 7), Sex.MALE, number=each).value) for each in range(count)
    ]
    async with ledger.session("app") as app:
        book = IdentityBook(app.db, app.keyring, app.provider)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        subjects = await asyncio.gather(*(book.subject_of(person) for person in people))
    print(msgspec.json.encode(subjects).decode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]), int(sys.argv[5])))
