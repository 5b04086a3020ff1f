"""The listener's figures for Prometheus, read when somebody asks: nothing is counted twice, or per device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from lora_registry.pipeline.ingest import Ingest

Metric = CounterMetricFamily | GaugeMetricFamily | SummaryMetricFamily

_PREFIX = "lora_registry_"
COUNTERS = {
    "received": "Messages taken from the broker and dealt with.",
    "uplinks": "Uplinks stored.",
    "other_events": "Other device events stored.",
    "duplicates": "Events that were known already.",
    "sealed": "Of the duplicates, events of weeks that are forgotten.",
    "retransmissions": "Uplinks stored that repeat a frame under another deduplicationId.",
    "ignored": "Messages of no use here.",
    "qos0": "Messages that came without guarantee (QoS 0).",
    "conflicts": "Batches written again because another writer was in the way.",
}
"""Fields of `Totals` that are shown under their own names, and what each counts."""


class ListenerMetrics(Collector):
    """Reads one ingest's totals and standing."""

    def __init__(self, ingest: Ingest, now: Callable[[], datetime]) -> None:
        """`now` dates the age of the last uplink."""
        self._ingest, self._now = ingest, now

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        totals, standing = self._ingest.totals, self._ingest.standing
        for name, meaning in COUNTERS.items():
            yield CounterMetricFamily(_PREFIX + name, meaning, value=getattr(totals, name))
        letters = CounterMetricFamily(
            _PREFIX + "dead_letters", "Messages set aside, by reason.", labels=["reason"]
        )
        for reason, count in sorted(totals.dead_letters_by_reason.copy().items()):
            letters.add_metric([reason], count)
        yield letters
        yield SummaryMetricFamily(
            _PREFIX + "batch_messages", "Messages per transaction.", totals.batches, totals.received
        )
        yield SummaryMetricFamily(
            _PREFIX + "batch_seconds", "Time per transaction.", totals.batches, totals.batch_s
        )
        yield GaugeMetricFamily(
            _PREFIX + "lag_seconds", "Last batch: from its first message's arrival to its commit.", standing.lag_s
        )
        yield GaugeMetricFamily(
            _PREFIX + "unacknowledged", "Messages taken and not acknowledged yet.", self._ingest.unacknowledged
        )
        yield GaugeMetricFamily(
            _PREFIX + "ready", "1 while messages come and are stored.", float(self._ingest.ready)
        )
        if standing.last_uplink_at is not None:
            age_s = (self._now() - standing.last_uplink_at).total_seconds()
            yield GaugeMetricFamily(_PREFIX + "last_uplink_age_seconds", "Since the last uplink stored.", age_s)


def registry_of(ingest: Ingest, now: Callable[[], datetime]) -> CollectorRegistry:
    """Return a registry of one listener's figures."""
    registry = CollectorRegistry()
    registry.register(ListenerMetrics(ingest, now))
    return registry
