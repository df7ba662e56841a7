"""The wire alone: calls of a real plugin process, each with one ask, answered from memory. No gate, no lock-down."""

import asyncio
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from dspace_core.confine.asks import Asked, Release
from dspace_core.confine.host import Worker
from dspace_core.confine.process import executed
from dspace_core.scenario import DECIDE, Case

ROOT = Path(__file__).parents[1]
IN_FLIGHT = 32
ROUNDS, SECONDS = 3, 2.0
PLUGIN = """
import msgspec
from dspace_core.errors import Text
from dspace_core.scenario import Case, Data, Item, Outcome, Reason, Scenario, conclude, hookimpl

class Pension(msgspec.Struct):
    paid_months: int
    district: str

PENSION = Item("pension.record", Pension, "核对养老保险缴费年限")
SAYS = Text("缴费满十五年", "fifteen years are paid")

class Bench(Scenario):
    @hookimpl
    async def decide(self, case: Case, data: Data) -> Outcome:
        held = (await data.use(PENSION)).paid_months >= 180
        facts = (PENSION.fact("paid_months"),)
        return conclude(Reason(rule="A3.months", version="2020-06", facts=facts, held=held, says=SAYS))
"""
ANSWER = {"paid_months": 200, "district": "440104"}


def environment(folder: Path) -> Path:
    """An environment with the plugin and this SDK in it; answer its interpreter."""
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    info = site / "dspace_bench-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "dspace_bench.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dspace-bench\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dspace.plugins]\nbench = dspace_bench:Bench\n")
    libraries = [str(ROOT), *(entry for entry in sys.path if entry.endswith("site-packages"))]
    (site / "sdk.pth").write_text("\n".join(libraries) + "\n")
    python = Path(sys.executable).resolve()
    (folder / "pyvenv.cfg").write_text(f"home = {python.parent}\ninclude-system-site-packages = false\n")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(python)
    return folder / "bin" / "python"


async def give(_asked: Asked, release: Release) -> None:
    await release(ANSWER, _permitted)


def _permitted() -> None:
    pass


async def calls(worker: Worker, callers: int, seconds: float) -> list[float]:
    """How long each call took, in seconds, with so many callers at once."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def caller(name: str) -> None:
        case = Case(id=name, item="A3", subject=f"s-{name}", accepted=date(2026, 11, 24))
        while (begun := time.perf_counter()) < until:
            await worker.call(DECIDE, case, give, 10)
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*(caller(f"case-{number}") for number in range(callers)))
    return took


async def figures(python: Path) -> dict[str, float]:
    worker = Worker("bench", executed(python))
    begun = time.perf_counter()
    await worker.start()
    started = time.perf_counter() - begun
    try:
        await calls(worker, IN_FLIGHT, SECONDS / 4)
        alone = [statistics.median(await calls(worker, 1, SECONDS / 2)) for _ in range(ROUNDS)]
        rates = [len(await calls(worker, IN_FLIGHT, SECONDS)) / SECONDS for _ in range(ROUNDS)]
    finally:
        await worker.close()
    return {
        "wire_calls_per_second": statistics.median(rates),
        "wire_alone_milliseconds": 1000 * statistics.median(alone),
        "wire_start_milliseconds": 1000 * started,
    }


def measure() -> dict[str, float]:
    """Calls with one ask: per second at 32 in flight, and how long one takes alone; and how long a start takes."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(figures(environment(Path(folder))))


if __name__ == "__main__":
    print(measure())
