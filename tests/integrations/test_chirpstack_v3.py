"""ChirpStack 3: recognised by its fields, both marshalers."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.chirpstack import decode
from lora_registry.domain import events
from lora_registry.domain.events import Clock, RawMessage, Rejected, Uplink
from tests.integrations.samples import ARRIVAL, DEV_EUI

UP: dict[str, Any] = {
    "applicationID": "1",
    "applicationName": "lamps",
    "deviceName": "lamp-0042",
    "devEUI": DEV_EUI,
    "rxInfo": [
        {
            "gatewayID": "a84041ffff1e2d30",
            "uplinkID": "81b2b5a9-5a5f-4d76-8b3c-5d1d7e8f9a0b",
            "rssi": -101,
            "loRaSNR": -4.5,
            "location": {"latitude": 45.764, "longitude": 4.8357, "altitude": 187},
        }
    ],
    "txInfo": {"frequency": 868100000, "dr": 5},
    "adr": True,
    "fCnt": 10,
    "fPort": 5,
    "data": "AQID",
    "object": {"t": 21.5},
}


def read(kind: str, event: dict[str, Any]) -> object:
    return decode(RawMessage(f"application/1/device/{DEV_EUI}/event/{kind}", json.dumps(event).encode(), ARRIVAL))


def test_an_uplink() -> None:
    event = read("up", UP)
    assert isinstance(event, Uplink)
    assert event.header.device.dev_eui == DEV_EUI
    assert event.header.device.application_id == "1"
    assert event.header.timing == (events.EPOCH, ARRIVAL, Clock.ARRIVAL), "no gateway with a clock"
    assert (event.f_cnt, event.f_port, event.dr, event.size, event.dev_addr) == (10, 5, 5, 3, None)
    assert event.modulation == (7, 125_000, 1), "EU868, data rate 5"
    assert event.receptions == (("a84041ffff1e2d30", -101, -4.5, 0, (45.764, 4.8357, 187.0)),)
    assert (event.decoded, event.data) == (b'{"t": 21.5}', "AQID")


def test_the_protobuf_marshaler_writes_the_object_as_a_string() -> None:
    event = read("up", {key: UP[key] for key in UP if key != "object"} | {"objectJSON": '{"t":21.5}'})
    assert isinstance(event, Uplink)
    assert event.decoded == b'{"t":21.5}'


def test_the_first_gateway_with_a_clock_gives_the_time() -> None:
    event = read("up", UP | {"rxInfo": [UP["rxInfo"][0] | {"time": "2026-09-10T09:00:01.5Z"}]})
    assert isinstance(event, Uplink)
    assert event.header.timing.key_at == datetime(2026, 9, 10, 9, 0, 1, 500_000, tzinfo=UTC)


def test_the_protobuf_marshaler_s_base64_identifiers() -> None:
    def b64(text: str) -> str:
        return base64.b64encode(bytes.fromhex(text)).decode()

    event = read(
        "up",
        UP
        | {
            "devEUI": b64(DEV_EUI),
            "devAddr": b64("01a2b3c4"),
            "dr": 0,
            "txInfo": {
                "frequency": 868100000,
                "loRaModulationInfo": {"bandwidth": 125, "spreadingFactor": 12, "codeRate": "4/5"},
            },
            "rxInfo": [UP["rxInfo"][0] | {"gatewayID": b64("a84041ffff1e2d30")}],
            "publishedAt": "2026-09-10T09:00:00Z",
        },
    )
    assert isinstance(event, Uplink)
    assert (event.header.device.dev_eui, event.dev_addr, event.dr) == (DEV_EUI, 0x01A2B3C4, 0)
    assert event.modulation == (12, 125_000, 1)
    assert event.receptions[0].gateway_id == "a84041ffff1e2d30"
    assert event.header.timing.clock is Clock.OWN


def test_hashed_gateway_identifiers_are_cut_to_16_digits() -> None:
    event = read("up", UP | {"rxInfo": [{"gatewayID": "100210b935d4ef152547bdb410de9865", "rssi": -120}]})
    assert isinstance(event, Uplink)
    assert event.receptions[0].gateway_id == "100210b935d4ef15"


def test_payloads_in_hexadecimal_have_half_the_length() -> None:
    event = read("up", UP | {"data": "50270c048b920a00"})
    assert isinstance(event, Uplink)
    assert event.size == 8


@pytest.mark.parametrize(
    ("kind", "event", "expected"),
    [
        ("join", {"devEUI": DEV_EUI, "devAddr": "01a2b3c4"}, events.Join),
        ("status", {"devEUI": DEV_EUI, "margin": 7, "batteryLevel": 50.0}, events.Status),
        ("ack", {"devEUI": DEV_EUI, "acknowledged": True, "fCnt": 3}, events.Ack),
        ("txack", {"devEUI": DEV_EUI, "fCnt": 3}, events.TxAck),
        ("error", {"devEUI": DEV_EUI, "type": "UPLINK_MIC", "error": "invalid MIC"}, events.Log),
        ("location", {"devEUI": DEV_EUI, "location": {"latitude": 45.0, "longitude": 4.0}}, events.Located),
    ],
)
def test_other_events(kind: str, event: dict[str, Any], expected: type) -> None:
    assert isinstance(read(kind, event), expected)


def test_gateway_stats_of_version_3() -> None:
    stats = {"gatewayID": base64.b64encode(bytes.fromhex("a84041ffff1e2d30")).decode(), "rxPacketsReceived": 4,
             "rxPacketsReceivedOK": 3, "time": "2026-09-10T09:00:30Z"}  # fmt: skip
    event = decode(RawMessage("gateway/a84041ffff1e2d30/event/stats", json.dumps(stats).encode(), ARRIVAL))
    assert isinstance(event, events.GatewayStats)
    assert (event.gateway_id, event.rx_received, event.rx_ok) == ("a84041ffff1e2d30", 4, 3)


def test_a_wrong_identifier_is_refused() -> None:
    refused = read("up", UP | {"devEUI": "70b3d57ed0"})
    assert isinstance(refused, Rejected)
    assert refused.reason == "bad_eui"
