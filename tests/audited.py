"""A few hourly devices, heard from an instant on, and the audit of them: for tests on a real database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from integrations.chirpstack import decode
from lora_registry.domain.watching import Span
from lora_registry.pipeline.run_audit import Audited, run_audit
from lora_registry.store import watches
from lora_registry.store.engine import writing
from lora_registry.store.writes import Batch, write_batch
from tests.integrations.samples import DEVICE_INFO, UP, changed, message, topic

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def uplinks(dev_eui: str, hours: Iterable[float], **values: Any) -> list[Any]:
    """Return an hourly device's messages; the counter is the hour."""
    info = DEVICE_INFO | {"devEui": dev_eui}
    return [
        message(
            "up",
            changed(
                UP,
                deduplicationId=f"{dev_eui}-{hour}",
                deviceInfo=info,
                fCnt=int(hour),
                time=(START + hour * HOUR).isoformat(),
                **values,
            ),
            topic=topic("up", dev_eui),
            received_at=START + hour * HOUR,
        )
        for hour in hours
    ]


def store(engine: Engine, messages: Iterable[Any], *, watched_hours: float | None = None) -> None:
    """Store messages as if a listener had heard them, listening from the start on."""
    batch = Batch("chirpstack")
    for raw in messages:
        event: Any = decode(raw)
        (batch.device_events if hasattr(event, "header") else batch.gateway_events).append(event)
    with writing(engine) as connection:
        write_batch(connection, batch, START)
        if watched_hours is not None:
            span = Span(START, START + watched_hours * HOUR)
            watches.replace(connection, network="chirpstack", session="s", source="listener", spans=[span])


def judge(engine: Engine, hours: float, **options: Any) -> Audited:
    return run_audit(
        engine,
        now=START + hours * HOUR,
        clock=lambda: START + hours * HOUR,
        zone=ZoneInfo("Europe/Paris"),
        **options,
    )
