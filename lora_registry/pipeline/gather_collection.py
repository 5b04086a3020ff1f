"""When each network was listened to, and what else stops clocks: read once for a whole audit."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from lora_registry.domain import intervals
from lora_registry.domain.intervals import Spans
from lora_registry.domain.time_off import TimeOff
from lora_registry.pipeline.clocks import Collection
from lora_registry.store import evidence, incidents, maintenance, networks, outages, watches


def collection(connection: Connection, *, now: datetime, zone: ZoneInfo) -> Collection:
    """Read when each network was watched and last heard, with only what was known by `now`."""
    return Collection(
        now=now,
        zone=zone,
        kinds=networks.kinds(connection),
        watched=watched(connection, now=now),
        heard_at={network: min(at, now) for network, at in evidence.network_heard_at(connection).items()},
        time_off=TimeOff.of(maintenance.announced(connection)),
        incidents=incidents.ends(connection),
    )


def watched(connection: Connection, *, now: datetime) -> dict[str, Spans]:
    """Return the time each network was listened to, up to `now`, without the outages of collection."""
    end = now.timestamp()
    found = {
        network: intervals.normalise(
            [
                (span.started_at.timestamp(), min(span.ended_at.timestamp(), end))
                for span in watches.watched(connection, network)
                if span.started_at <= now
            ]
        )
        for network in watches.networks(connection)
    }
    return {
        network: intervals.difference(spans, _deaf(connection, network, end)) for network, spans in found.items()
    }


def _deaf(connection: Connection, network: str, end_s: float) -> Spans:
    """Return the recorded outages of a network up to an instant: off every device's clock."""
    return intervals.normalise(
        [
            (row["started_at"].timestamp(), min(row["ended_at"].timestamp(), end_s) if row["ended_at"] else end_s)
            for row in outages.outages(connection, network=network)
            if row["started_at"].timestamp() < end_s
        ]
    )
