"""How long `dspace up` takes from exec to ready: cold, warm, and at once after everything was killed."""

import statistics
import sys
from pathlib import Path

from dspace_core.testing.deployment import Deployment

ROOT = Path(__file__).parents[1]
ROUNDS = 5


def measure() -> dict[str, float]:
    """Medians, in seconds."""
    cold, warm, killed = [], [], []
    for _ in range(ROUNDS):
        deployment = Deployment([str(Path(sys.executable).with_name("dspace")), "up"], ROOT, also={"DSPACE_PEOPLE": ""})
        try:
            cold.append(deployment.start())
            deployment.interrupt()
            warm.append(deployment.start())
            deployment.kill(list(deployment.processes()))
            killed.append(deployment.start())
            deployment.interrupt()
        finally:
            deployment.close()
    return {
        "start_cold_seconds": statistics.median(cold),
        "start_warm_seconds": statistics.median(warm),
        "restart_after_kill_seconds": statistics.median(killed),
    }
