"""One process of a race: `approve_process.py URL PASSWORD`. It reads notices, says `ready`, waits for a line, approves.

The notices are a line of JSON: a list of [subject, notice]. It tells for each the id of its grant, or the refusal's code.
"""

import asyncio
import sys
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from dspace_core.errors import Refusal
from dspace_core.grants import Approval, Attestation, Minted, NoticeId, SeparateAct, approve
from dspace_core.stores import Connection, Pool, open_pool, transaction
from dspace_core.values import EvidenceId, GrantId, Subject, random_id

NOW = datetime(2026, 5, 6, 7, 9, 9, tzinfo=UTC)
BOXES = frozenset({SeparateAct("human_resources", "bank.account")})


async def attest(db: Connection, act: Attestation) -> str:
    await db.execute("INSERT INTO notebook VALUES ($1, $2)", act.entry, act.kind.value)
    return ""


async def one(pool: Pool, subject: UUID, notice: UUID) -> str:
    minted = (Minted(GrantId(random_id()), EvidenceId(random_id())),)
    approval = Approval(subject=Subject(subject), notice=NoticeId(notice), acts=BOXES, act=random_id(), minted=minted)
    try:
        async with transaction(pool) as db:
            approved = await approve(db, approval, NOW, attest)
    except Refusal as refusal:
        return refusal.code
    return str(approved.grants[0].id)


async def main(url: str, password: str) -> None:
    notices = msgspec.json.decode(sys.stdin.readline(), type=list[tuple[UUID, UUID]])
    async with await open_pool(url, password=password, size=2) as pool:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        told = [await one(pool, subject, notice) for subject, notice in notices]
    print(msgspec.json.encode(told).decode())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
