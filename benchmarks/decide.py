"""The advisory decision alone: how long it takes to say yes, and to say no at the last of its checks."""

import statistics
import time
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from dspace_core.grants import Allowed, Grant, NoticeId, SeparateAct, Use, decide
from dspace_core.values import CaseId, EvidenceId, GrantId, Period, Subject, random_id

NOW = datetime(2026, 5, 6, tzinfo=UTC)
FIELDS = frozenset(f"household.record.field_{number}" for number in range(12))
ASKED = frozenset(sorted(FIELDS)[:8])
ROUNDS = 200
CALLS = 500


def pair() -> tuple[Use, Grant]:
    """A use of eight fields, all sensitive, and a grant of twelve that covers it."""
    grant = Grant(
        subject=Subject(random_id()),
        id=GrantId(random_id()),
        plugin="social_security",
        recipient="human_resources",
        item="440111000001",
        item_version=1,
        fields=FIELDS,
        purpose="发放养老待遇",
        case=CaseId(random_id()),
        period=Period(NOW - timedelta(days=1), NOW + timedelta(days=1)),
        uses_left=5,
        notice=NoticeId(random_id()),
        acts=frozenset({SeparateAct("human_resources", "household.record")}),
        evidence=EvidenceId(random_id()),
    )
    use = Use(
        subject=grant.subject,
        plugin=grant.plugin,
        item=grant.item,
        item_version=grant.item_version,
        fields=ASKED,
        declared=FIELDS,
        sensitive=FIELDS,
        purpose=grant.purpose,
        case=grant.case,
    )
    return use, grant


def measure() -> dict[str, float]:
    """Microseconds of one decision that allows and of one that refuses last, medians over rounds of 500."""
    use, grant = pair()
    bare = replace(grant, acts=frozenset())
    assert isinstance(decide(use, grant, NOW), Allowed)
    assert not isinstance(decide(use, bare, NOW), Allowed)
    return {"decide_allowed_us": _median(use, grant), "decide_refused_us": _median(use, bare)}


def _median(use: Use, grant: Grant) -> float:
    rounds: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(CALLS):
            decide(use, grant, NOW)
        rounds.append((time.perf_counter() - began) / CALLS * 1_000_000)
    return statistics.median(rounds)


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:<28} {figure:12.3f}")
