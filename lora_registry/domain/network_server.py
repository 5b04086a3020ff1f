"""What a network server says of the objects it knows, as values: no service, owner or place, it keeps none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from lora_registry.domain.identifiers import DevEui, GatewayId


class Tenant(NamedTuple):
    """An organisation, as the network server separates them."""

    id: str
    name: str


class Application(NamedTuple):
    """A group of devices within a tenant."""

    id: str
    name: str
    tenant: Tenant


class Profile(NamedTuple):
    """What devices of one model have in common on the radio."""

    id: str
    name: str
    tenant_id: str
    """Empty for one that all tenants share."""
    region: str
    mac_version: str
    """As LoRaWAN writes it: 1.0.3."""
    uplink_interval_s: int | None
    """How often its devices are expected to speak; None where nobody said."""
    supports_otaa: bool


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """A device in an application's list."""

    dev_eui: DevEui
    application: Application
    name: str
    description: str
    profile_id: str
    profile_name: str
    tags: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    """When somebody last changed it there."""
    last_seen_at: datetime | None
    """Last uplink that the network server accepted; None when it never had one."""


class ServerGateway(NamedTuple):
    """A gateway as its network server knows it."""

    gateway_id: GatewayId
    tenant_id: str
    name: str
    description: str
    latitude: float | None
    """WGS 84 degrees; None where the server has 0, 0, its word for unset."""
    longitude: float | None
    altitude_m: float | None
    last_seen_at: datetime | None
    stats_interval_s: int | None


class DailyCounts(NamedTuple):
    """Uplinks a day, by the server's own calendar."""

    first: date
    counts: tuple[int, ...]
    """Of `first` and the days that follow."""


def without_silence(first: date, counts: list[int]) -> DailyCounts | None:
    """Return counts without the empty days at both ends; None when nothing was heard at all.

    So that the same history reads the same tomorrow, when the window has moved by a day.
    """
    heard = [place for place, count in enumerate(counts) if count > 0]
    if not heard:
        return None
    start = date.fromordinal(first.toordinal() + heard[0])
    return DailyCounts(start, tuple(counts[heard[0] : heard[-1] + 1]))
