"""What is known of devices on their way into service: words, the network server's list, joins, data and logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.onboarding.follow_up import Progress
from lora_registry.store import chosen
from lora_registry.store.registry import DeviceRecord, Position, Service
from lora_registry.store.sync_tables import NetworkDevice
from lora_registry.store.telemetry import Device, DeviceEvent, DeviceState

_UNDATED_YEAR = 1970
_ON_THE_WAY = (Lifecycle.PLANNED, Lifecycle.PROVISIONED)


def on_the_way(
    connection: Connection, *, organisation: str | None = None, dev_euis: Collection[DevEui] | None = None
) -> list[Progress]:
    """Return the devices that are planned or provisioned, or those named, by DevEUI."""
    listed = (
        select(NetworkDevice.dev_eui, func.min(NetworkDevice.created_at).label("created_at"))
        .where(NetworkDevice.absent_since.is_(None))
        .group_by(NetworkDevice.dev_eui)
        .subquery()
    )
    query = (
        select(
            DeviceRecord.dev_eui, DeviceRecord.name, DeviceRecord.lifecycle, DeviceRecord.recorded_at,
            listed.c.created_at, DeviceState.joins_total, DeviceState.last_join_at, DeviceState.last_data_at,
            DeviceState.first_uplink_at, Device.profile_name,
            select(Position.dev_eui).where(Position.dev_eui == DeviceRecord.dev_eui).exists().label("has_place"),
        )
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .outerjoin(listed, listed.c.dev_eui == DeviceRecord.dev_eui)
        .outerjoin(DeviceState, DeviceState.dev_eui == DeviceRecord.dev_eui)
        .outerjoin(Device, Device.dev_eui == DeviceRecord.dev_eui)
        .order_by(DeviceRecord.dev_eui)
    )  # fmt: skip
    if dev_euis is None:
        query = query.where(DeviceRecord.lifecycle.in_(_ON_THE_WAY))
    else:
        query = query.where(chosen.one_of(connection, DeviceRecord.dev_eui, dev_euis))
    if organisation is not None:
        query = query.where(func.coalesce(DeviceRecord.owner_id, Service.owner_id) == organisation)
    rows = connection.execute(query).all()
    logs = _logs(connection, {row.dev_eui: row.recorded_at for row in rows})
    return [
        Progress(
            dev_eui=row.dev_eui,
            name=row.name,
            lifecycle=row.lifecycle,
            planned_at=row.recorded_at,
            provisioned_at=row.created_at,
            last_join_at=row.last_join_at,
            joins=row.joins_total or 0,
            first_data_at=row.first_uplink_at if row.last_data_at is not None else None,
            logs=logs.get(row.dev_eui, (Counter(), ""))[0],
            last_log=logs.get(row.dev_eui, (Counter(), ""))[1],
            has_place=row.has_place,
            profile=row.profile_name,
        )
        for row in rows
    ]


def _logs(connection: Connection, since: dict[DevEui, datetime]) -> dict[DevEui, tuple[Counter[str], str]]:
    """Return the codes that the network server logged of each device since it was planned, and its last words."""
    among = chosen.one_of(connection, DeviceEvent.dev_eui, list(since))
    query = (
        select(DeviceEvent.dev_eui, DeviceEvent.at, DeviceEvent.received_at, DeviceEvent.body)
        .where(among, DeviceEvent.kind == "log")
        .order_by(DeviceEvent.dev_eui, DeviceEvent.at)
    )
    found: dict[DevEui, tuple[Counter[str], str]] = {}
    for eui, at, received_at, body in connection.execute(query):
        # A log without a time of its own is dated by its arrival.
        if (received_at if at.year == _UNDATED_YEAR else at) < since[eui]:
            continue
        counted, _ = found.get(eui, (Counter(), ""))
        counted[str(body.get("code", ""))] += 1
        found[eui] = (counted, str(body.get("description", "")))
    return found
