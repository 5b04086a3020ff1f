"""ChirpStack 3's JSON events: flat, without deviceInfo, deduplicationId, DevAddr or a time of their own.

Both marshalers are read: `json_v3` (hexadecimal EUIs, the default) and `json` (protobuf JSON, base64 EUIs).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from integrations.chirpstack import shapes, translate, v3_time
from integrations.chirpstack.translate import UnusableError
from lora_registry.domain.events import DeviceEvent, RawMessage

_EUI_IN_BASE64 = re.compile(r"[A-Za-z0-9+/]{11}=").fullmatch
_HEX_BYTES = re.compile(r"(?:[0-9a-f]{2}){4,}").fullmatch
# EU868 and most plans built like it; version 3 does not say which region a device is in.
_LORA_DATA_RATES = {0: (12, 125_000), 1: (11, 125_000), 2: (10, 125_000), 3: (9, 125_000),
                    4: (8, 125_000), 5: (7, 125_000), 6: (7, 250_000)}  # fmt: skip


class _Location(Struct):
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None


class _RxInfo(Struct):
    gateway_id: str = field(name="gatewayID")
    time: str | None = None
    rssi: shapes.Decibels = 0
    snr: shapes.Decibels = field(name="loRaSNR", default=0.0)
    board: shapes.UInt8 = 0
    antenna: shapes.UInt8 = 0
    location: _Location | None = None


class _LoraInfo(Struct, rename="camel"):
    bandwidth: shapes.UInt16 = 125
    """kHz, unlike everywhere else."""
    spreading_factor: shapes.UInt8 = 0


class _TxInfo(Struct):
    frequency: shapes.UInt32 = 0
    dr: shapes.UInt8 | None = None
    lora: _LoraInfo | None = field(name="loRaModulationInfo", default=None)


class _Event(Struct, rename="camel", gc=False):
    dev_eui: str = field(name="devEUI")
    application_id: str | int = field(name="applicationID", default="")
    application_name: shapes.Text = ""
    device_name: shapes.Text = ""
    device_profile_id: shapes.Text = field(name="deviceProfileID", default="")
    device_profile_name: shapes.Text = ""
    dev_addr: str | None = None
    tags: dict[str, str] | None = None
    published_at: str | None = None
    rx_info: list[_RxInfo] | None = None
    tx_info: _TxInfo | None = None
    adr: bool = False
    dr: shapes.UInt8 | None = None
    f_cnt: shapes.UInt32 = 0
    f_port: shapes.UInt8 = 0
    confirmed_uplink: bool = False
    data: str | None = ""
    object: msgspec.Raw = msgspec.Raw(b"")
    object_json: str | None = field(name="objectJSON", default="")
    """The same in a string (marshaler `json`)."""
    margin: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    external_power_source: bool = False
    battery_level_unavailable: bool = False
    battery_level: float = 0.0
    acknowledged: bool = False
    type: shapes.Text = "UNKNOWN"
    error: str = ""
    location: _Location | None = None


class _Stats(Struct, rename="camel"):
    gateway_id: str = field(name="gatewayID")
    time: str | None = None
    location: _Location | None = None
    rx_packets_received: shapes.UInt32 = 0
    rx_packets_received_ok: shapes.UInt32 = field(name="rxPacketsReceivedOK", default=0)
    tx_packets_emitted: shapes.UInt32 = 0


_EVENT = msgspec.json.Decoder(_Event)
_STATS = msgspec.json.Decoder(_Stats)


def looks_like(payload: bytes) -> bool:
    """Tell version 3 from 4 by fields that only one of them has."""
    # Version 4 tells who sent within its first bytes: nothing more of it is looked through.
    return b'"deviceInfo"' not in payload and b'"devEUI"' in payload


def is_gateway_stats(payload: bytes) -> bool:
    """Tell version 3's gateway stats by the spelling of its identifier."""
    return b'"gatewayID"' in payload and payload.lstrip()[:1] == b"{"


def decode(kind: str, raw: RawMessage) -> DeviceEvent:
    """Read an event of version 3; the key is a hash of its bytes, its time the one that most gateways agree on."""
    event = _EVENT.decode(raw.payload)
    return v3_time.judged(_KINDS[kind](event, raw), _told(event), event.published_at)


def gateway_stats(payload: bytes) -> shapes.GatewayStats:
    """Read version 3's gateway stats."""
    stats = _STATS.decode(payload)
    return shapes.GatewayStats(
        gateway_id=_gateway_id(stats.gateway_id),
        time=stats.time,
        location=_location(stats.location),
        rx_packets_received=stats.rx_packets_received,
        rx_packets_received_ok=stats.rx_packets_received_ok,
        tx_packets_emitted=stats.tx_packets_emitted,
    )


def _told(event: _Event) -> list[tuple[str, str]]:
    return [(item.gateway_id, item.time) for item in event.rx_info or () if item.time]


def _common(event: _Event) -> dict[str, Any]:
    return {
        "device_info": shapes.DeviceInfo(
            dev_eui=_hex(event.dev_eui),
            application_id=str(event.application_id),
            application_name=event.application_name,
            device_profile_id=event.device_profile_id,
            device_profile_name=event.device_profile_name,
            device_name=event.device_name,
            tags=dict(event.tags or {}),
        ),
        "time": event.published_at or v3_time.agreed(_told(event)),
    }


def _uplink(event: _Event, raw: RawMessage) -> DeviceEvent:
    tx_info = event.tx_info or _TxInfo()
    dr = event.dr if event.dr is not None else tx_info.dr
    shape = shapes.UplinkEvent(
        **_common(event),
        dev_addr=_hex(event.dev_addr) if event.dev_addr else None,
        adr=event.adr,
        dr=dr or 0,
        f_cnt=event.f_cnt,
        f_port=event.f_port,
        confirmed=event.confirmed_uplink,
        data=_base64(event.data or ""),
        object=msgspec.Raw(event.object_json.encode()) if event.object_json else event.object,
        rx_info=[
            shapes.UplinkRxInfo(
                gateway_id=_gateway_id(item.gateway_id),
                rssi=item.rssi,
                snr=item.snr,
                board=item.board,
                antenna=item.antenna,
                location=_location(item.location),
            )
            for item in event.rx_info or ()
        ],
        tx_info=shapes.UplinkTxInfo(
            frequency=tx_info.frequency, modulation=shapes.Modulation(lora=_lora(tx_info, dr))
        ),
    )
    return translate.uplink(shape, raw)


def _lora(tx_info: _TxInfo, dr: int | None) -> shapes.Lora | None:
    if tx_info.lora is not None:
        return shapes.Lora(tx_info.lora.bandwidth * 1000, tx_info.lora.spreading_factor)
    spreading_factor, bandwidth = _LORA_DATA_RATES.get(-1 if dr is None else dr, (0, 0))
    return shapes.Lora(bandwidth, spreading_factor) if spreading_factor else None


def _join(event: _Event, raw: RawMessage) -> DeviceEvent:
    address = _hex(event.dev_addr) if event.dev_addr else None
    return translate.join(shapes.JoinEvent(**_common(event), dev_addr=address), raw)


def _status(event: _Event, raw: RawMessage) -> DeviceEvent:
    shape = shapes.StatusEvent(
        **_common(event),
        margin=event.margin,
        external_power_source=event.external_power_source,
        battery_level_unavailable=event.battery_level_unavailable,
        battery_level=event.battery_level,
    )
    return translate.status(shape, raw)


def _ack(event: _Event, raw: RawMessage) -> DeviceEvent:
    shape = shapes.AckEvent(**_common(event), acknowledged=event.acknowledged, f_cnt_down=event.f_cnt)
    return translate.ack(shape, raw)


def _tx_ack(event: _Event, raw: RawMessage) -> DeviceEvent:
    return translate.tx_ack(shapes.TxAckEvent(**_common(event), f_cnt_down=event.f_cnt), raw)


def _log(event: _Event, raw: RawMessage) -> DeviceEvent:
    shape = shapes.LogEvent(**_common(event), level="ERROR", code=event.type, description=event.error)
    return translate.log(shape, raw)


def _located(event: _Event, raw: RawMessage) -> DeviceEvent:
    return translate.located(shapes.LocationEvent(**_common(event), location=_location(event.location)), raw)


_KINDS: dict[str, Callable[[_Event, RawMessage], DeviceEvent]] = {
    "up": _uplink,
    "join": _join,
    "status": _status,
    "ack": _ack,
    "txack": _tx_ack,
    "log": _log,
    "location": _located,
}


def _location(point: _Location | None) -> shapes.Location | None:
    return None if point is None else shapes.Location(point.latitude, point.longitude, point.altitude)


def _hex(eui: str) -> str:
    """Return base64 identifiers (marshaler `json`) in hexadecimal; others as they are."""
    if _EUI_IN_BASE64(eui) is None and not eui.endswith("=="):
        return eui
    try:
        return base64.b64decode(eui, validate=True).hex()
    except ValueError as error:  # also what is not ASCII
        raise UnusableError("bad_eui", f"{eui[:40]!r} is neither hexadecimal nor base64") from error


def _gateway_id(written: str) -> str:
    """Cut the 32 hexadecimal digits that some exports of version 3 carry (hashed identifiers) to 16."""
    hexadecimal = _hex(written)
    return hexadecimal[:16] if len(hexadecimal) == 32 else hexadecimal  # noqa: PLR2004


def _base64(data: str) -> str:
    """Return payload bytes in base64; some exports of version 3 write them in hexadecimal."""
    return base64.b64encode(bytes.fromhex(data)).decode() if _HEX_BYTES(data) else data
