"""Processes that run one tap of A3, or the notary, and are killed at a named point of it.

The launcher has everything imported and forks: a child is at work in a fifth of a second. Each line on its stdin is a
list of jobs, which run side by side; it answers with the list of how the children ended.
"""

import asyncio
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from dspace_core.cases import Filing
from dspace_core.confine.crew import Crew
from dspace_core.confine.process import executed
from dspace_core.points import Point, arm
from dspace_core.testing.claims import PLUGIN
from dspace_core.testing.counter import Counter
from dspace_core.testing.space import ScratchSpace


def dying(after: int) -> Callable[[], None]:
    """Kills this process when it is called for the n-th time."""
    left = [after]

    def die() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return die


async def tap(space: ScratchSpace, filing: Filing) -> None:
    """File one case with the real plugin."""
    async with space.process() as process:
        crew = Crew({PLUGIN: executed(Path(sys.executable))})
        await crew.start()
        await Counter(process, filing.subject, crew).intake.file(filing)
        await crew.close()


async def number(space: ScratchSpace) -> None:
    """Number what waits, again and again."""
    async with space.ledger.session("notary") as session, session.notary() as notary:
        while True:
            await notary.step()
            await asyncio.sleep(0.001)


def run(space: ScratchSpace, point: Point, after: int, filing: Filing | None) -> None:
    """What a child does."""
    signal.alarm(30)  # a child that comes to no point ends all the same
    arm(point, dying(after))
    asyncio.run(number(space) if filing is None else tap(space, filing))


def main() -> None:
    """Fork for each job."""
    space: ScratchSpace = pickle.loads(bytes.fromhex(sys.stdin.readline()))  # noqa: S301  (our own parent's)
    print("ready", flush=True)
    for line in sys.stdin:
        children = []
        for point, after, filing in pickle.loads(bytes.fromhex(line)):  # noqa: S301
            child = os.fork()
            if child == 0:
                try:
                    run(space, point, after, filing)
                except BaseException:  # noqa: BLE001  (whatever it was, this child must not go on as its launcher)
                    traceback.print_exc()
                os._exit(1)
            children.append(child)
        print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children], flush=True)


if __name__ == "__main__":
    main()
