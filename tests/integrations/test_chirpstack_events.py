"""ChirpStack's events in both encodings, and every trap of its JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from chirpstack_api import gw, integration
from google.protobuf import json_format

from integrations.chirpstack import decode
from integrations.chirpstack.topics import DeviceTopic, GatewayTopic, parse_topic
from lora_registry.domain import events
from lora_registry.domain.events import Clock, Ignored, RawMessage, Rejected, Uplink
from tests.integrations import samples
from tests.integrations.samples import ARRIVAL, UP, changed, read

_PROTOBUF = {
    "up": integration.UplinkEvent,
    "join": integration.JoinEvent,
    "status": integration.StatusEvent,
    "ack": integration.AckEvent,
    "txack": integration.TxAckEvent,
    "log": integration.LogEvent,
    "location": integration.LocationEvent,
}


def uplink(**values: Any) -> Uplink:
    event = read("up", changed(UP, **values))
    assert isinstance(event, Uplink), event
    return event


def test_an_uplink_is_read_whole() -> None:
    event = uplink()
    assert event.header.device == events.DeviceIdentity(
        dev_eui=samples.DEV_EUI,
        name="lamp-0042",
        application_id="2b9c1f3a-0e5d-4b1e-8a5f-0f6f4f0e7c11",
        application_name="Street lighting",
        profile_id="c3a6d0b8-2b7a-4a9b-93d5-3b8a2c1d9e21",
        profile_name="Lamp controller",
        tenant_id="7f0c1c2e-55a0-4a3f-9d0e-6d6b6f3a1a01",
        tenant_name="Demo",
        device_class="CLASS_A",
        tags=(("commune", "northville"), ("kind", "lighting")),
    )
    at = datetime(2026, 9, 10, 9, 0, 1, 250123, tzinfo=UTC)
    assert event.header.timing == (at, at, Clock.OWN)
    assert (event.dev_addr, event.f_cnt, event.f_port, event.dr, event.size) == (0x01A2B3C4, 1180, 2, 3, 3)
    assert event.modulation == (9, 125_000, 1)
    assert event.frequency_hz == 868_300_000
    assert not event.relayed
    assert not event.mac_only
    first, second = event.receptions
    assert first == ("a84041ffff1e2d30", -101, -4.5, 0, (45.764, 4.8357, 187.0))
    assert second == ("a84041ffff1e2d31", -117, 0.0, 0, None), "snr left out is 0, location {} was never set"


@pytest.mark.parametrize("kind", samples.EVENTS)
def test_both_encodings_say_the_same(kind: str) -> None:
    sample = samples.EVENTS[kind]
    from_json = read(kind, sample)
    protobuf = json_format.Parse(json.dumps(sample), _PROTOBUF[kind]()).SerializeToString()
    from_protobuf = read(kind, protobuf)
    assert not isinstance(from_json, Rejected | Ignored), from_json
    assert not isinstance(from_protobuf, Rejected | Ignored), from_protobuf
    assert not isinstance(from_json, events.GatewayStats | events.GatewayConnection)
    if kind in ("log", "txack"):  # no deduplicationId: the key is of the payload's bytes
        from_protobuf = from_protobuf._replace(header=from_protobuf.header._replace(key=from_json.header.key))  # type: ignore[union-attr]
    if isinstance(from_json, Uplink):  # a Struct keeps no order: the same object, written differently
        assert isinstance(from_protobuf, Uplink)
        assert json.loads(from_protobuf.decoded) == json.loads(from_json.decoded) == sample["object"]
        from_protobuf = from_protobuf._replace(decoded=from_json.decoded)
    assert from_protobuf == from_json


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (None, b""),
        ({}, b""),
        (..., b""),
        ({"t": [1, {"wet": True}], "name": "a", "none": None}, b'{"t":[1.0,{"wet":true}],"name":"a","none":null}'),
    ],
)
def test_a_codec_s_object_is_carried_unread(written: object, expected: bytes) -> None:
    """Both encodings, also nested; numbers of a Struct are doubles."""
    from_json = uplink(object=written)
    sample = changed(UP, object=written if isinstance(written, dict) else ...)
    message = json_format.Parse(json.dumps(sample), integration.UplinkEvent())
    from_protobuf = read("up", message.SerializeToString())
    assert isinstance(from_protobuf, Uplink)
    if expected:
        assert json.loads(from_protobuf.decoded) == json.loads(from_json.decoded) == json.loads(expected)
    else:
        assert from_protobuf.decoded == from_json.decoded == expected
    assert from_protobuf.data == from_json.data == "PAE7"


def test_a_codec_s_not_a_number_is_null_in_both_encodings() -> None:
    message = json_format.Parse(json.dumps(UP), integration.UplinkEvent())
    message.object.fields["dim_pct"].number_value = float("nan")
    event = read("up", message.SerializeToString())
    assert isinstance(event, Uplink)
    assert json.loads(event.decoded)["dim_pct"] is None


@pytest.mark.parametrize(
    ("values", "what", "expected"),
    [
        # Trap 1: fields of `gw` and `common` are left out when 0.
        ({"rxInfo": [{"gatewayId": "a84041ffff1e2d30"}]}, "receptions", (("a84041ffff1e2d30", 0, 0.0, 0, None),)),
        ({"fCnt": ..., "dr": ..., "adr": ..., "confirmed": ..., "data": ...}, "f_cnt", 0),  # before 4.1
        ({"fCnt": ..., "dr": ...}, "dr", 0),
        ({"rxInfo": []}, "receptions", ()),
        ({"rxInfo": None}, "receptions", ()),
        ({"txInfo": ...}, "modulation", (None, None, 1)),
        ({"txInfo": {"modulation": {"fsk": {"datarate": 50000}}}}, "modulation", (None, None, 1)),
        ({"fPort": 0, "data": ""}, "mac_only", True),
        ({"relayRxInfo": {"devEui": "0102030405060708"}}, "relayed", True),
        ({"fCnt": 0xFFFF_FFFF}, "f_cnt", 0xFFFF_FFFF),
        ({"devAddr": None}, "dev_addr", None),
        ({"data": "AQIDBA=="}, "size", 4),
        ({"aFieldOfTomorrow": {"deep": [1]}}, "f_cnt", 1180),
    ],
)  # fmt: skip
def test_what_is_left_out_has_its_meaning(values: dict[str, Any], what: str, expected: object) -> None:
    assert getattr(uplink(**values), what) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ({}, None),  # trap 2: 0/0 means never set
        ({"latitude": 0.0, "longitude": 0.0}, None),
        ({"latitude": 51.48}, (51.48, 0.0, None)),  # Greenwich: a single 0 is left out
        ({"longitude": 9.4}, (0.0, 9.4, None)),
        ({"latitude": 91.0, "longitude": 4.0}, None),
        ({"latitude": 45.0, "longitude": 400.0}, None),
        (None, None),
    ],
)
def test_a_location_never_set_is_none(location: object, expected: object) -> None:
    event = uplink(rxInfo=[{"gatewayId": "a84041ffff1e2d30", "rssi": -100, "location": location}])
    assert event.receptions[0].location == expected


def test_one_gateway_with_two_antennas_is_told_apart() -> None:
    event = uplink(
        rxInfo=[
            {"gatewayId": "a84041ffff1e2d30", "rssi": -100, "antenna": 1},
            {"gatewayId": "a84041ffff1e2d30", "rssi": -90, "board": 1},
        ]
    )
    assert [reception.antenna for reception in event.receptions] == [1, 16]


@pytest.mark.parametrize(
    ("time", "key_at", "shown_at", "clock"),
    [
        ("2026-09-10T09:00:01.1234567Z", "2026-09-10T09:00:01.123456Z", "2026-09-10T09:00:01.123456Z", Clock.OWN),
        ("2026-09-10T09:00:01Z", "2026-09-10T09:00:01Z", "2026-09-10T09:00:01Z", Clock.OWN),
        ("2026-09-10T11:00:01+02:00", "2026-09-10T09:00:01Z", "2026-09-10T09:00:01Z", Clock.OWN),
        ("2023-06-23T00:00:00+00:00", "2023-06-23T00:00:00Z", "2023-06-23T00:00:00Z", Clock.OWN),
        ("2026-09-11T08:00:00+00:00", "2026-09-11T08:00:00Z", "2026-09-11T08:00:00Z", Clock.OWN),
        ("2026-09-12T00:00:00+00:00", "2026-09-12T00:00:00Z", "2026-09-10T09:00:02Z", Clock.SUSPECT),
        ("1970-01-01T00:00:12+00:00", "1970-01-01T00:00:00Z", "2026-09-10T09:00:02Z", Clock.SUSPECT),
        ("2106-02-07T06:28:15+00:00", "1970-01-01T00:00:00Z", "2026-09-10T09:00:02Z", Clock.SUSPECT),
        ("yesterday", "1970-01-01T00:00:00Z", "2026-09-10T09:00:02Z", Clock.SUSPECT),
        ("9999-12-31T23:59:59-12:00", "1970-01-01T00:00:00Z", "2026-09-10T09:00:02Z", Clock.SUSPECT),
        (None, "1970-01-01T00:00:00Z", "2026-09-10T09:00:02Z", Clock.ARRIVAL),
        (..., "1970-01-01T00:00:00Z", "2026-09-10T09:00:02Z", Clock.ARRIVAL),
    ],
)  # fmt: skip
def test_the_key_s_time_is_the_payload_s_and_the_shown_one_is_credible(
    time: object, key_at: str, shown_at: str, clock: Clock
) -> None:
    instant = datetime.fromisoformat
    assert uplink(time=time).header.timing == (instant(key_at), instant(shown_at), clock)


def test_a_redelivered_message_has_the_same_key_whenever_it_comes() -> None:
    first = read("up", changed(UP, time=None))
    again = read("up", changed(UP, time=None), received_at=datetime(2026, 9, 12, tzinfo=UTC))
    assert isinstance(first, Uplink)
    assert isinstance(again, Uplink)
    assert (first.header.key, first.header.timing.key_at) == (again.header.key, again.header.timing.key_at)


def test_kinds_born_of_one_frame_have_different_keys() -> None:
    shared = samples.STATUS["deduplicationId"]
    status, join = read("status", samples.STATUS), read("join", changed(samples.JOIN, deduplicationId=shared))
    assert isinstance(status, events.Status)
    assert isinstance(join, events.Join)
    assert status.header.key != join.header.key


@pytest.mark.parametrize(
    ("values", "battery_pct", "external_power"),
    [
        ({}, 88.18898, False),
        ({"batteryLevel": 0.0, "externalPowerSource": True}, None, True),  # on mains, not empty
        ({"batteryLevel": 0.0, "batteryLevelUnavailable": True}, None, False),
        ({"batteryLevel": 0.0}, 0.0, False),
        ({"batteryLevel": -1.0}, None, False),
    ],
)
def test_a_level_of_zero_alone_is_no_empty_battery(
    values: dict[str, Any], battery_pct: float | None, external_power: object
) -> None:
    status = read("status", changed(samples.STATUS, **values))
    assert isinstance(status, events.Status)
    assert status.battery_pct == pytest.approx(battery_pct)
    assert status.external_power is external_power


# Gateways: trap 4 (OFFLINE has no state in JSON) and 5 (both encodings, with and without a region).
@pytest.mark.parametrize("prefix", ["", "eu868/"])
@pytest.mark.parametrize(
    ("payload", "online"),
    [
        (b'{"gatewayId":"a84041ffff1e2d30","state":"ONLINE"}', True),
        (b'{"gatewayId":"a84041ffff1e2d30"}', False),
        (bytes.fromhex("10011a1061383430343166666666316532643330"), True),
        (bytes.fromhex("1a1061383430343166666666316532643330"), False),
    ],
)
def test_a_gateway_s_connection_state(prefix: str, payload: bytes, online: object) -> None:
    raw = RawMessage(f"{prefix}gateway/a84041ffff1e2d30/state/conn", payload, ARRIVAL, retained=True)
    event = decode(raw)
    assert event == events.GatewayConnection(
        gateway_id="a84041ffff1e2d30", received_at=ARRIVAL, online=online, retained=True, region=prefix.rstrip("/")
    )


@pytest.mark.parametrize(
    "topic", ["gateway/a84041ffff1e2d30/event/stats", "eu868/gateway/a84041ffff1e2d30/event/stats"]
)
@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_a_gateway_s_stats(topic: str, encoding: str) -> None:
    text = json.dumps(samples.STATS)
    payload = (
        text.encode() if encoding == "json" else json_format.Parse(text, gw.GatewayStats()).SerializeToString()
    )
    event = decode(RawMessage(topic, payload, ARRIVAL))
    assert isinstance(event, events.GatewayStats)
    assert event.gateway_id == "a84041ffff1e2d30"
    assert event.own_time == datetime(2026, 9, 10, 9, 0, 30, tzinfo=UTC)
    assert event.location == (45.764, 4.8357, 187.0)
    assert (event.rx_received, event.rx_ok, event.tx_emitted) == (14, 11, 1)


def test_the_stats_vector_of_an_idle_field_is_read() -> None:
    payload = bytes.fromhex("28056a0808a0cff89d0310038a011030303136633030316631353361313463")
    event = decode(RawMessage("eu868/gateway/0016c001f153a14c/event/stats", payload, ARRIVAL))
    assert isinstance(event, events.GatewayStats)
    assert (event.gateway_id, event.rx_received, event.rx_ok) == ("0016c001f153a14c", 5, 0)


def test_retained_stats_say_nothing_about_when() -> None:
    raw = RawMessage(
        "gateway/a84041ffff1e2d30/event/stats", json.dumps(samples.STATS).encode(), ARRIVAL, retained=True
    )
    assert decode(raw) == Ignored("retained_stats")


@pytest.mark.parametrize("event", ["up", "ack", "raw", "mesh", "exec"])
def test_a_gateway_s_frames_are_of_no_use_here(event: str) -> None:
    raw = RawMessage(f"eu868/gateway/a84041ffff1e2d30/event/{event}", b"\x0a\x01x", ARRIVAL)
    assert decode(raw) == Ignored(f"gateway_{event}")


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("application/5f0c/device/70b3d57ed0000042/event/up", DeviceTopic("up", "70b3d57ed0000042")),
        ("application/1/device/70b3d57ed0000042/rx", DeviceTopic("up", "70b3d57ed0000042")),
        ("application/1/device/70b3d57ed0000042/event/error", DeviceTopic("log", "70b3d57ed0000042")),
        ("city/application/5f0c/device/70b3d57ed0000042/event/up", DeviceTopic("up", "70b3d57ed0000042")),
        ("lora/lamps/event/up", DeviceTopic("up", None)),
        ("gateway/x/event/stats", GatewayTopic("stats", "x", "")),
        ("eu868/gateway/x/state/conn", GatewayTopic("conn", "x", "eu868")),
        ("zigbee2mqtt/bridge", None),
        ("", None),
    ],
)
def test_topics(topic: str, expected: object) -> None:
    assert parse_topic(topic) == expected


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("up", b"hello", "not_protobuf"),
        ("up", b"", "not_json"),
        ("up", b'{"deduplicationId": "0b9d', "not_json"),
        ("up", b'{"fCnt": NaN}', "not_json"),
        ("up", b"[]", "wrong_type"),
        ("up", b"null", "wrong_type"),
        ("up", b"\xff\xfe{", "not_protobuf"),
        ("up", json.dumps(UP).encode()[:-200], "not_json"),
        ("up", changed(UP, deviceInfo=...), "wrong_type"),
        ("up", changed(UP, fCnt="many"), "wrong_type"),
        ("up", changed(UP, fCnt=-1), "wrong_type"),
        ("up", changed(UP, fCnt=2**40), "wrong_type"),
        ("up", changed(UP, devAddr="not hex!"), "wrong_value"),
        ("up", changed(UP, rxInfo=[{"gatewayId": "a84041ff"}]), "bad_eui"),
        ("up", changed(UP, rxInfo=[{"gatewayId": "0" * 32}]), "bad_eui"),
        ("up", changed(UP, rxInfo=[{"gatewayId": "a84041ffff1e2d30", "rssi": 9e9}]), "wrong_type"),
        ("up", (b'{"object":' + b"[" * 10_000 + b"]" * 10_000 + b"}"), "too_deep"),
        ("up", b'{"data":"' + b"A" * 1_000_000 + b'"}', "too_large"),
        ("join", changed(samples.JOIN, deviceInfo={"devEui": "70b3"}), "bad_eui"),
        ("join", changed(samples.JOIN, deviceInfo={"devEui": "0" * 16}), "bad_eui"),
        ("location", changed(samples.LOCATION, location={}), "wrong_value"),
        ("dance", b"{}", "unknown_event"),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused_with_its_reason(
    kind: str, payload: bytes | dict[str, Any], reason: str
) -> None:
    refused = read(kind, payload)
    assert isinstance(refused, Rejected), refused
    assert refused.reason == reason
    assert refused.detail


def test_a_truncated_protobuf_is_refused() -> None:
    whole = json_format.Parse(json.dumps(UP), integration.UplinkEvent()).SerializeToString()
    refused = read("up", whole[:-7])
    assert isinstance(refused, Rejected)
    assert refused.reason == "not_protobuf"


def test_a_protobuf_signal_that_is_no_number_is_refused() -> None:
    event = json_format.Parse(json.dumps(UP), integration.UplinkEvent())
    event.rx_info[0].snr = float("nan")
    refused = read("up", event.SerializeToString())
    assert isinstance(refused, Rejected)
    assert refused.reason == "wrong_value"


def test_a_message_that_names_another_device_than_its_topic_is_refused() -> None:
    refused = read("up", UP, topic=samples.topic("up", "70b3d57ed0000043"))
    assert isinstance(refused, Rejected)
    assert refused.reason == "topic_mismatch"


def test_a_topic_in_capitals_names_the_same_device() -> None:
    assert isinstance(read("up", UP, topic=samples.topic("up", samples.DEV_EUI.upper())), Uplink)


def test_a_retained_event_counts_only_with_a_time_of_its_own() -> None:
    assert isinstance(read("up", UP, retained=True), Uplink)
    refused = read("up", changed(UP, time=None), retained=True)
    assert isinstance(refused, Rejected)
    assert refused.reason == "retained_without_time"


def test_names_are_kept_as_a_database_can_hold_them() -> None:
    info = samples.DEVICE_INFO | {"deviceName": "a\x00b", "tags": {"k": "\U0001f4a1", "n": None, "x": 3}}
    event = read("up", changed(UP, deviceInfo=info))
    assert isinstance(event, Uplink)
    assert event.header.device.name == "a\N{REPLACEMENT CHARACTER}b"
    assert event.header.device.tags == (("k", "\U0001f4a1"), ("x", "3"))


def test_the_integration_event_of_old_servers_is_of_no_use() -> None:
    assert read("integration", b"{}") == Ignored("event_integration")
