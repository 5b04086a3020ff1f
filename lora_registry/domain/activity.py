"""The arithmetic of ingest: new events folded into a device's running state and its days.

`fold` is told which events are new; it never counts one twice, and everything it returns is a sum over exactly
those events, so that aggregates equal what the rows say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter

from lora_registry.domain.airtime import phy_payload_size, time_on_air_s
from lora_registry.domain.events import (
    DeviceEvent,
    DeviceIdentity,
    Header,
    Join,
    Location,
    Reception,
    Status,
    Uplink,
)
from lora_registry.domain.flags import Flag
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.signal import esp_dbm, possible_signal


@dataclass(slots=True)
class DeviceState:
    """A device's running state, read and written whole with each batch."""

    dev_eui: DevEui
    identity: int = 0
    """Hash of what the network server calls it; 0 when never described."""
    identity_at: datetime | None = None
    uplinks_total: int = 0
    first_uplink_at: datetime | None = None
    last_uplink_at: datetime | None = None
    last_received_at: datetime | None = None
    joins_total: int = 0
    last_join_at: datetime | None = None
    battery_pct: float | None = None
    external_power: bool | None = None
    margin_db: int | None = None
    status_at: datetime | None = None
    recent: bytes = b""
    """The last frames folded, newest last, packed."""


@dataclass(slots=True)
class DeviceDay:
    """What one batch adds to one device's day."""

    uplinks: int = 0
    retransmissions: int = 0
    mac_only: int = 0
    qos0: int = 0
    joins: int = 0
    airtime_s: float = 0.0
    by_spreading_factor: list[int] = field(default_factory=lambda: [0] * 6)
    """SF7 to SF12."""
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(slots=True)
class LinkDay:
    """What one batch adds to one device's day at one gateway."""

    last_at: datetime
    uplinks: int = 0
    best: int = 0
    signals: int = 0
    esp_sum_dbm: float = 0.0
    esp_square_sum: float = 0.0
    snr_max_db: float | None = None
    location: Location | None = None


@dataclass(slots=True)
class Folded:
    """The outcome of a fold."""

    identities: dict[DevEui, tuple[DeviceIdentity, datetime]] = field(default_factory=dict)
    """Those that are new or changed, and when each was first received in this batch."""
    device_days: dict[tuple[DevEui, date], DeviceDay] = field(default_factory=dict)
    link_days: dict[tuple[DevEui, GatewayId, date], LinkDay] = field(default_factory=dict)


@lru_cache(8192)
def identity_hash(identity: DeviceIdentity) -> int:
    """Return a signed 64-bit hash of what a network server says of a device; never 0."""
    digest = hashlib.blake2b(repr(identity).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def fold(states: dict[DevEui, DeviceState], events: Iterable[tuple[DeviceEvent, int]]) -> Folded:
    """Fold events that are new, each with its flags, into `states` (changed in place) and day sums."""
    folded = Folded()
    for event, flags in events:
        header = event.header
        state = states.setdefault(header.device.dev_eui, DeviceState(header.device.dev_eui))
        state.last_received_at = _later(state.last_received_at, header.received_at)
        _fold_identity(state, header, folded)
        if isinstance(event, Uplink):
            _fold_uplink(state, event, flags, folded)
        elif isinstance(event, Join):
            shown_at = header.timing.shown_at
            state.joins_total += 1
            state.last_join_at = _later(state.last_join_at, shown_at)
            _day(folded, header).joins += 1
        elif isinstance(event, Status):
            fold_status(state, event)
    return folded


def _fold_identity(state: DeviceState, header: Header, folded: Folded) -> None:
    shown_at = header.timing.shown_at
    if state.identity_at is not None and shown_at < state.identity_at:
        return  # history does not rename a device
    state.identity_at = shown_at
    hashed = identity_hash(header.device)
    if hashed != state.identity:
        state.identity = hashed
        earlier = folded.identities.get(state.dev_eui)
        folded.identities[state.dev_eui] = (header.device, header.received_at if earlier is None else earlier[1])


def _fold_uplink(state: DeviceState, uplink: Uplink, flags: int, folded: Folded) -> None:
    header = uplink.header
    shown_at = header.timing.shown_at
    state.uplinks_total += 1
    state.first_uplink_at = _earlier(state.first_uplink_at, shown_at)
    state.last_uplink_at = _later(state.last_uplink_at, shown_at)
    day = _day(folded, header)
    day.uplinks += 1
    day.retransmissions += bool(flags & Flag.RETRANSMISSION)
    day.mac_only += bool(flags & Flag.MAC_ONLY)
    day.qos0 += bool(flags & Flag.QOS_0)
    day.first_at = _earlier(day.first_at, shown_at)
    day.last_at = _later(day.last_at, shown_at)
    modulation = uplink.modulation
    if modulation.spreading_factor is not None and modulation.bandwidth_hz is not None:
        day.airtime_s += time_on_air_s(
            spreading_factor=modulation.spreading_factor,
            bandwidth_hz=modulation.bandwidth_hz,
            payload_bytes=phy_payload_size(uplink.size),
            coding_rate=modulation.coding_rate,
        )
        if modulation.spreading_factor >= 7:  # noqa: PLR2004 - SF7 is LoRaWAN's lowest; SF5 and SF6 are 2.4 GHz
            day.by_spreading_factor[modulation.spreading_factor - 7] += 1
    if not uplink.relayed:
        _fold_links(uplink, shown_at, folded)


def _fold_links(uplink: Uplink, shown_at: datetime, folded: Folded) -> None:
    """Count each gateway once per uplink, by the antenna that heard best."""
    heard: dict[GatewayId, tuple[_Strength, Reception]] = {}
    for reception in uplink.receptions:
        strength = _strength(reception)
        other = heard.get(reception.gateway_id)
        if other is None or strength > other[0]:
            heard[reception.gateway_id] = (strength, reception)
    best = max(heard.values(), key=itemgetter(0), default=None)
    dev_eui, day = uplink.header.device.dev_eui, shown_at.date()
    for gateway_id, found in heard.items():
        (possible, _, _), reception = found
        key = (dev_eui, gateway_id, day)
        link = folded.link_days.get(key)
        if link is None:
            link = folded.link_days[key] = LinkDay(last_at=shown_at)
        link.uplinks += 1
        link.best += found is best
        link.last_at = max(link.last_at, shown_at)
        if reception.location is not None:
            link.location = reception.location
        if possible:
            esp = esp_dbm(reception)
            link.signals += 1
            link.esp_sum_dbm += esp
            link.esp_square_sum += esp * esp
            if link.snr_max_db is None or reception.snr_db > link.snr_max_db:
                link.snr_max_db = reception.snr_db


_Strength = tuple[bool, float, int]


def _strength(reception: Reception) -> _Strength:
    return possible_signal(reception), reception.snr_db, reception.rssi_dbm


def fold_status(state: DeviceState, status: Status) -> None:
    """Take over what a status says, unless a later one is known already."""
    shown_at = status.header.timing.shown_at
    if state.status_at is None or shown_at >= state.status_at:
        state.status_at = shown_at
        state.battery_pct = status.battery_pct
        state.external_power = status.external_power
        state.margin_db = status.margin_db


def _day(folded: Folded, header: Header) -> DeviceDay:
    key = (header.device.dev_eui, header.timing.shown_at.date())
    day = folded.device_days.get(key)
    if day is None:
        day = folded.device_days[key] = DeviceDay()
    return day


def _later(a: datetime | None, b: datetime) -> datetime:
    return b if a is None or b > a else a


def _earlier(a: datetime | None, b: datetime) -> datetime:
    return b if a is None or b < a else a
