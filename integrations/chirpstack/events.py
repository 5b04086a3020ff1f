"""One MQTT message of ChirpStack -> one event, or the reason why not. Pure.

JSON or Protobuf is told by the payload, version 4 or 3 by its fields; whatever arrives, the answer is a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from integrations.chirpstack import protobuf, shapes, translate, v3
from integrations.chirpstack.topics import DeviceTopic, GatewayTopic, parse_topic
from integrations.chirpstack.translate import UnusableError
from lora_registry.domain.events import DeviceEvent, Event, Ignored, RawMessage, Rejected

MAX_PAYLOAD_BYTES = 256 * 1024
"""A real uplink heard by 40 gateways has 13 kB; what is larger than this is not an event."""


class _Kind(NamedTuple):
    shape: type[shapes.DeviceEvent]
    json: msgspec.json.Decoder[Any]
    translate: Callable[[Any, RawMessage], DeviceEvent]


def _kind(shape: type[shapes.DeviceEvent], function: Callable[[Any, RawMessage], DeviceEvent]) -> _Kind:
    return _Kind(shape, msgspec.json.Decoder(shape), function)


_DEVICE_EVENTS: dict[str, _Kind] = {
    "up": _kind(shapes.UplinkEvent, translate.uplink),
    "join": _kind(shapes.JoinEvent, translate.join),
    "status": _kind(shapes.StatusEvent, translate.status),
    "ack": _kind(shapes.AckEvent, translate.ack),
    "txack": _kind(shapes.TxAckEvent, translate.tx_ack),
    "log": _kind(shapes.LogEvent, translate.log),
    "location": _kind(shapes.LocationEvent, translate.located),
}
_STATS = msgspec.json.Decoder(shapes.GatewayStats)
_CONN = msgspec.json.Decoder(shapes.ConnState)

# `integration` came from a geolocation service removed in ChirpStack 4.14; it says nothing of the device.
_UNUSED_DEVICE_EVENTS = frozenset({"integration"})


def decode(raw: RawMessage) -> Event | Rejected | Ignored:
    """Read one message; never raises on whatever a broker may carry."""
    if len(raw.payload) > MAX_PAYLOAD_BYTES:
        return Rejected("too_large", f"{len(raw.payload)} bytes, at most {MAX_PAYLOAD_BYTES}")
    topic = parse_topic(raw.topic)
    try:
        if isinstance(topic, DeviceTopic):
            return _device_event(topic, raw)
        if isinstance(topic, GatewayTopic):
            return _gateway_event(topic, raw)
    except UnusableError as error:
        return Rejected(error.reason, error.detail)
    except msgspec.ValidationError as error:
        return Rejected("wrong_type", str(error)[:300])
    except (msgspec.DecodeError, UnicodeError) as error:
        return Rejected("not_json", str(error)[:300])
    except RecursionError:
        return Rejected("too_deep", "nested deeper than any event")
    return Rejected("unknown_topic", f"topic {raw.topic[:200]!r} is not one of ChirpStack's")


def _device_event(topic: DeviceTopic, raw: RawMessage) -> Event | Rejected | Ignored:
    kind = _DEVICE_EVENTS.get(topic.event)
    if kind is None:
        if topic.event in _UNUSED_DEVICE_EVENTS:
            return Ignored(f"event_{topic.event}")
        return Rejected("unknown_event", f"event {topic.event[:40]!r} is not known to this version")
    if not _is_json(raw.payload):
        shape = protobuf.device_event(topic.event, kind.shape, raw.payload)
    elif v3.looks_like(raw.payload):
        return _agreeing(topic, v3.decode(topic.event, raw))
    else:
        shape = kind.json.decode(raw.payload)
    return _agreeing(topic, kind.translate(shape, raw))


def _agreeing(topic: DeviceTopic, event: DeviceEvent) -> DeviceEvent:
    """Refuse a message whose body names another device than its topic: one of the two is forged or mixed up."""
    named = event.header.device.dev_eui
    if topic.dev_eui not in (None, named) and translate.dev_eui(topic.dev_eui or "", "topic") != named:
        raise UnusableError("topic_mismatch", f"topic names {topic.dev_eui}, message {named}")
    return event


def _gateway_event(topic: GatewayTopic, raw: RawMessage) -> Event | Ignored:
    if topic.event == "stats":
        stats: shapes.GatewayStats = (
            v3.gateway_stats(raw.payload)
            if v3.is_gateway_stats(raw.payload)
            else _STATS.decode(raw.payload)
            if _is_json(raw.payload)
            else protobuf.gateway_stats(raw.payload)
        )
        if raw.retained:
            return Ignored("retained_stats")
        return translate.gateway_stats(stats, raw, topic.region)
    if topic.event == "conn":
        state = _CONN.decode(raw.payload) if _is_json(raw.payload) else protobuf.conn_state(raw.payload)
        return translate.gateway_connection(state, raw, topic.region)
    return Ignored(f"gateway_{topic.event}")


def _is_json(payload: bytes) -> bool:
    # A protobuf event starts with a field tag (0x08, 0x0a, 0x10, 0x1a, ...), never with a brace; an empty
    # payload is an empty protobuf message, but more likely a broken sender: JSON's error says so.
    return payload.lstrip()[:1] in (b"{", b"[", b'"', b"") or payload[:4] in (b"null", b"true", b"fals")
