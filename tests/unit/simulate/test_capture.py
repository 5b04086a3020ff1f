"""What a line looks like: judged by ChirpStack's own protocol buffers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from chirpstack_api import gw, integration
from google.protobuf import json_format

from tests.unit.simulate.conftest import Told

MESSAGES = {
    "event/up": integration.UplinkEvent,
    "event/join": integration.JoinEvent,
    "event/status": integration.StatusEvent,
    "event/ack": integration.AckEvent,
    "event/txack": integration.TxAckEvent,
    "event/log": integration.LogEvent,
    "event/stats": gw.GatewayStats,
    "state/conn": gw.ConnState,
}
SAMPLE = 300
# Printed when set, whatever the package: messages and what the server alone fills in some cases.
_OPTIONAL = {"object", "txInfo", "relayRxInfo", "joinServerContext", "time", "deviceInfo"}
_WELL_KNOWN = "google.protobuf"


def _faults(value: dict[str, Any], descriptor: Any, where: str) -> list[str]:
    """Return where `value` departs from how ChirpStack prints a message of `descriptor`."""
    names = [f.json_name for f in descriptor.fields]
    found = [] if list(value) == [n for n in names if n in value] else [f"{where}: order {list(value)}"]
    for field in descriptor.fields:
        name, at = field.json_name, f"{where}.{field.json_name}"
        is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
        if name not in value:
            required = descriptor.file.package == "integration" and name not in _OPTIONAL
            found += [f"{at}: missing"] if required else []
        elif is_map or field.message_type is None:
            if descriptor.file.package in ("gw", "common") and value[name] in (0, "", False, {}, []):
                found.append(f"{at}: default {value[name]!r} is printed")
        elif field.message_type.file.package != _WELL_KNOWN:
            items = value[name] if isinstance(value[name], list) else [value[name]]
            for item in items:
                found += _faults(item, field.message_type, at)
    return found


@pytest.mark.parametrize("kind", MESSAGES)
def test_every_kind_of_line_is_what_chirpstack_prints(told: Told, kind: str) -> None:
    lines = told.of(kind)
    assert lines
    for message in lines[:: max(1, len(lines) // SAMPLE)]:
        payload = message["payload"]
        json_format.Parse(json.dumps(payload), MESSAGES[kind]())  # refuses unknown fields and wrong types
        assert _faults(payload, MESSAGES[kind].DESCRIPTOR, kind) == []


def test_nothing_else_is_printed(told: Told) -> None:
    assert {"/".join(m["topic"].rsplit("/", 2)[1:]) for m in told.messages} == set(MESSAGES)


def test_topics_name_the_application_and_device_of_their_payload(told: Told) -> None:
    for message in told.messages:
        if message["topic"].startswith("application/"):
            info = message["payload"]["deviceInfo"]
            expected = f"application/{info['applicationId']}/device/{info['devEui']}/event/"
            assert message["topic"].startswith(expected)
        else:
            assert message["topic"].startswith(f"eu868/gateway/{message['payload']['gatewayId']}/")


def test_lines_come_in_order_of_arrival_after_what_they_tell(told: Told) -> None:
    arrivals = [datetime.fromisoformat(m["received_at"]) for m in told.messages]
    assert arrivals == sorted(arrivals)
    for message, arrival in zip(told.messages, arrivals, strict=True):
        if "time" in message["payload"]:
            delay = (arrival - datetime.fromisoformat(message["payload"]["time"])).total_seconds()
            assert 0 <= delay <= 1


def test_each_line_ends_once_and_holds_one_object(told: Told) -> None:
    assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in told.lines)
    assert {tuple(m) for m in told.messages} == {("topic", "received_at", "payload")}


def test_no_deduplication_id_is_used_for_two_frames(told: Told) -> None:
    frames = [m["payload"]["deduplicationId"] for m in told.of("up") + told.of("join")]
    assert len(set(frames)) == len(frames)


def test_statuses_share_the_identifier_of_the_frame_they_came_with(told: Told) -> None:
    frames = {(m["payload"]["deduplicationId"], m["payload"]["time"]) for m in told.of("up")}
    statuses = {(m["payload"]["deduplicationId"], m["payload"]["time"]) for m in told.of("status")}
    assert statuses <= frames


def test_acknowledgements_answer_the_downlinks_sent_before(told: Told) -> None:
    sent = {m["payload"]["queueItemId"]: m["payload"] for m in told.of("txack")}
    for ack in (m["payload"] for m in told.of("ack")):
        downlink = sent.pop(ack["queueItemId"])
        assert ack["fCntDown"] == downlink["fCntDown"]
        assert ack["time"] > downlink["time"]


def test_numbers_of_objects_are_floats_with_no_more_digits_than_the_sensor_has(told: Told) -> None:
    for line in told.lines[:2000]:
        text = line.decode()
        if '"object":{' not in text:
            continue
        values = json.loads(line)["payload"]["object"]
        assert all(isinstance(v, (float, bool)) for v in values.values())
        printed = text.split('"object":{')[1].split("}")[0]
        assert printed == ",".join(f'"{k}":{json.dumps(v)}' for k, v in values.items())


def test_a_gateway_without_a_position_on_the_server_gives_an_empty_location(told: Told) -> None:
    seen: dict[str, set[bool]] = {}
    for message in told.of("up"):
        for item in message["payload"]["rxInfo"]:
            seen.setdefault(item["gatewayId"], set()).add(item["location"] == {})
    assert sum(empty == {True} for empty in seen.values()) == 1
    assert all(len(empty) == 1 for empty in seen.values())


def test_gateways_count_every_frame_that_they_are_said_to_have_heard(told: Told) -> None:
    counted: dict[str, int] = {}
    for message in told.of("stats"):
        stats = message["payload"]
        heard = stats.get("rxPacketsReceivedOk", 0)
        assert heard == sum(stats.get("rxPacketsPerFrequency", {}).values())
        assert heard == sum(m["count"] for m in stats.get("rxPacketsPerModulation", []))
        counted[stats["gatewayId"]] = counted.get(stats["gatewayId"], 0) + heard
    last = max(m["payload"]["time"] for m in told.of("stats"))
    for gateway in told.truth["gateways"]:
        # What was heard since each one's last report is not counted yet.
        assert 0 <= gateway["receptions"] - counted[gateway["gateway_id"]] <= 0.02 * gateway["receptions"] + 30
    assert last > "2026-10-03T05"
