"""Decisions and goals in their tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.services import PrivacyClass
from lora_registry.store import chosen, staging
from lora_registry.store.decisions import Decision, Goal
from lora_registry.store.reads import Row
from lora_registry.store.registry import DeviceRecord, Service
from lora_registry.store.sketch_grants import PRIVACY
from lora_registry.store.telemetry import DeviceDay
from lora_registry.usefulness.standing import NOT_IN_THE_PARK

_GOAL_COLUMNS = (
    "id", "indicator", "baseline", "baseline_on", "targets", "measures", "means", "reference", "set_at", "set_by",
)  # fmt: skip


def add_decision(connection: Connection, values: Mapping[str, Any]) -> int:
    """Add a decision; return its number."""
    result = connection.execute(insert(Decision).values(**values))
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - a single-row insert has one
    return int(key[0])


def decisions(connection: Connection, *, service: str | None = None, dev_eui: DevEui | None = None) -> list[Row]:
    """Return decisions, the last decided first."""
    query = (
        select(*Decision.table().columns, Service.name.label("service"))
        .outerjoin(Service, Service.id == Decision.service_id)
        .order_by(Decision.decided_on.desc(), Decision.id.desc())
    )
    if service is not None:
        query = query.where(Decision.service_id == service)
    if dev_eui is not None:
        query = query.where(Decision.dev_eui == dev_eui)
    return [dict(row) for row in connection.execute(query).mappings()]


def due(connection: Connection, *, on: date) -> list[Row]:
    """Return the decisions whose effect is to be measured by a day and has not been, locked."""
    query = select(*Decision.table().columns).where(Decision.effect.is_(None), Decision.measure_on <= on)
    query = query.order_by(Decision.id).with_for_update(of=Decision)
    return [dict(row) for row in connection.execute(query).mappings()]


def write_effect(connection: Connection, number: int, effect: Mapping[str, Any], *, now: datetime) -> None:
    """Write what came of a decision: once."""
    connection.execute(
        update(Decision)
        .where(Decision.id == number, Decision.effect.is_(None))
        .values(effect=dict(effect), measured_at=now)
    )


def objects_of(connection: Connection, service: str) -> list[DevEui]:
    """Return the objects that are declared for a service and not gone."""
    gone = [word.value for word in NOT_IN_THE_PARK]
    query = select(DeviceRecord.dev_eui).where(
        DeviceRecord.service_id == service,
        DeviceRecord.lifecycle.is_(None) | DeviceRecord.lifecycle.not_in(gone),
    )
    return list(connection.scalars(query.order_by(DeviceRecord.dev_eui)))


def models_of(connection: Connection, objects: list[DevEui]) -> dict[DevEui, tuple[str | None, date | None]]:
    """Return the model and the day of purchase of each object."""
    query = select(DeviceRecord.dev_eui, DeviceRecord.model, DeviceRecord.purchased_on)
    rows = connection.execute(query.where(chosen.one_of(connection, DeviceRecord.dev_eui, objects)))
    return {eui: (model, bought) for eui, model, bought in rows}


def days_of(
    connection: Connection, objects: list[DevEui], *, first: date, last: date
) -> list[tuple[DevEui, date, int, float]]:
    """Return (object, day, uplinks, seconds on the air) of each day on which one of them was heard."""
    query = select(DeviceDay.dev_eui, DeviceDay.day, DeviceDay.uplinks, DeviceDay.airtime_s).where(
        DeviceDay.day.between(first, last), DeviceDay.uplinks > 0
    )
    rows = connection.execute(query.where(chosen.one_of(connection, DeviceDay.dev_eui, objects)))
    return [(eui, day, int(uplinks), float(airtime)) for eui, day, uplinks, airtime in rows]


def heard_days(connection: Connection, *, first: date, last: date) -> int:
    """Return on how many days any object at all was heard."""
    day = DeviceDay.day
    query = select(func.count(day.distinct())).where(day.between(first, last), DeviceDay.uplinks > 0)
    return int(connection.scalar(query) or 0)


def homes_of(connection: Connection) -> set[str]:
    """Return the services whose objects are those of homes or people: never listed one by one."""
    shown = [word.value for word in PrivacyClass if not word.hides_position]
    query = (
        select(DeviceRecord.service_id)
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .where(DeviceRecord.service_id.is_not(None), PRIVACY.is_(None) | PRIVACY.not_in(shown))
        .distinct()
    )
    return {service for service in connection.scalars(query) if service is not None}


def write_goal(connection: Connection, values: Mapping[str, Any]) -> None:
    """Write a goal; one of the same id is replaced."""
    staging.merge(connection, Goal.table(), _GOAL_COLUMNS, [tuple(values[name] for name in _GOAL_COLUMNS)])


def goals(connection: Connection) -> list[Row]:
    """Return the goals, by id."""
    query = select(*Goal.table().columns).order_by(Goal.id)
    return [dict(row) for row in connection.execute(query).mappings()]
