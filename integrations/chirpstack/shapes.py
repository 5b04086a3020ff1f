"""ChirpStack 4's integration and gateway messages, only the fields that are used.

Attributes carry the protobuf names, so that one translation serves both encodings: JSON is decoded into these
structs, and protobuf messages are copied into them. Fields of packages `gw` and `common` are left out of JSON
when they are 0, so every one has that default; nulls come from other vendors' servers.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

UInt32 = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
UInt16 = Annotated[int, Meta(ge=0, le=0xFFFF)]
UInt8 = Annotated[int, Meta(ge=0, le=0xFF)]
Decibels = Annotated[float, Meta(ge=-3000, le=3000)]
# PostgreSQL and people both have an end: names longer than this are refused, not cut.
Text = Annotated[str, Meta(max_length=1024)]


class Shape(Struct, rename="camel", gc=False):
    """Root of the shapes: camelCase in JSON, no cycles to collect."""


class DeviceInfo(Shape):
    """integration.DeviceInfo."""

    dev_eui: str
    tenant_id: Text = ""
    tenant_name: Text = ""
    application_id: Text = ""
    application_name: Text = ""
    device_profile_id: Text = ""
    device_profile_name: Text = ""
    device_name: Text = ""
    device_class_enabled: Text = ""
    tags: dict[str, str | float | int | bool | None] | None = None


class Location(Shape):
    """common.Location."""

    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    source: str = "UNKNOWN"
    accuracy: float | None = None


class UplinkRxInfo(Shape):
    """gw.UplinkRxInfo."""

    gateway_id: str
    rssi: Decibels = 0
    snr: Decibels = 0.0
    board: UInt8 = 0
    antenna: UInt8 = 0
    location: Location | None = None


class Lora(Shape):
    """gw.LoraModulationInfo."""

    bandwidth: UInt32 = 0
    spreading_factor: UInt8 = 0
    code_rate: str = "CR_4_5"


class Modulation(Shape):
    """gw.Modulation; FSK and LR-FHSS leave `lora` unset."""

    lora: Lora | None = None


class UplinkTxInfo(Shape):
    """gw.UplinkTxInfo."""

    frequency: UInt32 = 0
    modulation: Modulation | None = None


class DeviceEvent(Shape):
    """What every integration message has; log and txack have no deduplicationId."""

    device_info: DeviceInfo
    deduplication_id: Text | None = None
    time: str | None = None


class UplinkEvent(DeviceEvent):
    """integration.UplinkEvent."""

    dev_addr: str | None = None
    adr: bool = False
    dr: UInt8 = 0
    f_cnt: UInt32 = 0
    f_port: UInt8 | None = 0
    confirmed: bool = False
    data: str | None = ""
    object: Raw = Raw(b"")
    """The codec's answer, as it was written: read by whom it concerns, for most objects by nobody."""
    rx_info: list[UplinkRxInfo] | None = None
    tx_info: UplinkTxInfo | None = None
    relay_rx_info: dict[str, Any] | None = None


class JoinEvent(DeviceEvent):
    """integration.JoinEvent."""

    dev_addr: str | None = None


class StatusEvent(DeviceEvent):
    """integration.StatusEvent."""

    margin: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    external_power_source: bool = False
    battery_level_unavailable: bool = False
    battery_level: float = 0.0


class AckEvent(DeviceEvent):
    """integration.AckEvent."""

    acknowledged: bool = False
    f_cnt_down: UInt32 = 0


class TxAckEvent(DeviceEvent):
    """integration.TxAckEvent."""

    gateway_id: str = ""
    f_cnt_down: UInt32 = 0
    queue_item_id: Text = ""


class LogEvent(DeviceEvent):
    """integration.LogEvent."""

    level: Text = "INFO"
    code: Text = "UNKNOWN"
    description: str = ""
    context: dict[str, Any] | None = None


class LocationEvent(DeviceEvent):
    """integration.LocationEvent."""

    location: Location | None = None


class GatewayStats(Shape):
    """gw.GatewayStats; counters are per interval, absent when 0."""

    gateway_id: str
    time: str | None = None
    location: Location | None = None
    rx_packets_received: UInt32 = 0
    rx_packets_received_ok: UInt32 = 0
    tx_packets_emitted: UInt32 = 0


class ConnState(Shape):
    """gw.ConnState; OFFLINE is enum value 0, hence absent from JSON."""

    gateway_id: str
    state: str = "OFFLINE"
