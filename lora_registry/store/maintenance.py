"""Maintenance: announced by people, read by audits and lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, exists, insert, literal, select, update

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.maintenance import Maintenance as Announced
from lora_registry.domain.maintenance import Under
from lora_registry.store.audits import GatewayVerdict
from lora_registry.store.collection import Gateway
from lora_registry.store.registry import DeviceRecord, GatewayRecord, Network, Service
from lora_registry.store.telemetry import Device
from lora_registry.store.words import Maintenance

Row = dict[str, Any]


def announced(connection: Connection) -> list[Announced]:
    """Return all maintenance, past and to come; what was ended sooner ends then."""
    query = select(Maintenance.subject_kind, Maintenance.subject, Maintenance.starts_at, _ends_at())
    return [
        Announced(Under(under), subject, starts_at, ends_at)
        for under, subject, starts_at, ends_at in connection.execute(query)
    ]


def _ends_at() -> ColumnElement[datetime]:
    sooner = Maintenance.ended_at.is_not(None) & (Maintenance.ended_at < Maintenance.ends_at)
    return case((sooner, Maintenance.ended_at), else_=Maintenance.ends_at)


def listed(connection: Connection, *, not_over_at: datetime | None = None) -> list[Row]:
    """Return maintenance, the latest beginning first; without what is over by an instant, where one is given."""
    query = select(
        Maintenance.id, Maintenance.subject_kind, Maintenance.subject, Maintenance.starts_at,
        _ends_at().label("ends_at"), Maintenance.reason, Maintenance.said_by.label("by"), Maintenance.ended_by,
    ).order_by(Maintenance.starts_at.desc(), Maintenance.id)  # fmt: skip
    if not_over_at is not None:
        query = query.where(_ends_at() > not_over_at)
    return [dict(row) for row in connection.execute(query).mappings()]


def write(connection: Connection, one: Announced, *, reason: str, by: str, now: datetime) -> int:
    """Add maintenance; return its number."""
    result = connection.execute(
        insert(Maintenance).values(
            subject_kind=one.under, subject=one.subject, starts_at=one.starts_at, ends_at=one.ends_at,
            reason=reason, said_at=now, said_by=by,
        )
    )  # fmt: skip
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - a single-row insert has one
    return int(key[0])


def end(connection: Connection, number: int, *, by: str, now: datetime) -> None:
    """Note that maintenance is over."""
    connection.execute(update(Maintenance).where(Maintenance.id == number).values(ended_at=now, ended_by=by))


def known(connection: Connection, under: Under, subject: str) -> list[str]:
    """Return what of this kind people call so, as the audit calls it: none where the registry knows of none."""
    queries: dict[Under, Sequence[Select[Any]]] = {
        Under.SERVICE: [select(Service.id).where((Service.id == subject) | (Service.name == subject))],
        Under.NETWORK: [
            select(Network.id).where((Network.id == subject) | (Network.name == subject)),
            select(Device.network_id).where(Device.network_id == subject),
        ],
        Under.APPLICATION: [
            select(literal(subject)).where(
                exists().where((Device.application_id == subject) | (Device.application_name == subject))
            )
        ],
    }
    if under is Under.DEVICE:
        dev_eui = DevEui.parse(subject)
        queries[under] = [
            select(model.dev_eui).where(model.dev_eui == dev_eui) for model in (Device, DeviceRecord)
        ]
    if under is Under.GATEWAY:
        gateway_id = GatewayId.parse(subject)
        models = (Gateway, GatewayRecord, GatewayVerdict)
        queries[under] = [select(model.gateway_id).where(model.gateway_id == gateway_id) for model in models]
    return sorted({str(found) for query in queries[under] for found in connection.scalars(query)})
