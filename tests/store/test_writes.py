"""One batch into the registry, on both databases: rows once, aggregates of exactly those rows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from integrations.chirpstack import decode
from lora_registry.domain.events import Ignored, Rejected
from lora_registry.store import reads
from lora_registry.store.dead_letter_writes import DeadLetter
from lora_registry.store.engine import reading, writing
from lora_registry.store.receptions import pack, unpack
from lora_registry.store.writes import Batch, Written, write_batch
from tests.integrations.samples import ARRIVAL, DEVICE_INFO, STATS, STATUS, UP, changed, message, topic
from tests.links import links_in


def store(engine: Engine, *raws: Any) -> Written:
    batch = Batch("chirpstack")
    for raw in raws:
        event = decode(raw)
        assert not isinstance(event, Rejected | Ignored), event
        if hasattr(event, "header"):
            batch.device_events.append(event)  # type: ignore[arg-type]
        else:
            batch.gateway_events.append(event)  # type: ignore[arg-type]
    with writing(engine) as connection:
        return write_batch(connection, batch, ARRIVAL)


def scalar(engine: Engine, query: str) -> Any:
    with reading(engine) as connection:
        return connection.scalar(text(query))


def linked(engine: Engine, gateway_id: str, what: str) -> int:
    """Return what a gateway heard, summed over devices and days."""
    return sum(link[what] for link in links_in(engine) if link["gateway_id"] == gateway_id)


def up(number: int, **values: Any) -> Any:
    at = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(minutes=10 * number)
    given = {"deduplicationId": f"id-{number}", "fCnt": number, "time": at.isoformat()} | values
    return message("up", changed(UP, **given))


def test_a_batch_written_twice_is_there_once(engine: Engine) -> None:
    batch = [up(n) for n in range(50)]
    assert store(engine, *batch)[:3] == (50, 0, 0)
    assert store(engine, *batch)[:3] == (0, 0, 50)
    for table, column in (("device_day", "uplinks"), ("device_state", "uplinks_total")):
        assert scalar(engine, f"SELECT sum({column}) FROM {table}") == 50
    assert linked(engine, "a84041ffff1e2d30", "uplinks") == 50


def test_each_event_ten_times_and_shuffled_counts_once(engine: Engine) -> None:
    raws = [up(n) for n in range(100)] * 10
    random.Random(5).shuffle(raws)
    written = [store(engine, *raws[start : start + 137]) for start in range(0, len(raws), 137)]
    assert sum(w.uplinks for w in written) == 100
    assert sum(w.duplicates for w in written) == 900
    assert scalar(engine, "SELECT sum(uplinks) FROM device_day") == 100
    assert scalar(engine, "SELECT sum(retransmissions) FROM device_day") == 0


def test_the_order_of_arrival_does_not_change_first_and_last(engine: Engine) -> None:
    store(engine, up(20))
    store(engine, up(5), up(60))
    store(engine, up(30))
    with reading(engine) as connection:
        (row,) = reads.devices(connection)
    assert row["first_uplink_at"] == datetime(2026, 9, 1, 0, 50, tzinfo=UTC)
    assert row["last_uplink_at"] == datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
    assert row["uplinks_total"] == 4


def test_a_frame_again_under_another_id_is_stored_and_flagged(engine: Engine) -> None:
    first = store(engine, up(1))
    assert first.retransmissions == 0
    again = store(engine, up(1, deduplicationId="another"), up(2))
    assert again[:4] == (2, 0, 0, 1)
    assert scalar(engine, "SELECT sum(uplinks) FROM device_day") == 3
    assert scalar(engine, "SELECT sum(retransmissions) FROM device_day") == 1


def test_a_counter_that_restarts_is_no_retransmission(engine: Engine) -> None:
    written = store(engine, up(1, fCnt=0), up(200, fCnt=0))
    assert written.retransmissions == 0


def test_joins_and_status_change_the_state_and_only_uplinks_count(engine: Engine) -> None:
    store(engine, message("status", STATUS), up(3))
    store(
        engine,
        message("status", changed(STATUS, deduplicationId="x", time="2026-09-09T00:00:00Z", batteryLevel=10.0)),
    )
    with reading(engine) as connection:
        (row,) = reads.devices(connection)
    assert row["battery_pct"] == pytest.approx(88.18898), "the older status does not win"
    assert row["uplinks_total"] == 1
    assert scalar(engine, "SELECT count(*) FROM device_event") == 2


def test_a_device_renamed_is_shown_by_its_newest_name_and_history_does_not_rename_it(engine: Engine) -> None:
    store(engine, up(10, deviceInfo=DEVICE_INFO | {"deviceName": "new"}))
    store(engine, up(9, deviceInfo=DEVICE_INFO | {"deviceName": "old"}))
    with reading(engine) as connection:
        (row,) = reads.devices(connection)
    assert row["name"] == "new"


def test_extreme_values_fit(engine: Engine) -> None:
    store(
        engine,
        up(1, devAddr="ffffffff", fCnt=0xFFFF_FFFF, txInfo={"frequency": 2_403_000_000}),
        up(2, rxInfo=[{"gatewayId": "ffffffff00000000", "rssi": 20, "snr": -999}]),
        up(
            3,
            deviceInfo=DEVICE_INFO | {"deviceName": "<img src=x onerror=alert(1)>'; DROP TABLE device; --\u202e"},
        ),
        up(4, time="2106-02-07T06:28:15Z"),
    )
    assert scalar(engine, "SELECT count(*) FROM uplink") == 4
    assert linked(engine, "ffffffff00000000", "signals") == 0, "+20 dBm is no signal"
    with reading(engine) as connection:
        (row,) = reads.devices(connection)
    assert row["last_uplink_at"] == ARRIVAL, "a clock in 2106 is shown as its arrival"


def test_gateway_reports_count_once(engine: Engine) -> None:
    report = message("x", STATS, topic="eu868/gateway/a84041ffff1e2d30/event/stats")
    later = message(
        "x", STATS | {"time": "2026-09-10T09:01:00Z"}, topic="eu868/gateway/a84041ffff1e2d30/event/stats",
        received_at=ARRIVAL + timedelta(seconds=30),
    )  # fmt: skip
    store(engine, report)
    store(engine, report, later)
    assert scalar(engine, "SELECT reports FROM gateway_day") == 2
    assert scalar(engine, "SELECT rx_received FROM gateway_day") == 28
    offline = message("x", {"gatewayId": "a84041ffff1e2d30"}, topic="eu868/gateway/a84041ffff1e2d30/state/conn")
    store(engine, offline)
    assert not scalar(engine, "SELECT online FROM gateway")
    assert scalar(engine, "SELECT latitude FROM gateway") == pytest.approx(45.764), (
        "what a state does not say stays"
    )


def test_a_dead_letter_is_one_however_often_it_comes(engine: Engine) -> None:
    letter = DeadLetter(topic("up"), b"x", ARRIVAL, "not_json", "why", "x")
    for _ in range(3):
        with writing(engine) as connection:
            write_batch(connection, Batch("chirpstack", dead_letters=[letter, letter]), ARRIVAL)
    with reading(engine) as connection:
        (row,) = reads.dead_letters(connection, limit=5)
    assert (row["reason"], row["size"], row["topic"]) == ("not_json", 1, topic("up"))


def test_receptions_are_packed_into_thirteen_bytes_each() -> None:
    event: Any = decode(up(1))
    packed = pack(event.receptions)
    assert len(packed) == 13 * 2
    assert [r._replace(location=None) for r in event.receptions] == list(unpack(packed))
