"""What a sheet's lines ask of the registry: words, lists, neighbours, stock, and what headings mean to whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from lora_registry.domain.access import Aspect, Viewer
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.onboarding.places import Bounds
from lora_registry.onboarding.registry_facts import Installed, Listed
from lora_registry.store import chosen, journal, scope, staging
from lora_registry.store.journal_tables import ColumnMapping, DeviceAttribute
from lora_registry.store.registry import DeviceRecord, Position, Service, Territory
from lora_registry.store.sync_tables import NetworkDevice
from lora_registry.store.telemetry import Device

_GONE = (Lifecycle.REMOVED, Lifecycle.REUSED, Lifecycle.RECYCLED)
_ROOM = 0.001
"""Degrees around the places of a file: some 100 m."""


def listed(connection: Connection, dev_euis: Collection[DevEui]) -> dict[DevEui, tuple[Listed, ...]]:
    """Return in which networks devices are: listed by a network server, or heard."""
    table, heard = NetworkDevice.table(), Device.table()
    among = chosen.one_of(connection, table.c.dev_eui, dev_euis)
    query = select(table.c.dev_eui, table.c.network_id, table.c.tenant_id, table.c.tenant_name)
    found: dict[DevEui, tuple[Listed, ...]] = {}
    for row in connection.execute(query.where(among, table.c.absent_since.is_(None)).order_by(table.c.network_id)):
        found[row.dev_eui] = (*found.get(row.dev_eui, ()), Listed(row.network_id, row.tenant_id, row.tenant_name))
    among = chosen.one_of(connection, heard.c.dev_eui, dev_euis)
    query = select(heard.c.dev_eui, heard.c.network_id, heard.c.tenant_id, heard.c.tenant_name)
    for row in connection.execute(query.where(among)):
        found.setdefault(row.dev_eui, (Listed(row.network_id, row.tenant_id, row.tenant_name),))
    return found


def tenants(connection: Connection) -> dict[str, str]:
    """Return the organisation of each tenant of which all devices that say whose they are say the same."""
    owner = func.coalesce(DeviceRecord.owner_id, Service.owner_id)
    query = (
        select(NetworkDevice.tenant_id, func.min(owner).label("owner"))
        .join(DeviceRecord, DeviceRecord.dev_eui == NetworkDevice.dev_eui)
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .where(owner.is_not(None))
        .group_by(NetworkDevice.tenant_id)
        .having(func.count(owner.distinct()) == 1)
    )
    return {row.tenant_id: row.owner for row in connection.execute(query)}


def makers(connection: Connection) -> frozenset[str]:
    """Return the first 6 digits of all DevEUIs that are known: blocks that makers were given."""
    known = select(Device.dev_eui).union(select(DeviceRecord.dev_eui))
    return frozenset(eui[:6] for eui in connection.execute(known).scalars())


def stock(connection: Connection, viewer: Viewer | None = None) -> dict[str, int]:
    """Return how many removed, working objects there are of each model, of those that exist for the viewer."""
    broken = select(DeviceAttribute.dev_eui).where(
        DeviceAttribute.dev_eui == DeviceRecord.dev_eui, DeviceAttribute.name == "repair"
    )
    query = (
        select(DeviceRecord.model, func.count())
        .where(DeviceRecord.lifecycle == Lifecycle.REMOVED, DeviceRecord.model.is_not(None), ~broken.exists())
        .group_by(DeviceRecord.model)
    )
    if viewer is not None:
        query = query.where(DeviceRecord.dev_eui.in_(scope.euis(None, viewer.alike, Aspect.EXISTENCE)))
    return {model: count for model, count in connection.execute(query) if model is not None}


def installed(connection: Connection, bounds: Bounds, viewer: Viewer | None = None) -> tuple[Installed, ...]:
    """Return the devices in use whose last place, if the viewer sees it, is in a rectangle or just outside."""
    inside = (
        select(Position.dev_eui)
        .where(
            Position.latitude.between(bounds.south - _ROOM, bounds.north + _ROOM),
            Position.longitude.between(bounds.west - _ROOM, bounds.east + _ROOM),
        )
        .distinct()
    )
    candidates = list(connection.execute(inside).scalars())
    if viewer is not None:
        dialect = connection.dialect.name
        seen = scope.euis(dialect, viewer.alike, Aspect.POSITION)
        bound = staging.listed(dialect, [eui.to_int64() for eui in candidates])
        candidates = list(connection.execute(seen, bound).scalars())
    places = journal.positions(connection, candidates)
    among = chosen.one_of(connection, DeviceRecord.dev_eui, candidates)
    query = select(DeviceRecord.dev_eui, DeviceRecord.model, DeviceRecord.service_id, DeviceRecord.lifecycle)
    return tuple(
        Installed(
            row.dev_eui,
            places[row.dev_eui]["latitude"],
            places[row.dev_eui]["longitude"],
            row.model,
            row.service_id,
        )
        for row in connection.execute(query.where(among))
        if row.lifecycle not in _GONE
    )


def boundaries(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return the drawn territories, by code."""
    query = select(Territory.code, Territory.boundary)
    return {row.code: row.boundary for row in connection.execute(query) if row.boundary}


def bounds(drawn: Mapping[str, dict[str, Any]]) -> Bounds | None:
    """Return the rectangle around drawn territories; None when none is drawn."""
    points = [point for one in drawn.values() for point in _points(one["coordinates"])]
    if not points:
        return None
    longitudes, latitudes = zip(*points, strict=True)
    return Bounds(min(latitudes), min(longitudes), max(latitudes), max(longitudes))


def _points(coordinates: list[Any]) -> Iterator[tuple[float, float]]:
    if coordinates and isinstance(coordinates[0], int | float):
        yield float(coordinates[0]), float(coordinates[1])
    else:
        for part in coordinates:
            yield from _points(part)


def column_mapping(connection: Connection, organisation: str | None) -> dict[str, str]:
    """Return what an organisation's headings mean, and what everybody's do: folded heading -> column."""
    table = ColumnMapping.table()
    wanted = ["", organisation] if organisation else [""]
    query = select(table).where(table.c.organisation_id.in_(wanted)).order_by(table.c.organisation_id)
    return {row["heading"]: row["field"] for row in connection.execute(query).mappings()}


def keep_mapping(connection: Connection, organisation: str | None, said: Mapping[str, str]) -> None:
    """Keep what an organisation said of its headings."""
    rows = [(organisation or "", heading, column) for heading, column in sorted(said.items())]
    if rows:
        staging.merge(connection, ColumnMapping.table(), ("organisation_id", "heading", "field"), rows)


def sheet_words(connection: Connection, organisation: str | None = None) -> dict[DevEui, dict[str, Any]]:
    """Return what is said of every device, of one organisation's where it is named, by DevEUI."""
    owner = func.coalesce(DeviceRecord.owner_id, Service.owner_id)
    query = select(DeviceRecord.dev_eui).outerjoin(Service, Service.id == DeviceRecord.service_id)
    if organisation is not None:
        query = query.where(owner == organisation)
    return journal.words(connection, list(connection.execute(query.order_by(DeviceRecord.dev_eui)).scalars()))


def attributes(connection: Connection, dev_euis: Collection[DevEui], name: str) -> dict[DevEui, str]:
    """Return what is said of devices under a heading of their owners' own, of those of which something is."""
    among = chosen.one_of(connection, DeviceAttribute.dev_eui, dev_euis)
    query = select(DeviceAttribute.dev_eui, DeviceAttribute.value).where(among, DeviceAttribute.name == name)
    return dict(connection.execute(query).all())


def contacts(connection: Connection) -> dict[str, str]:
    """Return whom to call about services, as their owners wrote it, by identifier."""
    query = select(Service.id, Service.contact).where(Service.contact.is_not(None))
    return {row.id: row.contact for row in connection.execute(query)}
