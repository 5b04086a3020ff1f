"""What an audit reads of gateways: their own reports, and what devices say of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from lora_registry.domain.identifiers import GatewayId
from lora_registry.store.collection import Gateway, GatewayDay
from lora_registry.store.registry import GatewayRecord, Territory
from lora_registry.store.telemetry import LinkDay


@dataclass(frozen=True, slots=True)
class Reports:
    """A gateway's own statistics up to an instant."""

    first_at: datetime
    last_at: datetime
    interval_s: float | None
    """Usual seconds between two reports, from its fullest recent day."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What devices' uplinks say of a gateway up to an instant."""

    first_day: date
    last_at: datetime
    devices_30d: int


def networks(connection: Connection) -> dict[GatewayId, str]:
    """Return the network of each gateway that spoke for itself."""
    return {
        row.gateway_id: row.network_id
        for row in connection.execute(select(Gateway.gateway_id, Gateway.network_id))
    }


def third_party(connection: Connection) -> set[GatewayId]:
    """Return the gateways that are evidence, not ours."""
    return set(connection.scalars(select(GatewayRecord.gateway_id).where(GatewayRecord.third_party)))


def reports(connection: Connection, *, until: datetime, days: int) -> dict[GatewayId, Reports]:
    """Return the reports of each gateway that ever sent any."""
    query = (
        select(GatewayDay.gateway_id, GatewayDay.day, GatewayDay.reports, GatewayDay.first_at, GatewayDay.last_at)
        .where(GatewayDay.first_at <= until)
        .order_by(GatewayDay.gateway_id, GatewayDay.day)
    )
    recent = until.date() - timedelta(days=days)
    found: dict[GatewayId, Reports] = {}
    fullest: dict[GatewayId, int] = {}
    for gateway_id, day, count, first_at, last_at in connection.execute(query):
        known = found.get(gateway_id)
        interval_s = known.interval_s if known is not None else None
        if day >= recent and count > max(1, fullest.get(gateway_id, 0)):
            fullest[gateway_id] = count
            interval_s = (last_at - first_at).total_seconds() / (count - 1)
        found[gateway_id] = Reports(
            known.first_at if known is not None else first_at, min(last_at, until), interval_s
        )
    return found


def heard(connection: Connection, *, until: datetime, days: int) -> dict[GatewayId, Heard]:
    """Return what link days say of each gateway up to `until`."""
    today = until.date()
    span = (
        select(LinkDay.gateway_id, func.min(LinkDay.day), func.max(LinkDay.last_at))
        .where(LinkDay.day <= today)
        .group_by(LinkDay.gateway_id)
    )
    recent = (
        select(LinkDay.gateway_id, func.count(LinkDay.dev_eui.distinct()))
        .where(LinkDay.day.between(today - timedelta(days=days - 1), today))
        .group_by(LinkDay.gateway_id)
    )
    devices: dict[GatewayId, int] = {row[0]: row[1] for row in connection.execute(recent)}
    return {
        gateway_id: Heard(first_day, min(last_at, until), devices.get(gateway_id, 0))
        for gateway_id, first_day, last_at in connection.execute(span)
    }


def boundaries(connection: Connection) -> dict[str, dict[str, object]]:
    """Return the boundary of each territory that has one, as GeoJSON."""
    query = select(Territory.code, Territory.boundary).where(Territory.boundary.is_not(None))
    return {row.code: row.boundary for row in connection.execute(query)}
