"""`make bench`: every figure beside its budget; exit 1 when one is missed. Servers are real and go away.

Names of figures as arguments measure only the groups that hold them.
"""

import asyncio
import sys
import tomllib
from pathlib import Path

import api
import commit_lane
import decide
import evidence_log
import guarding
import notary
import seeding
import starting
import use
import wire
import withdraw

from dspace_core.testing import ScratchDatabase, ScratchServers

BUDGETS = tomllib.loads((Path(__file__).parent / "budgets.toml").read_text())


def lane() -> dict[str, float]:
    """The commit lane against single commits, in one run."""
    servers = ScratchServers()
    servers.start()
    try:
        address = ScratchDatabase.create(servers.folder).address("migrate")
        figures = asyncio.run(commit_lane.measure(address.url, address.password or ""))
        return {"commit_lane_ratio": figures.ratio}
    finally:
        servers.stop()


GROUPS = {
    ("commit_lane_ratio",): lane,
    ("start_cold_seconds", "start_warm_seconds", "restart_after_kill_seconds"): starting.measure,
    ("decide_allowed_us", "decide_refused_us"): decide.measure,
    ("guard_proof_of_signature", "guard_token_of_signature"): guarding.measure,
    ("evidence_verify_ms", "evidence_inclusion_p99_ms", "evidence_append_per_second"): evidence_log.measure,
    ("notary_entries_per_second", "notary_offered_per_second", "notary_signed_p99_ms"): notary.measure,
    ("wire_calls_per_second", "wire_alone_milliseconds", "wire_start_milliseconds"): wire.measure,
    ("withdraw_p50_ms", "withdraw_p99_ms"): withdraw.measure,
    ("use_of_plain_insert", "use_per_second"): use.measure,
    ("seeding_rows_per_second",): seeding.measure,
    ("api_decide_of_raw", "api_decide_per_second", "api_tap_p50_ms", "api_taps_per_second"): api.measure,
}


def held(name: str, figure: float) -> bool:
    """Whether a figure keeps its budget."""
    budget = BUDGETS[name]
    return bool(figure >= budget["at_least"] if "at_least" in budget else figure <= budget["at_most"])


def main(wanted: list[str]) -> int:
    """Measure, print, judge."""
    measured = [measure() for names, measure in GROUPS.items() if not wanted or set(names) & set(wanted)]
    figures = {name: figure for group in measured for name, figure in group.items()}
    for name, figure in figures.items():
        (word, limit), *_ = [(key, value) for key, value in BUDGETS[name].items() if key != "of"]
        print(
            f"{'ok    ' if held(name, figure) else 'MISSED'} {name:<28} {figure:8.2f}  ({word.replace('_', ' ')} {limit})"
        )
    return int(not all(held(name, figure) for name, figure in figures.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
