"""Rows of ChirpStack's own database: what they say, and what they cannot."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.chirpstack import decode
from integrations.chirpstack.event_tables import TABLES, UNDATED, Dated, Table, message, reading_rows
from lora_registry.domain.events import EPOCH, Clock, Event, Ignored, Join, Log, Rejected, Uplink
from tests.integrations import samples

READ_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
UP, JOIN, LOG, LOCATION = (
    next(table for table in TABLES if table.event == event) for event in ("up", "join", "log", "location")
)
# As PostgreSQL prints them.
COMMON: dict[str, Any] = {
    "time": "2026-09-10 09:00:01.250123+00", "application_id": "2b9c1f3a-0e5d-4b1e-8a5f-0f6f4f0e7c11",
    "dev_eui": samples.DEV_EUI, "tenant_id": "7f0c1c2e-55a0-4a3f-9d0e-6d6b6f3a1a01", "tenant_name": "Demo",
    "application_name": "Street lighting", "device_profile_id": "c3a6d0b8-2b7a-4a9b-93d5-3b8a2c1d9e21",
    "device_profile_name": "Lamp controller", "device_name": "lamp-0042", "tags": '{"kind": "lighting"}',
    "deduplication_id": "0b9d4b2e-8f1f-4d3f-9a1c-1f0a2f6c7d10", "dev_addr": "01a2b3c4",
}  # fmt: skip
UPLINK = COMMON | {
    "adr": True, "dr": 3, "f_cnt": 1180, "f_port": 2, "confirmed": False, "data": b"\x3c\x01\x3b",
    "object": "null", "rx_info": "[]", "tx_info": "null",
}  # fmt: skip


def read(table: Table, **values: Any) -> Dated:
    base = UPLINK if table is UP else COMMON
    return message(table, [(base | values).get(column.name) for column in table.columns], READ_AT)


def decoded(table: Table, **values: Any) -> Event | Rejected | Ignored:
    return reading_rows(decode)(read(table, **values).message)


def test_an_uplink_that_nobody_is_said_to_have_heard() -> None:
    event = decoded(UP)
    assert isinstance(event, Uplink)
    assert event.receptions == ()
    assert (event.f_cnt, event.size, event.frequency_hz) == (1180, 3, None)
    assert event.header.timing.key_at == datetime(2026, 9, 10, 9, 0, 1, 250123, tzinfo=UTC)
    assert event.header.received_at == event.header.timing.key_at, "collection lived then, not now"


def test_the_topic_is_chirpstacks() -> None:
    assert read(JOIN).message.topic == samples.topic("join")


def test_null_columns_are_left_out() -> None:
    event = decoded(JOIN, dev_addr=None, tags=None, tenant_name=None, device_name=None)
    assert isinstance(event, Join)
    assert event.dev_addr is None
    assert event.header.device.name == ""
    assert event.header.device.tags == ()


def test_a_row_without_device_is_set_aside() -> None:
    assert decoded(JOIN, dev_eui=None) == Rejected(
        "wrong_type", "Object missing required field `devEui` - at `$.deviceInfo`"
    )


def test_hostile_text_stays_text() -> None:
    name = 'x","devEui":"0000000000000000","a":"\\\u202e\u2028\x1f'
    event = decoded(JOIN, device_name=name, tags=json.dumps({'"}': name}))
    assert isinstance(event, Join)
    assert event.header.device.dev_eui == samples.DEV_EUI
    assert event.header.device.name == name
    assert event.header.device.tags == (('"}', name),)


@pytest.mark.parametrize(
    ("level", "code", "named"),
    [
        ("1", "7", ("WARNING", "UPLINK_F_CNT_RETRANSMISSION")),
        ("0", "0", ("INFO", "UNKNOWN")),
        ("2", "4", ("ERROR", "OTAA")),
        ("9", "99", ("9", "99")),  # of a release that is newer than our package
        ("ERROR", "OTAA", ("ERROR", "OTAA")),
    ],
)
def test_numbers_of_enums_become_names(level: str, code: str, named: tuple[str, str]) -> None:
    event = decoded(LOG, level=level, code=code, description="", context="{}")
    assert isinstance(event, Log)
    assert (event.level, event.code) == named


def test_two_logs_of_one_microsecond_that_differ_are_two() -> None:
    keys = set()
    for context in ('{"f_cnt_up": "1"}', '{"f_cnt_up": "2"}', "{}"):
        event = decoded(LOG, level="1", code="7", description="frame counter", context=context)
        assert isinstance(event, Log)
        keys.add(event.header.key)
    assert len(keys) == 3


IMPOSSIBLE = [
    "1980-01-06 00:00:00+00",
    "2031-01-01 00:00:00+00",
    "infinity",
    "-infinity",
    "0044-03-15 00:00:00+00 BC",
]


@pytest.mark.parametrize("time", IMPOSSIBLE)
def test_an_impossible_time_gives_way_to_when_a_gateway_had_it_received(time: str) -> None:
    heard = [
        {"gatewayId": "a84041ffff1e2d30", "nsTime": "2026-09-10T09:00:01.301456789+00:00"},
        {"gatewayId": "a84041ffff1e2d31", "nsTime": "2026-09-10T09:00:01.310+00:00"},
        {"gatewayId": "a84041ffff1e2d32", "nsTime": "1970-01-01T00:00:03Z"},
        {"gatewayId": "a84041ffff1e2d33"},
    ]
    event = decoded(UP, time=time, rx_info=json.dumps(heard))
    assert isinstance(event, Uplink)
    assert event.header.timing.clock is Clock.SUSPECT
    assert event.header.timing.shown_at == datetime(2026, 9, 10, 9, 0, 1, 310_000, tzinfo=UTC)


@pytest.mark.parametrize("time", IMPOSSIBLE)
@pytest.mark.parametrize("rx_info", ["[]", "null", '[{"nsTime": "1970-01-01T00:00:03Z"}]', '{"nsTime": 5}', None])
def test_a_row_that_cannot_say_when_it_came_is_set_aside_and_makes_nobody_alive(
    time: str, rx_info: str | None
) -> None:
    assert read(UP, time=time, rx_info=rx_info).message.token is UNDATED
    outcome = decoded(UP, time=time, rx_info=rx_info)
    assert isinstance(outcome, Rejected)
    assert outcome.reason in ("row_without_time", "wrong_type", "bad_eui")


def test_rows_of_impossible_time_stand_before_all_others() -> None:
    assert read(JOIN, time="infinity").at == EPOCH


def test_a_clock_a_little_ahead_has_not_arrived_before_we_read_it() -> None:
    ahead = READ_AT + timedelta(hours=3)
    raw = read(JOIN, time=ahead.isoformat(sep=" ")).message
    assert raw.received_at == READ_AT
    event = reading_rows(decode)(raw)
    assert isinstance(event, Join)
    assert event.header.timing == (ahead, ahead, Clock.OWN)


def test_a_position_of_nowhere_is_set_aside_as_a_live_one_is() -> None:
    values = {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0, "accuracy": 1.5, "source": "1"}
    assert decoded(LOCATION, **values) == Rejected("wrong_value", "location: no coordinates, or impossible ones")
