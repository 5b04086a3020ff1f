"""What a map is made of: devices with their privacy, gateways with their place, link days, outages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.services import OrganisationKind
from lora_registry.store.audits import AuditRun, DeviceVerdict, GatewayVerdict
from lora_registry.store.collection import CollectionOutage, Gateway
from lora_registry.store.registry import DeviceRecord, GatewayRecord, Organisation, Service, Territory
from lora_registry.store.telemetry import LinkDay

Row = dict[str, Any]


class Link(NamedTuple):
    """What one gateway heard of one device over some days."""

    dev_eui: DevEui
    gateway_id: GatewayId
    best: int
    """Uplinks that it heard best: summed over gateways, each uplink counts once."""
    last_day: date


def judged_at(connection: Connection, run_id: int | None) -> Any:  # noqa: ANN401 - a datetime or None
    """Return the instant a run judged for."""
    return connection.scalar(select(AuditRun.judged_at).where(AuditRun.id == run_id))


def metropolis(connection: Connection) -> str | None:
    """Return the name of the metropolis, where exactly one is registered."""
    names = connection.scalars(
        select(Organisation.name).where(Organisation.kind == OrganisationKind.METROPOLIS)
    ).all()
    return names[0] if len(names) == 1 else None


def territories(connection: Connection) -> list[Row]:
    """Return every territory, by name."""
    query = select(Territory.code, Territory.name, Territory.boundary, Territory.schematic)
    return [dict(row) for row in connection.execute(query.order_by(Territory.name)).mappings()]


def reasons(connection: Connection, run_id: int | None) -> dict[DevEui, str]:
    """Return why each device's state is what it is."""
    query = select(DeviceVerdict.dev_eui, DeviceVerdict.reason).where(DeviceVerdict.run_id == run_id)
    return dict(connection.execute(query).all())


def privacy(connection: Connection) -> dict[DevEui, str]:
    """Return the privacy class of each device that has one, its own or its service's."""
    query = (
        select(DeviceRecord.dev_eui, func.coalesce(DeviceRecord.privacy, Service.privacy))
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .where(func.coalesce(DeviceRecord.privacy, Service.privacy).is_not(None))
    )
    return dict(connection.execute(query).all())


def gateways(connection: Connection, run_id: int | None) -> list[Row]:
    """Return every gateway the last run judged or an owner declared, with the best place known of it.

    An owner's place wins over the gateway's own, and that over the one in the newest uplink that carried one.
    """
    told = {row["gateway_id"]: dict(row) for row in connection.execute(_own(Gateway)).mappings()}
    declared = {row["gateway_id"]: dict(row) for row in connection.execute(_declared()).mappings()}
    heard = {row["gateway_id"]: dict(row) for row in connection.execute(_heard()).mappings()}
    verdicts = {
        row.gateway_id: row
        for row in connection.execute(
            select(GatewayVerdict.gateway_id, GatewayVerdict.state, GatewayVerdict.facts).where(
                GatewayVerdict.run_id == run_id
            )
        )
    }
    rows = []
    for gateway_id in sorted(verdicts.keys() | declared.keys()):
        owner, verdict = declared.get(gateway_id, {}), verdicts.get(gateway_id)
        place = next(
            (
                (row["latitude"], row["longitude"])
                for row in (owner, told.get(gateway_id, {}), heard.get(gateway_id, {}))
                if row.get("latitude") is not None
            ),
            None,
        )
        rows.append(
            {
                "gateway_id": gateway_id,
                "name": owner.get("name"),
                "third_party": owner.get("third_party", False),
                "place": place,
                "state": verdict.state if verdict is not None else None,
                "facts": verdict.facts if verdict is not None else {},
            }
        )
    return rows


def _own(model: Any) -> Any:  # noqa: ANN401 - either of two models with the same columns
    return select(model.gateway_id, model.latitude, model.longitude)


def _declared() -> Any:  # noqa: ANN401 - SQLAlchemy's row type is of no use here
    return select(
        GatewayRecord.gateway_id,
        GatewayRecord.name,
        GatewayRecord.third_party,
        GatewayRecord.latitude,
        GatewayRecord.longitude,
    )


def _heard() -> Any:  # noqa: ANN401
    newest = (
        select(LinkDay.gateway_id, func.max(LinkDay.day).label("day"))
        .where(LinkDay.latitude.is_not(None))
        .group_by(LinkDay.gateway_id)
        .subquery()
    )
    return (
        select(
            LinkDay.gateway_id,
            func.max(LinkDay.latitude).label("latitude"),
            func.max(LinkDay.longitude).label("longitude"),
        )
        .join(newest, (LinkDay.gateway_id == newest.c.gateway_id) & (LinkDay.day == newest.c.day))
        .where(LinkDay.latitude.is_not(None))
        .group_by(LinkDay.gateway_id)
    )


def links(connection: Connection, *, until: date, days: int) -> Iterator[Link]:
    """Yield each device and gateway that heard it in those `days`."""
    query = (
        select(LinkDay.dev_eui, LinkDay.gateway_id, func.sum(LinkDay.best), func.max(LinkDay.day))
        .where(LinkDay.day.between(until - timedelta(days=days - 1), until))
        .group_by(LinkDay.dev_eui, LinkDay.gateway_id)
    )
    for row in connection.execute(query):
        yield Link(row[0], row[1], int(row[2]), row[3])


def outages(connection: Connection) -> list[Row]:
    """Return the collection outages, newest first."""
    query = select(CollectionOutage.started_at, CollectionOutage.ended_at, CollectionOutage.cause).order_by(
        CollectionOutage.started_at.desc()
    )
    return [dict(row) for row in connection.execute(query).mappings()]
