"""What devices told beside data: joins, and the levels of their batteries, as far as retention has left them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from lora_registry.domain.flags import Flag
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import chosen
from lora_registry.store.telemetry import DeviceEvent

_NOT_OWN_TIME = Flag.TIME_OF_ARRIVAL | Flag.CLOCK_SUSPECT


class Level(NamedTuple):
    """A battery level as a device told it."""

    at: datetime
    battery_pct: float


def joins(connection: Connection, devices: Collection[DevEui], *, until: datetime) -> dict[DevEui, list[datetime]]:
    """Return when devices joined, ascending; a join without a time of its own is none."""
    query = select(DeviceEvent.dev_eui, DeviceEvent.at).where(*_of(connection, devices, "join", until))
    found: dict[DevEui, list[datetime]] = {}
    for dev_eui, at in connection.execute(query.order_by(DeviceEvent.dev_eui, DeviceEvent.at)):
        found.setdefault(dev_eui, []).append(at)
    return found


def levels(connection: Connection, devices: Collection[DevEui], *, until: datetime) -> dict[DevEui, list[Level]]:
    """Return what devices told of their batteries, ascending."""
    query = select(DeviceEvent.dev_eui, DeviceEvent.at, DeviceEvent.body).where(
        *_of(connection, devices, "status", until)
    )
    found: dict[DevEui, list[Level]] = {}
    for dev_eui, at, body in connection.execute(query.order_by(DeviceEvent.dev_eui, DeviceEvent.at)):
        told: dict[str, Any] = body
        if told.get("battery_pct") is not None and not told.get("external_power"):
            found.setdefault(dev_eui, []).append(Level(at, float(told["battery_pct"])))
    return found


def _of(
    connection: Connection, devices: Collection[DevEui], kind: str, until: datetime
) -> list[ColumnElement[bool]]:
    return [
        chosen.one_of(connection, DeviceEvent.dev_eui, devices),
        DeviceEvent.kind == kind,
        DeviceEvent.at <= until,
        DeviceEvent.flags.bitwise_and(_NOT_OWN_TIME) == 0,
    ]
