"""Raw events of chosen weeks, stored as ingest stores them, and forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, inspect, text

from integrations.chirpstack import decode
from lora_registry.pipeline.retain import Retained, retain
from lora_registry.store.engine import reading, writing
from lora_registry.store.retention import Age
from lora_registry.store.writes import Batch, Written, write_batch
from tests.integrations.samples import DEVICE_INFO, STATS, UP, changed, message, topic

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
DAY = timedelta(days=1)
AGES = {Age.RAW: 35 * DAY, Age.AGGREGATE: 1826 * DAY, Age.DEAD_LETTER: 90 * DAY}
OLD = datetime(2026, 9, 7, tzinfo=UTC)
"""A Monday; its week ends 69 days before NOW."""
RECENT = datetime(2026, 11, 10, tzinfo=UTC)


def up(at: datetime, number: int = 0, *, received_at: datetime | None = None, **values: Any) -> Any:
    """Return an uplink of its own device and key; `time` may be given otherwise, or as None."""
    info = DEVICE_INFO | {"devEui": f"70b3d57ed00000{number % 3:02x}"}
    identity = {"deduplicationId": f"{at.isoformat()}-{number}", "fCnt": number, "deviceInfo": info}
    event = changed(UP, **identity | {"time": at.isoformat()} | values)
    return message("up", event, topic=topic("up", info["devEui"]), received_at=received_at or at)


def report(at: datetime, time: str | None = None) -> Any:
    """Return a gateway's report that arrived `at`; by its own clock it was `time`, the same unless given."""
    told = STATS | {"time": time or at.isoformat()}
    return message("x", told, topic="eu868/gateway/a84041ffff1e2d30/event/stats", received_at=at)


def batch_of(raws: Iterable[Any]) -> Batch:
    """Decode messages into a batch."""
    batch = Batch("chirpstack")
    for raw in raws:
        event: Any = decode(raw)
        (batch.device_events if hasattr(event, "header") else batch.gateway_events).append(event)
    return batch


def store(engine: Engine, raws: Iterable[Any], now: datetime) -> Written:
    """Store messages in one transaction."""
    with writing(engine) as connection:
        return write_batch(connection, batch_of(raws), now)


def run(engine: Engine, now: datetime = NOW) -> Retained:
    """Forget as of `now`, by the default ages."""
    return retain(engine, now=now, ages=AGES, sleep=lambda _: None)


def scalar(engine: Engine, query: Any) -> Any:
    """Return one value."""
    with reading(engine) as connection:
        return connection.scalar(text(query) if isinstance(query, str) else query)


SUMS = (
    "SELECT count(*) FROM uplink",
    "SELECT sum(uplinks) FROM device_day",
    "SELECT sum(uplinks_total) FROM device_state",
    "SELECT sum(joins) FROM device_day",
    "SELECT count(*) FROM device_event",
    "SELECT sum(reports) FROM gateway_day",
)


def sums(engine: Engine) -> tuple[int, ...]:
    """Return uplink rows, their sums by day and device, joins by day, other rows, and gateways' reports by day."""
    return tuple(int(scalar(engine, query) or 0) for query in SUMS)


def partitions(engine: Engine) -> set[str]:
    """Return the names of all partitions; none on SQLite."""
    names = inspect(engine).get_table_names()
    return {name for name in names if name.startswith(("uplink_", "device_event_", "gateway_report_"))}
