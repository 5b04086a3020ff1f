"""An event as the row it becomes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lora_registry.domain.events import Ack, DeviceEvent, Join, Located, Log, Status, TxAck, Uplink
from lora_registry.domain.identifiers import DevEui
from lora_registry.store.receptions import pack
from lora_registry.store.staging import Row

KEY = ("dev_eui", "at", "key")
UPLINK = (
    *KEY, "received_at", "f_cnt", "dev_addr", "frequency_hz", "bandwidth_hz", "f_port", "size",
    "spreading_factor", "dr", "flags", "receptions",
)  # fmt: skip
EVENT = (*KEY, "received_at", "kind", "flags", "body")


def key(event: DeviceEvent) -> tuple[DevEui, datetime, int]:
    """Return what identifies an event, from its payload alone: the columns of `KEY`."""
    header = event.header
    return header.device.dev_eui, header.timing.key_at, header.key


def uplink_row(uplink: Uplink, flags: int) -> Row:
    """Return the columns of `UPLINK`."""
    header = uplink.header
    spreading_factor, bandwidth_hz, _ = uplink.modulation
    return (
        header.device.dev_eui, header.timing.key_at, header.key, header.received_at, uplink.f_cnt,
        uplink.dev_addr, uplink.frequency_hz, bandwidth_hz, uplink.f_port, uplink.size, spreading_factor,
        uplink.dr, flags, pack(uplink.receptions),
    )  # fmt: skip


def event_row(event: DeviceEvent, flags: int) -> Row:
    """Return the columns of `EVENT`.

    Raises:
        TypeError: an uplink; these have a table of their own.

    """
    kind, body = _described(event)
    return (*key(event), event.header.received_at, kind, flags, body)


def _described(event: DeviceEvent) -> tuple[str, dict[str, Any]]:
    match event:
        case Join(dev_addr=dev_addr):
            return "join", {"dev_addr": dev_addr}
        case Status():
            return "status", {
                "margin_db": event.margin_db,
                "external_power": event.external_power,
                "battery_pct": event.battery_pct,
            }
        case Ack():
            return "ack", {"acknowledged": event.acknowledged, "f_cnt_down": event.f_cnt_down}
        case TxAck():
            return "txack", {"gateway_id": event.gateway_id, "f_cnt_down": event.f_cnt_down}
        case Log():
            return "log", {"level": event.level, "code": event.code, "description": event.description}
        case Located():
            return "location", {
                "latitude": event.location.latitude,
                "longitude": event.location.longitude,
                "altitude_m": event.location.altitude_m,
                "source": event.source,
                "accuracy_m": event.accuracy_m,
            }
        case Uplink():
            raise TypeError("uplinks have a table of their own")
