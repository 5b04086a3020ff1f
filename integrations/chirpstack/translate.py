"""From ChirpStack's shapes to the program's own events: every default, trap and unit is settled here.

Functions raise `UnusableError`; `events.decode` turns it into a `Rejected`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from integrations.chirpstack import shapes
from lora_registry.domain import events
from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.identifiers import DevEui, GatewayId

_CODING_RATES = {f"CR_{interleaved}4_{rate + 4}": rate for interleaved in ("", "LI_") for rate in (1, 2, 3, 4)}
_HEX_32 = re.compile(r"[0-9a-fA-F]{1,8}").fullmatch
_LEAP_SECOND = re.compile(r"([T ]\d\d:\d\d:)60")
_LONGEST_TIME = 64
_LORA_SPREADING_FACTORS = range(5, 13)
_LORA_BANDWIDTHS_HZ = range(7_800, 1_625_001)
_REFUSED_BY_POSTGRESQL = "\x00"
_POLE, _ANTIMERIDIAN = 90.0, 180.0
_LONGEST_REGION = 64
# What comes again with every message is read once. Bounded, and only short texts: a broker may carry anything.
_REMEMBERED_GATEWAYS = 4096
_EUI_DIGITS = 16


class UnusableError(ValueError):
    """A message that parses and still cannot be an event."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def event_key(kind: str, identity: bytes) -> int:
    """Return the signed 64-bit hash that, with device and time, identifies an event.

    `identity` is the deduplicationId; where there is none, what the event says, or the whole payload (`header`).
    """
    digest = hashlib.blake2b(identity, digest_size=8, key=kind.encode()).digest()
    return int.from_bytes(digest, "big", signed=True)


def instant(text: str | None) -> datetime | None:
    """Read a protobuf JSON timestamp; None when absent, 1970-01-01 when it cannot be a time.

    2026-09-10T09:00:01.250123456+00:00  ->  09:00:01.250123 UTC (nanoseconds are cut)
    2026-09-10t09:00:01z                 ->  09:00:01 UTC
    2016-12-31T23:59:60Z                 ->  23:59:59 UTC (a leap second)
    yesterday                            ->  1970-01-01, which `Timing` shows as a suspect clock
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _unusual(text)
    try:
        return moment if moment.tzinfo is UTC else _to_utc(moment)
    except OverflowError:
        return events.EPOCH


def _unusual(text: str) -> datetime:
    """Read what RFC 3339 allows and Python does not: small letters, leap seconds."""
    if len(text) <= _LONGEST_TIME:
        try:
            return datetime.fromisoformat(_LEAP_SECOND.sub(r"\g<1>59", text.upper()))
        except ValueError:
            pass
    return events.EPOCH


def _to_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def text(value: str) -> str:
    """Return `value` as any database can keep it: no NUL, no lone surrogate."""
    if value.isascii() and _REFUSED_BY_POSTGRESQL not in value:
        return value
    clean = value.replace(_REFUSED_BY_POSTGRESQL, "\N{REPLACEMENT CHARACTER}")
    return clean.encode("utf-8", "replace").decode("utf-8")


def dev_eui(written: str, where: str) -> DevEui:
    """Parse a DevEUI or say where it is wrong."""
    try:
        return DevEui.parse(written)
    except IdentifierError as error:
        raise UnusableError("bad_eui", f"{where}: {error}") from error


def gateway_id(written: str, where: str) -> GatewayId:
    """Parse a gateway identifier or say where it is wrong."""
    try:
        return _gateway_id(written) if len(written) == _EUI_DIGITS else GatewayId.parse(written)
    except IdentifierError as error:
        raise UnusableError("bad_eui", f"{where}: {error}") from error


@lru_cache(_REMEMBERED_GATEWAYS)
def _gateway_id(written: str) -> GatewayId:
    return GatewayId.parse(written)


def dev_addr(written: str | None) -> int | None:
    """Read a DevAddr of up to 8 hexadecimal digits; None when absent."""
    if not written:
        return None
    if _HEX_32(written) is None:
        raise UnusableError("wrong_value", f"devAddr {written[:20]!r} is not 8 hexadecimal digits")
    return int(written, 16)


def location(shape: shapes.Location | None) -> events.Location | None:
    """Return the point, or None where the coordinates were never set.

    absent or {}                  None   (0/0 means "never set" in ChirpStack)
    {"latitude": 51.5}            51.5, 0.0   (Greenwich: a single 0 is left out of JSON)
    {"latitude": 0, "longitude": 0}  None
    """
    return _point(shape.latitude, shape.longitude, shape.altitude) if shape is not None else None


@lru_cache(_REMEMBERED_GATEWAYS)
def _point(latitude: float | None, longitude: float | None, altitude: float | None) -> events.Location | None:
    latitude, longitude = latitude or 0.0, longitude or 0.0
    if latitude == 0.0 and longitude == 0.0:
        return None
    if not (abs(latitude) <= _POLE and abs(longitude) <= _ANTIMERIDIAN):  # also refuses NaN
        return None
    altitude = altitude or None  # 0 is "not set" as well: JSON leaves it out, Protobuf cannot say
    if altitude is not None and not math.isfinite(altitude):
        altitude = None
    return events.Location(latitude, longitude, altitude)


def payload_size(data: str | None) -> int:
    """Bytes that the base64 text `data` stands for."""
    if not data:
        return 0
    return max(0, len(data) * 3 // 4 - data.count("=", -2))


def decoded(written: msgspec.Raw) -> bytes:
    """Return the codec's object as its JSON text, unread; empty where there is none."""
    text_of_it = bytes(written)
    return b"" if text_of_it in (b"null", b"{}") else text_of_it


def modulation(tx_info: shapes.UplinkTxInfo | None) -> events.Modulation:
    """Return the LoRa modulation; without one (FSK, LR-FHSS, absent) no spreading factor."""
    lora = tx_info.modulation.lora if tx_info is not None and tx_info.modulation is not None else None
    if lora is None or lora.spreading_factor not in _LORA_SPREADING_FACTORS:
        return events.Modulation(None, None, 1)
    bandwidth_hz = lora.bandwidth if lora.bandwidth in _LORA_BANDWIDTHS_HZ else None
    return events.Modulation(lora.spreading_factor, bandwidth_hz, _CODING_RATES.get(lora.code_rate, 1))


def identity(info: shapes.DeviceInfo) -> events.DeviceIdentity:
    """Return who sent."""
    names = (
        info.device_name, info.application_id, info.application_name, info.device_profile_id,
        info.device_profile_name, info.tenant_id, info.tenant_name, info.device_class_enabled,
    )  # fmt: skip
    tags = tuple(sorted([(key, str(value)) for key, value in (info.tags or {}).items() if value is not None]))
    everything = "".join([*names, *["".join(tag) for tag in tags]])
    if not everything.isascii() or _REFUSED_BY_POSTGRESQL in everything:
        names = tuple(map(text, names))  # type: ignore[assignment]  # as many as there were
        tags = tuple(sorted((text(key), text(value)) for key, value in tags))
    return events.DeviceIdentity(dev_eui(info.dev_eui, "deviceInfo.devEui"), *names, tags)


def header(kind: str, event: shapes.DeviceEvent, raw: events.RawMessage, says: str = "") -> events.Header:
    """Return what every device event has.

    One without deduplicationId but with a time is known by what it `says`, where given: its row in ChirpStack's
    own database then has the same key. Any other is known by its bytes.
    """
    timing = events.Timing.of(instant(event.time), raw.received_at)
    if raw.retained and timing.clock is not events.Clock.OWN:
        raise UnusableError(
            "retained_without_time", "a retained message says nothing about when, and it has no credible time"
        )
    known_by = event.deduplication_id or (says if timing.key_at != events.EPOCH else "")
    return events.Header(
        device=identity(event.device_info),
        timing=timing,
        received_at=raw.received_at,
        key=event_key(kind, known_by.encode("utf-8", "replace") if known_by else raw.payload),
        qos=raw.qos,
    )


def receptions(shapes_of_them: Sequence[shapes.UplinkRxInfo]) -> tuple[events.Reception, ...]:
    """Return each gateway's (each antenna's) reception."""
    return tuple(
        [
            events.Reception(
                gateway_id(shape.gateway_id, f"rxInfo[{index}].gatewayId"),
                round(shape.rssi),
                shape.snr,
                (shape.board & 0xF) << 4 | shape.antenna & 0xF,
                location(shape.location),
            )
            for index, shape in enumerate(shapes_of_them)
        ]
    )


def uplink(event: shapes.UplinkEvent, raw: events.RawMessage) -> events.Uplink:
    """Return the data uplink."""
    return events.Uplink(
        header=header("up", event, raw),
        dev_addr=dev_addr(event.dev_addr),
        f_cnt=event.f_cnt,
        f_port=event.f_port or 0,
        confirmed=event.confirmed,
        adr=event.adr,
        dr=event.dr,
        size=payload_size(event.data),
        frequency_hz=(event.tx_info.frequency or None) if event.tx_info is not None else None,
        modulation=modulation(event.tx_info),
        receptions=receptions(event.rx_info or ()),
        relayed=event.relay_rx_info is not None,
        decoded=decoded(event.object),
        data=event.data or "",
    )


def join(event: shapes.JoinEvent, raw: events.RawMessage) -> events.Join:
    """Return the join."""
    return events.Join(header("join", event, raw), dev_addr(event.dev_addr))


def status(event: shapes.StatusEvent, raw: events.RawMessage) -> events.Status:
    """Return the device's status; its battery only where the level means one."""
    measured = not (event.external_power_source or event.battery_level_unavailable)
    known = measured and 0.0 <= event.battery_level <= 100.0  # noqa: PLR2004 - percent
    return events.Status(
        header=header("status", event, raw),
        margin_db=event.margin,
        external_power=event.external_power_source,
        # Five decimals are what single precision holds of a percentage: both encodings then say the same.
        battery_pct=round(event.battery_level, 5) if known else None,
    )


def ack(event: shapes.AckEvent, raw: events.RawMessage) -> events.Ack:
    """Return the acknowledgement of a confirmed downlink."""
    return events.Ack(header("ack", event, raw), event.acknowledged, event.f_cnt_down)


def tx_ack(event: shapes.TxAckEvent, raw: events.RawMessage) -> events.TxAck:
    """Return the gateway's word on a downlink."""
    gateway = gateway_id(event.gateway_id, "gatewayId") if event.gateway_id else None
    return events.TxAck(header("txack", event, raw, event.queue_item_id), gateway, event.f_cnt_down)


def log(event: shapes.LogEvent, raw: events.RawMessage) -> events.Log:
    """Return the network server's warning or error."""
    said = [event.level, event.code, event.description, event.context]
    # Sorted: ChirpStack writes its maps in random order. Version 3 has no context, nor a time of its own.
    says = "" if event.context is None else json.dumps(said, sort_keys=True)
    return events.Log(
        header("log", event, raw, says), text(event.level), text(event.code), text(event.description)[:500]
    )


def located(event: shapes.LocationEvent, raw: events.RawMessage) -> events.Located:
    """Return the position the network server resolved."""
    point = location(event.location)
    if point is None or event.location is None:
        raise UnusableError("wrong_value", "location: no coordinates, or impossible ones")
    accuracy = event.location.accuracy
    return events.Located(
        header=header("location", event, raw),
        location=point,
        source=text(event.location.source),
        accuracy_m=accuracy if accuracy is not None and math.isfinite(accuracy) else None,
    )


def gateway_stats(event: shapes.GatewayStats, raw: events.RawMessage, region: str) -> events.GatewayStats:
    """Return the gateway's report; its own time can be wrong, so liveness is judged on arrival.

    A time that cannot be is none: a gateway that starts in 1970 at every boot would otherwise repeat itself, and
    its reports be taken for redeliveries.
    """
    timing = events.Timing.of(instant(event.time), raw.received_at)
    return events.GatewayStats(
        gateway_id=gateway_id(event.gateway_id, "gatewayId"),
        received_at=raw.received_at,
        own_time=timing.key_at if timing.clock is events.Clock.OWN else None,
        location=location(event.location),
        rx_received=event.rx_packets_received,
        rx_ok=event.rx_packets_received_ok,
        tx_emitted=event.tx_packets_emitted,
        region=_region(region),
    )


def gateway_connection(event: shapes.ConnState, raw: events.RawMessage, region: str) -> events.GatewayConnection:
    """Return the gateway's connection state."""
    return events.GatewayConnection(
        gateway_id=gateway_id(event.gateway_id, "gatewayId"),
        received_at=raw.received_at,
        online=event.state == "ONLINE",
        retained=raw.retained,
        region=_region(region),
    )


def _region(prefix: str) -> str:
    if len(prefix) > _LONGEST_REGION:
        raise UnusableError("wrong_value", f"topic: a region prefix of {len(prefix)} characters")
    return text(prefix)
