"""Figures for operators, in the text format of Prometheus: by route, method and status, and nothing of anybody."""

from bisect import bisect_left
from collections import Counter

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the durations, in seconds."""
_KINDS = (
    ("dspace_requests_total", "counter", "answered requests by route, method and status"),
    ("dspace_request_seconds", "histogram", "from the first byte of a request to the last of its answer"),
)


class Metrics:
    """The counts of one process. A route is named as it was declared, never as it was asked for."""

    def __init__(self) -> None:
        self._answered: Counter[tuple[str, str, int]] = Counter()
        self._buckets: Counter[tuple[str, int]] = Counter()
        self._seconds: dict[str, float] = {}

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._answered[route, method, status] += 1
        self._buckets[route, bisect_left(BUCKETS, seconds)] += 1
        self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def render(self) -> str:
        """All figures as text."""
        lines: list[str] = []
        (total, seconds) = _KINDS
        lines += _head(*total)
        lines += [
            f'{total[0]}{{route="{route}",method="{method}",status="{status}"}} {count}'
            for (route, method, status), count in sorted(self._answered.items())
        ]
        lines += _head(*seconds)
        for route in sorted(self._seconds):
            reached = 0
            for place, bound in enumerate((*BUCKETS, float("inf"))):
                reached += self._buckets[route, place]
                told = "+Inf" if bound == float("inf") else f"{bound:g}"
                lines.append(f'{seconds[0]}_bucket{{route="{route}",le="{told}"}} {reached}')
            lines += [
                f'{seconds[0]}_sum{{route="{route}"}} {self._seconds[route]:.6f}',
                f'{seconds[0]}_count{{route="{route}"}} {reached}',
            ]
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, words: str) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
