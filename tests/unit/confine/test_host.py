"""The handle on a worker, against a process that we play ourselves."""

import asyncio
import socket

from dspace_core.confine import wire
from dspace_core.confine.host import Worker
from dspace_core.confine.process import Process


class Lingering:
    """A worker that comes up, and that takes its time to go when it is killed."""

    def __init__(self) -> None:
        self.sock, self.theirs = socket.socketpair()
        self.sock.setblocking(False)
        self.theirs.send(wire.frame(wire.NO_CALL, wire.Ready(frozenset())))
        self.killed = asyncio.Event()
        self.may_go = asyncio.Event()
        self.waited_for = False

    def kill(self) -> None:
        self.killed.set()

    async def wait(self) -> None:
        await self.may_go.wait()
        self.waited_for = True


async def test_closing_waits_for_a_process_that_was_ending_already() -> None:
    """Else it is left to nobody: not waited for, and still there when the loop is gone."""
    process = Lingering()

    async def spawn() -> Process:
        return process

    worker = Worker("trial", spawn)
    await worker.start()
    process.theirs.close()
    await process.killed.wait()
    await asyncio.sleep(0)  # the keeper has heard that the session is lost, and waits for the process
    closing = asyncio.ensure_future(worker.close())
    for _ in range(5):
        await asyncio.sleep(0)
    process.may_go.set()
    await closing
    assert process.waited_for
