"""One process of a race: `migrate_process.py URL PASSWORD FOLDER`. It says `ready`, waits for a line, migrates, tells."""

import asyncio
import sys
from pathlib import Path

from dspace_core.stores import connect, migrate


async def main(url: str, password: str, folder: Path) -> None:
    session = await connect(url, password=password)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    applied = await migrate(session, folder)
    await session.close()
    print(" ".join(str(migration.number) for migration in applied))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
