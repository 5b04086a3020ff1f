"""Values that parse and that no radio, clock or column has: bounded before they reach the store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chirpstack_api import integration
from google.protobuf import json_format

from integrations.chirpstack import decode
from lora_registry.domain import events
from lora_registry.domain.events import RawMessage, Rejected, Uplink
from tests.integrations import samples
from tests.integrations.samples import ARRIVAL, DEV_EUI, UP, changed, read

V3_TOPIC = f"application/1/device/{DEV_EUI}/event/up"


def uplink(event: object) -> Uplink:
    assert isinstance(event, Uplink), event
    return event


def refused(event: object) -> str:
    assert isinstance(event, Rejected), event
    assert event.detail
    return event.reason


@pytest.mark.parametrize(
    ("bandwidth", "expected"),
    [(125_000, 125_000), (1_625_000, 1_625_000), (7_800, 7_800), (1, None), (2**32 - 1, None), (0, None)],
)
def test_a_bandwidth_that_no_radio_has_is_unknown(bandwidth: int, expected: int | None) -> None:
    event = changed(UP, txInfo={"modulation": {"lora": {"bandwidth": bandwidth, "spreadingFactor": 9}}})
    assert uplink(read("up", event)).modulation.bandwidth_hz == expected


@pytest.mark.parametrize("bandwidth", [-5, 10**12])
def test_version_3_bandwidths_in_khz_are_bounded(bandwidth: int) -> None:
    lora = {"bandwidth": bandwidth, "spreadingFactor": 7}
    event = {"devEUI": DEV_EUI, "txInfo": {"loRaModulationInfo": lora}}
    assert refused(read("up", event, topic=V3_TOPIC)) == "wrong_type"


@pytest.mark.parametrize("dev_eui", ["é==", "MDEyMzQ1Njc", "0" * 31 + "==", ""])
def test_version_3_identifiers_that_are_nothing(dev_eui: str) -> None:
    assert refused(read("up", {"devEUI": dev_eui}, topic=V3_TOPIC)) == "bad_eui"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"rssi": 2**31 - 1}, "rssi"),
        ({"rssi": -(2**31)}, "rssi"),
        ({"snr": 1e30}, "snr"),
    ],
)
def test_protobuf_signals_are_bounded_like_those_of_json(values: dict[str, Any], path: str) -> None:
    message = json_format.Parse(json.dumps(UP), integration.UplinkEvent())
    for name, value in values.items():
        setattr(message.rx_info[0], name, value)
    event = read("up", message.SerializeToString())
    assert refused(event) == "wrong_value"
    assert isinstance(event, Rejected)
    assert path in event.detail


@pytest.mark.parametrize(("field", "value"), [("dr", 2**32 - 1), ("f_port", 300)])
def test_protobuf_small_numbers_are_bounded(field: str, value: int) -> None:
    message = json_format.Parse(json.dumps(UP), integration.UplinkEvent())
    setattr(message, field, value)
    assert refused(read("up", message.SerializeToString())) == "wrong_value"


def test_protobuf_names_and_margins_are_bounded() -> None:
    status = json_format.Parse(json.dumps(samples.STATUS), integration.StatusEvent())
    status.margin = 2**31 - 1
    assert refused(read("status", status.SerializeToString())) == "wrong_value"
    status.margin = 5
    status.device_info.device_name = "x" * 2000
    assert refused(read("status", status.SerializeToString())) == "wrong_value"


@pytest.mark.parametrize(("data", "size"), [("=", 0), ("==", 0), ("A===", 1), ("AQ==", 1), (None, 0)])
def test_a_payload_s_size_is_never_negative(data: str | None, size: int) -> None:
    assert uplink(read("up", changed(UP, data=data))).size == size


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-09-10t09:00:01z", "2026-09-10T09:00:01Z"),
        ("2026-09-10T09:00:01.5z", "2026-09-10T09:00:01.5Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ("2016-12-31T18:59:60.9-05:00", "2016-12-31T23:59:59.9Z"),
        ("2026-09-10T09:00:01.123456789123Z", "2026-09-10T09:00:01.123456Z"),
    ],
)
def test_every_writing_of_rfc_3339_is_read(time: str, expected: str) -> None:
    shown = uplink(read("up", changed(UP, time=time))).header.timing.shown_at
    assert shown == datetime.fromisoformat(expected)


@pytest.mark.parametrize("time", ["1970-01-01T00:00:30Z", "2106-02-07T06:28:15Z", "soon", None])
def test_two_reports_of_a_gateway_without_a_clock_are_two(time: str | None) -> None:
    """It starts in 1970 at every boot: by its own time the second report would be the first again."""
    payload = json.dumps(samples.STATS | {"time": time}).encode()
    topic = "eu868/gateway/a84041ffff1e2d30/event/stats"
    first = decode(RawMessage(topic, payload, ARRIVAL))
    second = decode(RawMessage(topic, payload, ARRIVAL + timedelta(minutes=9)))
    assert isinstance(first, events.GatewayStats)
    assert isinstance(second, events.GatewayStats)
    assert first.own_time is None
    assert second.received_at - first.received_at == timedelta(minutes=9)


def test_a_gateway_s_own_time_is_kept_where_it_is_credible() -> None:
    topic = "eu868/gateway/a84041ffff1e2d30/event/stats"
    event = decode(RawMessage(topic, json.dumps(samples.STATS).encode(), ARRIVAL))
    assert isinstance(event, events.GatewayStats)
    assert event.own_time == datetime(2026, 9, 10, 9, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["event/stats", "state/conn"])
def test_a_region_longer_than_any_is_refused(kind: str) -> None:
    payload = b'{"gatewayId":"a84041ffff1e2d30"}'
    event = decode(RawMessage(f"{'x' * 65}/gateway/a84041ffff1e2d30/{kind}", payload, ARRIVAL))
    assert refused(event) == "wrong_value"
