"""Deafness found in a real database, recorded once, and taken off every device's clock."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from integrations.chirpstack import decode
from lora_registry.cli.main import main
from lora_registry.domain.watching import Span
from lora_registry.pipeline.find_outages import find_outages
from lora_registry.pipeline.run_audit import run_audit
from lora_registry.store import outages, reads, watches
from lora_registry.store.engine import reading, writing
from lora_registry.store.writes import Batch, write_batch
from tests.integrations.samples import DEVICE_INFO, STATS, UP, changed, message, topic

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
GATEWAYS = ("a84041ffff1e2d30", "a84041ffff1e2d31")


def uplinks(device: int, hours: Iterable[float]) -> list[Any]:
    """Return an hourly device's messages; the counter is the hour."""
    eui = f"70b3d57ed00000{device:02x}"
    made = []
    for hour in hours:
        at = START + (hour + device / 60) * HOUR
        event = changed(
            UP, deduplicationId=f"{eui}-{hour}", deviceInfo=DEVICE_INFO | {"devEui": eui}, fCnt=int(hour),
            time=at.isoformat(),
        )  # fmt: skip
        made.append(message("up", event, topic=topic("up", eui), received_at=at))
    return made


def reports(hours: Iterable[float]) -> list[Any]:
    return [
        message(
            "x",
            STATS | {"gatewayId": gateway, "time": (START + hour * HOUR).isoformat()},
            received_at=START + hour * HOUR,
            topic=f"eu868/gateway/{gateway}/event/stats",
        )
        for hour in hours
        for gateway in GATEWAYS
    ]


def store(engine: Engine, messages: Iterable[Any]) -> None:
    batch = Batch("chirpstack")
    for raw in messages:
        event: Any = decode(raw)
        (batch.device_events if hasattr(event, "header") else batch.gateway_events).append(event)
    with writing(engine) as connection:
        write_batch(connection, batch, START)


def watch(engine: Engine, *hours: tuple[float, float], source: str = "listener", session: str = "s") -> None:
    spans = [Span(START + a * HOUR, START + b * HOUR) for a, b in hours]
    with writing(engine) as connection:
        watches.replace(connection, network="chirpstack", session=session, source=source, spans=spans)


def found(engine: Engine, hours: float) -> list[tuple[str, float, float | None]]:
    """Search as of an hour; return cause, first and last hour of each outage, oldest first."""
    find_outages(engine, now=START + hours * HOUR)
    with reading(engine) as connection:
        rows = outages.outages(connection)
    return [
        (row["cause"], (row["started_at"] - START) / HOUR, row["ended_at"] and (row["ended_at"] - START) / HOUR)
        for row in reversed(rows)
    ]


def test_an_absence_is_recorded_lasts_and_ends(engine: Engine) -> None:
    watch(engine, (0, 10))
    assert found(engine, 10.1) == []
    assert found(engine, 12) == [("not_listening", 10, None)]
    assert found(engine, 13) == [("not_listening", 10, None)], "it is one, and lasts"
    watch(engine, (0, 10), (14, 20))
    assert found(engine, 20) == [("not_listening", 10, 14)]
    assert found(engine, 11) == [("not_listening", 10, 14)], "asked about the past, we know what came after"
    watch(engine, (10.02, 13.98), source="history")
    assert found(engine, 20) == [], "the broker had kept all of it"


def test_a_full_queue_at_the_broker_is_told_by_the_counters(engine: Engine) -> None:
    """A late message makes the absence look covered: only the counters know that the rest was dropped."""
    for device in range(30):
        store(engine, uplinks(device, [*range(50), *range(56, 80)]))
    watch(engine, (0, 80))
    (outage,) = found(engine, 80)
    assert outage == ("counters_jump", pytest.approx(50, abs=0.5), pytest.approx(56, abs=0.5))
    assert found(engine, 80) == [outage]
    assert found(engine, 40) == [outage], "a look at the past leaves what came after it"
    with reading(engine) as connection:
        (row,) = outages.outages(connection)
    assert row["evidence"]["devices"] == 30
    assert row["evidence"]["missing"] == pytest.approx(180, abs=30)


def test_gateways_gone_while_we_listen_is_deafness(engine: Engine) -> None:
    store(engine, reports(h / 2 for h in range(100)))
    watch(engine, (0, 60))
    assert found(engine, 50) == []
    assert found(engine, 60) == [("gateways_gone", 49.5, None)]
    store(engine, reports(h / 2 for h in range(120, 140)))
    watch(engine, (0, 70))
    assert found(engine, 69.9) == [("gateways_gone", 49.5, 60)]


def test_statistics_that_were_turned_off_are_no_deafness(engine: Engine) -> None:
    store(engine, reports(h / 2 for h in range(60)))
    for device in range(30):
        store(engine, uplinks(device, range(60)))
    watch(engine, (0, 60))
    assert found(engine, 59.9) == []


def test_no_device_is_judged_on_the_time_of_an_outage(engine: Engine) -> None:
    """Twenty devices send hourly; then all is lost for a day, though we were connected."""
    for device in range(20):
        store(engine, uplinks(device, [*range(300), 324]))
    watch(engine, (0, 325.1))
    store(engine, uplinks(20, range(300)))  # has not spoken since the outage: ten minutes ago
    run_audit(engine, now=START + 325.1 * HOUR, clock=lambda: START, zone=ZoneInfo("UTC"))
    with reading(engine) as connection:
        states = {row["dev_eui"]: row["state"] for row in reads.devices(connection)}
        assert [row["cause"] for row in outages.outages(connection)] == ["counters_jump"]
    assert states["70b3d57ed0000014"] == "active"
    assert set(states.values()) == {"active"}


def test_outages_are_listed(engine: Engine, database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    watch(engine, (0, 10), (14, 20))
    found(engine, 20)
    main_exits(["outages", "list", "--database", database_url, "--format", "json"])
    assert json.loads(capsys.readouterr().out) == [
        {
            "network": "chirpstack",
            "started_at": "2026-09-01T10:00:00.000Z",
            "ended_at": "2026-09-01T14:00:00.000Z",
            "cause": "not_listening",
            "evidence": {},
        }
    ]


def main_exits(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(arguments)
    assert done.value.code == 0
