"""Figures by route as it was declared; a path that somebody asked for is nowhere."""

from dspace_backend.metrics import Metrics


def test_requests_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.02, 9.0):
        metrics.answered("/v1/grants/{grant:uuid}", "GET", 200, seconds)
    metrics.answered("unrouted", "GET", 404, 0.001)
    text = metrics.render()
    assert 'dspace_requests_total{route="/v1/grants/{grant:uuid}",method="GET",status="200"} 3' in text
    assert 'dspace_requests_total{route="unrouted",method="GET",status="404"} 1' in text


def test_durations_are_cumulative_buckets() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.02, 9.0):
        metrics.answered("/health", "GET", 200, seconds)
    lines = dict(line.rsplit(" ", 1) for line in metrics.render().splitlines() if not line.startswith("#"))
    bucket = 'dspace_request_seconds_bucket{route="/health",le="%s"}'
    assert [lines[bucket % bound] for bound in ("0.001", "0.025", "2.5", "+Inf")] == ["1", "2", "2", "3"]
    assert lines['dspace_request_seconds_count{route="/health"}'] == "3"
    assert float(lines['dspace_request_seconds_sum{route="/health"}']) == 9.0205


def test_a_duration_on_a_bound_belongs_to_it() -> None:
    metrics = Metrics()
    metrics.answered("/health", "GET", 200, 0.001)
    assert 'le="0.001"} 1' in metrics.render()
