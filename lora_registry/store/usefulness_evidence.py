"""What a judgement of usefulness reads of one partition of objects."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, func, select, type_coerce

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.services import Family, PrivacyClass
from lora_registry.store import link_reads
from lora_registry.store.audits import DeviceVerdict
from lora_registry.store.evidence import Partition
from lora_registry.store.reads import Row
from lora_registry.store.registry import DeviceRecord, Position, Service
from lora_registry.store.sketch_grants import PRIVACY
from lora_registry.store.telemetry import Device, DeviceDay, DeviceState


class Days(NamedTuple):
    """What an object's days add up to."""

    uplinks: int
    heard: int
    """Days with an uplink."""
    span: int
    """From its first to its last one."""
    airtime_s: float


def _within(column: Any, part: Partition) -> ColumnElement[bool]:  # noqa: ANN401 - any model's column
    return type_coerce(column, BigInteger).between(part.first, part.last)


def objects(connection: Connection, part: Partition, run_id: int) -> list[Row]:
    """Return what is known of each object that the audit judged: its verdict, owners' words, its service."""
    query = (
        select(
            DeviceVerdict.dev_eui,
            DeviceVerdict.state,
            DeviceVerdict.cadence,
            DeviceVerdict.period_s,
            DeviceVerdict.delivery_low,
            DeviceVerdict.delivery_high,
            DeviceVerdict.facts,
            func.coalesce(Device.network_id, DeviceRecord.network_id).label("network_id"),
            Device.application_id,
            Device.application_name,
            DeviceRecord.model,
            DeviceRecord.purchased_on,
            DeviceRecord.lifecycle,
            func.coalesce(DeviceRecord.owner_id, Service.owner_id).label("owner_id"),
            PRIVACY.label("privacy"),
            Service.id.label("service_id"),
            Service.family,
            Service.purpose,
            Service.decision,
            Service.consumers,
            Service.need_period_s,
            Service.calendar,
            Service.ends_on,
            Service.confirmed_on,
            DeviceState.battery_pct,
            DeviceState.external_power,
            DeviceState.first_uplink_at,
        )
        .outerjoin(Device, Device.dev_eui == DeviceVerdict.dev_eui)
        .outerjoin(DeviceState, DeviceState.dev_eui == DeviceVerdict.dev_eui)
        .outerjoin(DeviceRecord, DeviceRecord.dev_eui == DeviceVerdict.dev_eui)
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .where(DeviceVerdict.run_id == run_id, _within(DeviceVerdict.dev_eui, part))
        .order_by(DeviceVerdict.dev_eui)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def placed(connection: Connection, part: Partition) -> set[DevEui]:
    """Return the objects whose position is known."""
    return set(connection.scalars(select(Position.dev_eui).where(_within(Position.dev_eui, part)).distinct()))


def days(connection: Connection, part: Partition, *, until: date, count: int) -> dict[DevEui, Days]:
    """Return what the `count` days that end with `until` add up to, of each object with uplinks."""
    query = (
        select(
            DeviceDay.dev_eui,
            func.sum(DeviceDay.uplinks),
            func.count(),
            func.min(DeviceDay.day),
            func.max(DeviceDay.day),
            func.sum(DeviceDay.airtime_s),
        )
        .where(_within(DeviceDay.dev_eui, part), link_reads.last_days(until, count), DeviceDay.uplinks > 0)
        .group_by(DeviceDay.dev_eui)
    )
    return {
        eui: Days(int(uplinks), int(heard), (last - first).days + 1, float(airtime_s))
        for eui, uplinks, heard, first, last, airtime_s in connection.execute(query)
    }


def comparable(connection: Connection) -> list[tuple[DevEui, str, dict[str, float]]]:
    """Return the objects whose hourly means may be compared: public ones that measure, with their tolerances.

    (DevEUI, service, channel -> tolerance). A few thousand even in a large city: never households.
    """
    query = (
        select(DeviceRecord.dev_eui, Service.id, Service.tolerance)
        .join(Service, Service.id == DeviceRecord.service_id)
        .where(Service.family == Family.MEASURE, PRIVACY == PrivacyClass.PUBLIC)
        .order_by(DeviceRecord.dev_eui)
    )
    return [(eui, service, tolerance) for eui, service, tolerance in connection.execute(query)]
