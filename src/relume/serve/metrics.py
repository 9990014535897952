"""What a service counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The counts of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        to = self._registry
        self.requests = Counter(
            "relume_requests", "Requests answered", ["path", "status"], registry=to
        )
        self.seconds = Histogram(
            "relume_request_seconds", "From a request to its answer's end", ["path"],
            buckets=_SECONDS, registry=to,
        )  # fmt: skip
        self.stages = Histogram(
            "relume_stage_seconds", "What a worker's time went to", ["stage"],
            buckets=_SECONDS, registry=to,
        )  # fmt: skip
        self.pictures = Counter("relume_pictures", "Pictures enhanced", ["method"], registry=to)
        self.cancelled = Counter("relume_cancelled", "Requests whose client left", registry=to)
        self.ended = Counter("relume_workers_ended", "Workers replaced", ["reason"], registry=to)
        self.waiting = Gauge("relume_queue_length", "Pictures that wait for a worker", registry=to)
        self.working = Gauge("relume_workers_busy", "Workers at a picture", registry=to)
        self.held = Gauge(
            "relume_memory_held_bytes", "Of the budget, in use", ["share"], registry=to
        )
        self.budget = Gauge("relume_memory_budget_bytes", "The budget", ["share"], registry=to)
        self.resident = Gauge("relume_memory_resident_bytes", "Of all processes", registry=to)

    def text(self) -> bytes:
        """Return them all in Prometheus' text format."""
        return generate_latest(self._registry)
