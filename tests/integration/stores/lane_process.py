"""One process of a race: `lane_process.py URL PASSWORD KEYS`. It says `ready`, waits for a line, submits, tells."""

import asyncio
import sys
from collections.abc import Sequence

import msgspec

from dspace_core.stores import CommitLane, Connection, open_pool

INSERT = "INSERT INTO entry (key, body) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING"
READ = "SELECT key, number FROM entry WHERE key = ANY($1::text[])"


async def write(connection: Connection, keys: Sequence[str]) -> list[int]:
    ordered = sorted(keys)
    await connection.execute(INSERT, ordered, ordered)
    numbers = {row["key"]: row["number"] for row in await connection.fetch(READ, ordered)}
    return [numbers[key] for key in keys]


async def main(url: str, password: str, keys: int) -> None:
    async with await open_pool(url, password=password, size=2) as pool:
        lane = CommitLane[str, int](pool, write=write, key=str, batch=8, flushers=2)
        async with lane:
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            names = [f"race-{number:03d}" for number in range(keys)]
            numbers = await asyncio.gather(*(lane.submit(name) for name in names))
    print(msgspec.json.encode(dict(zip(names, numbers, strict=True))).decode())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
