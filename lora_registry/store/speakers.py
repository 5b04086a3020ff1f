"""What a light audit reads of the whole fleet: one narrow row a device, no history."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.store import chosen, link_reads
from lora_registry.store.audits import DeviceHabit
from lora_registry.store.link_reads import Heard
from lora_registry.store.registry import DeviceRecord, Service
from lora_registry.store.telemetry import Device, DeviceDay, DeviceState

Row = dict[str, Any]


def speakers(connection: Connection) -> list[Row]:
    """Return the devices that have a law of silence: the keys of `evidence.devices` that shared causes ask for.

    Beside them `law` and `links` (`domain.habit`).
    """
    query = (
        select(
            DeviceHabit.dev_eui, Device.network_id, Device.application_id, Device.application_name,
            DeviceRecord.lifecycle, DeviceRecord.territory_code, DeviceRecord.model, DeviceRecord.firmware,
            DeviceRecord.service_id, DeviceState.last_data_at, DeviceHabit.law, DeviceHabit.links,
        )
        .join(DeviceState, DeviceState.dev_eui == DeviceHabit.dev_eui)
        .join(Device, Device.dev_eui == DeviceHabit.dev_eui)
        .outerjoin(DeviceRecord, DeviceRecord.dev_eui == DeviceHabit.dev_eui)
        .where(DeviceHabit.law != b"")
        .order_by(DeviceHabit.dev_eui)
    )  # fmt: skip
    calendars = {row.id: row.calendar for row in connection.execute(select(Service.id, Service.calendar))}
    rows = connection.execute(query)
    names = [*rows.keys(), "calendar"]
    return [dict(zip(names, (*row, calendars.get(row.service_id)), strict=True)) for row in rows]


def safety_devices(connection: Connection) -> list[DevEui]:
    """Return the devices of services on which people's safety depends."""
    query = select(DeviceRecord.dev_eui).join(Service, Service.id == DeviceRecord.service_id)
    return list(connection.scalars(query.where(Service.safety).order_by(DeviceRecord.dev_eui)))


def heard_since(connection: Connection, devices: Collection[DevEui], since: date) -> dict[GatewayId, Heard]:
    """Return what the days of devices, from one on, say of each gateway that heard them."""
    of_them = chosen.one_of(connection, DeviceDay.dev_eui, devices)
    return link_reads.heard(connection, of_them, DeviceDay.day >= since, counted_from=since)
