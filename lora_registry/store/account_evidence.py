"""What a public account is made of, as the registry has it now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from lora_registry.domain.identifiers import DevEui
from lora_registry.store import reads
from lora_registry.store.incident_tables import Incident
from lora_registry.store.reads import Row
from lora_registry.store.registry import DeviceRecord, Service, Territory
from lora_registry.store.scores import DeviceUsefulness
from lora_registry.store.sketch_grants import PRIVACY
from lora_registry.store.telemetry import DeviceDay

_STREAMED = {"yield_per": 2000}


class Judged(NamedTuple):
    """What the last judgement says of one object."""

    dev_eui: DevEui
    serves: str
    told: dict[str, Any]
    facts: dict[str, Any]


def objects(connection: Connection) -> Iterator[Row]:
    """Yield what lists show of every object that is known, with its service's id and what is written on it."""
    query = reads.chosen().add_columns(
        Service.id.label("service_id"),
        Service.family.label("family"),
        DeviceRecord.model,
        DeviceRecord.condition,
        DeviceRecord.purchased_on,
        DeviceRecord.warranty_until,
        DeviceRecord.firmware,
        DeviceRecord.batch,
        PRIVACY.label("privacy"),
    )
    for row in connection.execute(query, execution_options=_STREAMED).mappings():
        yield dict(row)


def judged(connection: Connection) -> Iterator[Judged]:
    """Yield what the last judgement says of each object, by DevEUI."""
    query = (
        select(DeviceUsefulness.dev_eui, DeviceUsefulness.serves, DeviceUsefulness.told, DeviceUsefulness.facts)
        .where(DeviceUsefulness.run_id == reads.last_judgement(connection))
        .order_by(type_coerce(DeviceUsefulness.dev_eui, BigInteger))
    )
    yield from (Judged(*row) for row in connection.execute(query, execution_options=_STREAMED))


def heard(connection: Connection, *, first: date, last: date) -> dict[DevEui, tuple[int, float]]:
    """Return (uplinks, seconds on the air) of each object heard from one day to another, both included."""
    query = (
        select(DeviceDay.dev_eui, func.sum(DeviceDay.uplinks), func.sum(DeviceDay.airtime_s))
        .where(DeviceDay.day.between(first, last))
        .group_by(DeviceDay.dev_eui)
    )
    return {eui: (int(uplinks), float(airtime_s)) for eui, uplinks, airtime_s in connection.execute(query)}


def incidents(connection: Connection, *, start: datetime, end: datetime) -> list[Row]:
    """Return the shared failures that lasted at some time from `start` to before `end`, oldest first."""
    query = (
        select(
            Incident.cause_kind, Incident.cause, Incident.began_at, Incident.ended_at, Incident.devices
        )
        .where(Incident.began_at < end, Incident.ended_at.is_(None) | (Incident.ended_at > start))
        .order_by(Incident.began_at, Incident.cause_kind, Incident.cause)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def communes(connection: Connection) -> dict[str, str]:
    """Return the names of the territories by code."""
    return dict(connection.execute(select(Territory.code, Territory.name)).all())
