"""What `gateways list` shows: gateways that reported, that devices were heard through, or that owners declared.

Link days are by device, and a gateway's are found only by passing over them. Before the first audit everything is
read. After one only recent days are, and what is older is the audit's word (`gateway_verdict`, a row a gateway);
older days are read again only for a gateway that is silent, undeclared and never gave its own position.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Executable, case, func, select, true

from lora_registry.domain.facts import GatewayFacts
from lora_registry.domain.identifiers import GatewayId
from lora_registry.store.audits import AuditRun, GatewayVerdict
from lora_registry.store.collection import Gateway
from lora_registry.store.reads import Row, last_run
from lora_registry.store.registry import GatewayRecord, Organisation
from lora_registry.store.telemetry import DeviceState, LinkDay

_RECENT = timedelta(days=30)
_NOTHING: Row = {}
_Rows = dict[GatewayId, Row]
_Place = tuple[float | None, float | None]
"""Latitude and longitude, WGS 84 degrees."""


class _Days(NamedTuple):
    """Which link days are read."""

    counted_after: date
    """The devices of later days are counted."""
    read: ColumnElement[bool]
    left_out: ColumnElement[bool] | None
    """Older days, that the last audit has read; None when there are none."""


class _Heard(NamedTuple):
    """What devices' uplinks say of a gateway."""

    first_at: datetime
    """The beginning of its first day: days are what is kept."""
    last_at: datetime
    devices_30d: int


def gateways(connection: Connection) -> list[Row]:
    """Return the gateways by id; `state` is the last audit's word, None before one.

    `devices_30d` counts the devices heard in the 30 days up to the last day on which anything was heard.
    """
    days = _days(connection)
    judged, heard = _judged(connection), _heard(connection, days)
    own, declared = _own(connection), _declared(connection)
    ids = own.keys() | declared.keys() | heard.keys() | judged.keys()
    places = _places(own) | _places(declared)  # the owner's word over the gateway's
    places |= _told_by_devices(connection, ids - places.keys(), days)
    return [
        _listed(
            gateway_id,
            own.get(gateway_id, _NOTHING),
            declared.get(gateway_id, _NOTHING),
            _with_older(heard.get(gateway_id), judged.get(gateway_id)),
            state=judged[gateway_id]["state"] if gateway_id in judged else None,
            place=places.get(gateway_id),
        )
        for gateway_id in sorted(ids)
    ]


def _listed(
    gateway_id: GatewayId,
    own: Row,
    declared: Row,
    heard: _Heard | None,
    *,
    state: str | None,
    place: _Place | None,
) -> Row:
    first = [at for at in (own.get("first_stats_at"), heard and heard.first_at) if at is not None]
    last = [at for at in (own.get("last_stats_at"), heard and heard.last_at) if at is not None]
    return {
        "gateway_id": gateway_id,
        "name": declared.get("name"),
        "organisation": declared.get("organisation"),
        "third_party": declared.get("third_party"),
        "latitude": place[0] if place else None,
        "longitude": place[1] if place else None,
        "state": state,
        "first_heard_at": min(first, default=None),
        "last_heard_at": max(last, default=None),
        "last_stats_at": own.get("last_stats_at"),
        "devices_30d": heard.devices_30d if heard else 0,
        "online": own.get("online"),
    }


def _days(connection: Connection) -> _Days:
    """Decide which link days to read: all before the first audit, recent ones after."""
    # The device states say when anything was last heard: a row a device, where link days are a row a day.
    last_at = connection.scalar(select(func.max(DeviceState.last_uplink_at)))
    judged_at = connection.scalar(select(AuditRun.judged_at).where(AuditRun.id == last_run(connection)))
    counted_after = (last_at.date() if last_at is not None else date.max) - _RECENT
    if judged_at is None:
        return _Days(counted_after, true(), None)
    # An audit of the past has seen nothing of what came after.
    since = min(counted_after, judged_at.date() - _RECENT)
    return _Days(counted_after, LinkDay.day > since, LinkDay.day <= since)


def _judged(connection: Connection) -> _Rows:
    query = select(GatewayVerdict.gateway_id, GatewayVerdict.state, GatewayVerdict.facts)
    found = connection.execute(query.where(GatewayVerdict.run_id == last_run(connection)))
    return {row.gateway_id: {"state": row.state, "facts": GatewayFacts.from_json(row.facts)} for row in found}


def _heard(connection: Connection, days: _Days) -> dict[GatewayId, _Heard]:
    counted = case((LinkDay.day > days.counted_after, LinkDay.dev_eui))
    query = (
        select(
            LinkDay.gateway_id, func.min(LinkDay.day), func.max(LinkDay.last_at), func.count(counted.distinct())
        )
        .where(days.read)
        .group_by(LinkDay.gateway_id)
    )
    return {
        gateway_id: _Heard(datetime.combine(first_day, time(), UTC), last_at, devices)
        for gateway_id, first_day, last_at, devices in connection.execute(query)
    }


def _with_older(heard: _Heard | None, judged: Row | None) -> _Heard | None:
    """Return what devices say, with what the audit read of days that were not read again."""
    facts: GatewayFacts | None = judged["facts"] if judged is not None else None
    if facts is None or facts.last_heard_at is None:
        return heard
    if heard is None:
        return _Heard(facts.known_at, facts.last_heard_at, 0)
    return heard._replace(
        first_at=min(heard.first_at, facts.known_at), last_at=max(heard.last_at, facts.last_heard_at)
    )


def _own(connection: Connection) -> _Rows:
    return _by_gateway(
        connection,
        select(
            Gateway.gateway_id,
            Gateway.first_stats_at,
            Gateway.last_stats_at,
            Gateway.online,
            Gateway.latitude,
            Gateway.longitude,
        ),
    )


def _declared(connection: Connection) -> _Rows:
    return _by_gateway(
        connection,
        select(
            GatewayRecord.gateway_id,
            GatewayRecord.name,
            GatewayRecord.third_party,
            GatewayRecord.latitude,
            GatewayRecord.longitude,
            Organisation.name.label("organisation"),
        ).outerjoin(Organisation, Organisation.id == GatewayRecord.owner_id),
    )


def _by_gateway(connection: Connection, query: Executable) -> _Rows:
    return {row["gateway_id"]: dict(row) for row in connection.execute(query).mappings()}


def _places(rows: Mapping[GatewayId, Row]) -> dict[GatewayId, _Place]:
    return {
        gateway_id: (row["latitude"], row["longitude"])
        for gateway_id, row in rows.items()
        if row["latitude"] is not None and row["longitude"] is not None
    }


def _told_by_devices(
    connection: Connection, gateway_ids: Collection[GatewayId], days: _Days
) -> dict[GatewayId, _Place]:
    """Return the newest place that uplinks carried for these gateways."""
    found: dict[GatewayId, _Place] = {}
    for read in (days.read, days.left_out):
        missing = set(gateway_ids) - found.keys()
        if read is None or not missing:
            break
        placed = read & LinkDay.gateway_id.in_(missing) & LinkDay.latitude.is_not(None)
        newest = (
            select(LinkDay.gateway_id, func.max(LinkDay.last_at).label("last_at"))
            .where(placed)
            .group_by(LinkDay.gateway_id)
            .subquery("newest")
        )
        query = (
            select(LinkDay.gateway_id, LinkDay.latitude, LinkDay.longitude)
            .join(newest, (newest.c.gateway_id == LinkDay.gateway_id) & (newest.c.last_at == LinkDay.last_at))
            .where(placed)
            .order_by(LinkDay.gateway_id, LinkDay.dev_eui)
        )
        found |= {gateway_id: (north, east) for gateway_id, north, east in connection.execute(query)}
    return found
