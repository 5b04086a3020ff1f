"""The arithmetic of ingest: new events folded into what they add to a device's state and its days.

`fold` is told which events are new; it never counts one twice, and everything it returns is a sum over exactly
those events, so that aggregates equal what the rows say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from lora_registry.domain import links
from lora_registry.domain.airtime import phy_payload_size, time_on_air_s
from lora_registry.domain.events import DeviceEvent, DeviceIdentity, Header, Join, Status, Uplink
from lora_registry.domain.flags import Flag
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.links import LinkDay


@dataclass(slots=True)
class DeviceState:
    """What a batch adds to a device's running state, on top of the little that it must know of it."""

    dev_eui: DevEui
    identity: int = 0
    """Hash of what the network server calls it; 0 when never described. Known, then replaced."""
    identity_at: datetime | None = None
    """Time of the event it was read from. Known, then replaced."""
    recent: bytes = b""
    """The last frames, newest last, packed (`domain.flags`). Known, then replaced."""
    uplinks_total: int = 0
    first_uplink_at: datetime | None = None
    last_uplink_at: datetime | None = None
    last_data_at: datetime | None = None
    """Of the last uplink that carried data: MAC commands alone are life, not service."""
    last_received_at: datetime | None = None
    joins_total: int = 0
    last_join_at: datetime | None = None


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
    links: dict[GatewayId, LinkDay] = field(default_factory=dict)


@dataclass(slots=True)
class Folded:
    """The outcome of a fold."""

    identities: dict[DevEui, tuple[DeviceIdentity, datetime]] = field(default_factory=dict)
    """Those that are new or changed, and when each was first received in this batch."""
    device_days: dict[tuple[DevEui, date], DeviceDay] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)


def identity_hash(identity: DeviceIdentity) -> int:
    """Return a signed 64-bit hash of what a network server says of a device; never 0."""
    *names, tags = identity
    text = "\0".join([*names, *["\0".join(tag) for tag in tags]])
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def fold(states: dict[DevEui, DeviceState], events: Iterable[tuple[DeviceEvent, int]]) -> Folded:
    """Fold events that are new, each with its flags, into `states` (changed in place) and day sums."""
    folded = Folded()
    for event, flags in events:
        header = event.header
        state = states[header.device.dev_eui]
        received_at = header.received_at
        if state.last_received_at is None or received_at > state.last_received_at:
            state.last_received_at = received_at
        _fold_identity(state, header, folded)
        if isinstance(event, Uplink):
            _fold_uplink(state, _day(folded, header), event, flags)
        elif isinstance(event, Join):
            shown_at = header.timing.shown_at
            state.joins_total += 1
            state.last_join_at = shown_at if state.last_join_at is None else max(state.last_join_at, shown_at)
            _day(folded, header).joins += 1
        elif isinstance(event, Status):
            folded.statuses.append(event)
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


def _fold_uplink(state: DeviceState, day: DeviceDay, uplink: Uplink, flags: int) -> None:
    shown_at = uplink.header.timing.shown_at
    state.uplinks_total += 1
    if state.first_uplink_at is None or shown_at < state.first_uplink_at:
        state.first_uplink_at = shown_at
    if state.last_uplink_at is None or shown_at > state.last_uplink_at:
        state.last_uplink_at = shown_at
    if uplink.f_port and (state.last_data_at is None or shown_at > state.last_data_at):
        state.last_data_at = shown_at
    day.uplinks += 1
    if day.first_at is None or shown_at < day.first_at:
        day.first_at = shown_at
    if day.last_at is None or shown_at > day.last_at:
        day.last_at = shown_at
    if flags & (Flag.RETRANSMISSION | Flag.MAC_ONLY | Flag.QOS_0):
        day.retransmissions += bool(flags & Flag.RETRANSMISSION)
        day.mac_only += bool(flags & Flag.MAC_ONLY)
        day.qos0 += bool(flags & Flag.QOS_0)
    spreading_factor, bandwidth_hz, coding_rate = uplink.modulation
    if spreading_factor is not None and bandwidth_hz is not None:
        day.airtime_s += time_on_air_s(
            spreading_factor=spreading_factor,
            bandwidth_hz=bandwidth_hz,
            payload_bytes=phy_payload_size(uplink.size),
            coding_rate=coding_rate,
        )
        if spreading_factor >= 7:  # noqa: PLR2004 - SF7 is LoRaWAN's lowest; SF5 and SF6 are 2.4 GHz
            day.by_spreading_factor[spreading_factor - 7] += 1
    if not uplink.relayed:
        links.fold(day.links, uplink.receptions, shown_at, suspect=bool(flags & Flag.SIGNAL_SUSPECT))


def _day(folded: Folded, header: Header) -> DeviceDay:
    key = (header.device.dev_eui, header.timing.shown_at.date())
    day = folded.device_days.get(key)
    if day is None:
        day = folded.device_days[key] = DeviceDay()
    return day
