"""ChirpStack's two encodings through a real broker: the same rows, whatever a site has chosen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from chirpstack_api import gw, integration
from google.protobuf import json_format
from google.protobuf.message import Message
from sqlalchemy import Engine, text

from integrations.mqtt_publisher import MqttPublisher
from lora_registry import wiring
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.settings import Settings
from lora_registry.store import reads
from lora_registry.store.engine import reading
from tests.conftest import Broker
from tests.integrations import samples

_BASE = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
_MESSAGES: dict[str, type[Message]] = {
    "up": integration.UplinkEvent,
    "join": integration.JoinEvent,
    "status": integration.StatusEvent,
    "ack": integration.AckEvent,
    "txack": integration.TxAckEvent,
    "log": integration.LogEvent,
    "location": integration.LocationEvent,
}
ENCODINGS = ("json", "protobuf")
DEVICES = {"json": "70b3d57ed000000a", "protobuf": "70b3d57ed000000b"}
# By encoding and region prefix; each has a gateway of its own.
GATEWAYS = {
    ("json", ""): "a84041ffff1e2d0a",
    ("protobuf", ""): "a84041ffff1e2d0b",
    ("json", "eu868/"): "a84041ffff1e2d1a",
    ("protobuf", "eu868/"): "a84041ffff1e2d1b",
}


def encoded(encoding: str, event: dict[str, Any], message: type[Message]) -> bytes:
    written = json.dumps(event)
    return written.encode() if encoding == "json" else json_format.Parse(written, message()).SerializeToString()


def device_messages(encoding: str) -> list[tuple[str, bytes]]:
    dev_eui = DEVICES[encoding]
    info = samples.DEVICE_INFO | {"devEui": dev_eui}
    return [
        (
            samples.topic(kind, dev_eui),
            encoded(encoding, event | {"deviceInfo": info, "time": _BASE.isoformat()}, _MESSAGES[kind]),
        )
        for kind, event in samples.EVENTS.items()
    ]


def gateway_messages(encoding: str, prefix: str) -> list[tuple[str, bytes]]:
    gateway_id = GATEWAYS[encoding, prefix]
    named = {"gatewayId": gateway_id}
    stats = samples.STATS | named | {"time": _BASE.isoformat()}
    return [
        (f"{prefix}gateway/{gateway_id}/event/stats", encoded(encoding, stats, gw.GatewayStats)),
        (f"{prefix}gateway/{gateway_id}/state/conn", encoded(encoding, named | {"state": "ONLINE"}, gw.ConnState)),
    ]


def rows(engine: Engine, table: str, key: str, value: int, *without: str) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        found = connection.execute(text(f"SELECT * FROM {table} WHERE {key} = {value}")).mappings().all()
    kept = [{name: item for name, item in row.items() if name not in (key, *without)} for row in found]
    return sorted(kept, key=str)


def test_protobuf_and_json_give_the_same_rows(broker: Broker, engine: Engine) -> None:
    messages = [message for encoding in ENCODINGS for message in device_messages(encoding)]
    messages += [message for encoding, prefix in GATEWAYS for message in gateway_messages(encoding, prefix)]
    settings = Settings(mqtt_url=broker.url)
    source = wiring.listener(settings)
    publisher = MqttPublisher(wiring.address(settings))
    ingest = wiring.live_ingest(settings, engine, source, lambda: datetime.now(UTC))
    source.start()
    try:
        publisher.start()
        for name, payload in messages:
            publisher.publish(name, payload)
        publisher.flush()
        publisher.close()
        deadline = datetime.now(UTC) + timedelta(seconds=30)
        ingest.run(lambda: ingest.totals.received >= len(messages) or datetime.now(UTC) > deadline)
    finally:
        source.close()
    assert (ingest.totals.uplinks, ingest.totals.other_events, ingest.totals.dead_letters) == (2, 12, 0)

    first, second = (DevEui(DEVICES[encoding]).to_int64() for encoding in ENCODINGS)
    for table, count in (("uplink", 1), ("device_event", 6), ("device_day", 1)):
        # Without a deduplicationId the key is of the bytes, which differ.
        of_json = rows(engine, table, "dev_eui", first, "key", "received_at")
        assert len(of_json) == count, table
        assert rows(engine, table, "dev_eui", second, "key", "received_at") == of_json
    with reading(engine) as connection:
        listed = [{k: v for k, v in row.items() if k != "dev_eui"} for row in reads.devices(connection)]
    assert len(listed) == 2
    assert listed[0] == listed[1]

    arrival = ("first_at", "last_at", "first_stats_at", "last_stats_at", "online_at", "received_at")
    for table in ("gateway", "gateway_day"):
        shown = {
            place: rows(engine, table, "gateway_id", GatewayId(eui).to_int64(), *arrival, "region")
            for place, eui in GATEWAYS.items()
        }
        assert all(found == shown["json", ""] and len(found) == 1 for found in shown.values()), shown
    with reading(engine) as connection:
        regions = sorted(connection.scalars(text("SELECT region FROM gateway")))
    assert regions == ["", "", "eu868", "eu868"]
