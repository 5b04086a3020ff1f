"""What `gateways list` shows: gateways that reported, that devices were heard through, or that owners declared.

Links are kept with devices' days, and a gateway's are found only by passing over those. Before the first audit all
days are read. After one only recent days are, and what is older is the audit's word (`gateway_verdict`, a row a
gateway); older days are read again only for a gateway that is silent, undeclared and never gave its own position.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Executable, func, select, true

from lora_registry.domain.facts import GatewayFacts
from lora_registry.domain.identifiers import GatewayId
from lora_registry.store import link_reads
from lora_registry.store.audits import AuditRun, GatewayVerdict
from lora_registry.store.collection import Gateway
from lora_registry.store.link_reads import Heard
from lora_registry.store.reads import Row, last_light, last_run
from lora_registry.store.registry import GatewayRecord, Organisation
from lora_registry.store.telemetry import DeviceDay, DeviceState

_RECENT = timedelta(days=29)
"""Before the last of 30 days."""
_NOTHING: Row = {}
_Rows = dict[GatewayId, Row]
_Place = tuple[float | None, float | None]
"""Latitude and longitude, WGS 84 degrees."""


class _Days(NamedTuple):
    """Which days are read."""

    counted_from: date
    """The devices of this day and later ones are counted."""
    read: ColumnElement[bool]
    left_out: ColumnElement[bool] | None
    """Older days, that the last audit has read; None when there are none."""


def gateways(connection: Connection) -> list[Row]:
    """Return the gateways by id; `state` is the last audit's word, None before one.

    `devices_30d` counts the devices heard in the 30 days up to the last day on which anything was heard.
    """
    days = _days(connection)
    judged = _judged(connection)
    heard = link_reads.heard(connection, days.read, counted_from=days.counted_from)
    own, declared = _own(connection), _declared(connection)
    ids = own.keys() | declared.keys() | heard.keys() | judged.keys()
    places = _places(own) | _places(declared)  # the owner's word over the gateway's
    places |= _told_by_devices(connection, ids - places.keys(), heard, days)
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
    heard: Heard | None,
    *,
    state: str | None,
    place: _Place | None,
) -> Row:
    heard_at = (heard.first_at, heard.last_at) if heard else (None, None)
    first = [at for at in (own.get("first_stats_at"), heard_at[0]) if at is not None]
    last = [at for at in (own.get("last_stats_at"), heard_at[1]) if at is not None]
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
        "devices_30d": heard.devices if heard else 0,
        "online": own.get("online"),
    }


def _days(connection: Connection) -> _Days:
    """Decide which days to read: all before the first audit, recent ones after."""
    # The device states say when anything was last heard: a row a device, where days are a row a day.
    last_at = connection.scalar(select(func.max(DeviceState.last_uplink_at)))
    judged_at = connection.scalar(select(AuditRun.judged_at).where(AuditRun.id == last_run(connection)))
    counted_from = (last_at.date() if last_at is not None else date.max) - _RECENT
    if judged_at is None:
        return _Days(counted_from, true(), None)
    # An audit of the past has seen nothing of what came after.
    since = min(counted_from, judged_at.date() - _RECENT)
    return _Days(counted_from, DeviceDay.day >= since, DeviceDay.day < since)


def _judged(connection: Connection) -> _Rows:
    query = select(GatewayVerdict.gateway_id, GatewayVerdict.state, GatewayVerdict.facts)
    run_id = last_light(connection) or last_run(connection)  # every audit judges every gateway
    found = connection.execute(query.where(GatewayVerdict.run_id == run_id))
    return {row.gateway_id: {"state": row.state, "facts": GatewayFacts.from_json(row.facts)} for row in found}


def _with_older(heard: Heard | None, judged: Row | None) -> Heard | None:
    """Return what devices say, with what the audit read of days that were not read again."""
    facts: GatewayFacts | None = judged["facts"] if judged is not None else None
    if facts is None or facts.last_heard_at is None:
        return heard
    if heard is None:
        return Heard(facts.known_at, facts.last_heard_at, 0)
    return replace(
        heard,
        first_at=min(heard.first_at, facts.known_at),
        last_at=max(heard.last_at, facts.last_heard_at),
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
    connection: Connection, gateway_ids: Collection[GatewayId], heard: Mapping[GatewayId, Heard], days: _Days
) -> dict[GatewayId, _Place]:
    """Return the newest place that uplinks carried for these gateways."""
    found = _told(heard, gateway_ids)
    if days.left_out is not None and set(gateway_ids) - found.keys():
        found = _told(link_reads.heard(connection, days.left_out, counted_from=date.max), gateway_ids) | found
    return found


def _told(heard: Mapping[GatewayId, Heard], gateway_ids: Collection[GatewayId]) -> dict[GatewayId, _Place]:
    return {
        gateway_id: one.place
        for gateway_id, one in heard.items()
        if one.place is not None and gateway_id in gateway_ids
    }
