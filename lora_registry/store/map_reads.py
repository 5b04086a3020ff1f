"""What a map is made of beside the lists: privacy, reasons, boundaries, what gateways heard."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.services import OrganisationKind
from lora_registry.store import link_reads
from lora_registry.store.audits import AuditRun, DeviceVerdict
from lora_registry.store.registry import DeviceRecord, Organisation, Service, Territory

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


def reasons(connection: Connection, run_id: int | None, light_id: int | None = None) -> dict[DevEui, str]:
    """Return why each device's state is what it is; of what a light audit judged since, by its word."""
    told: dict[DevEui, str] = {}
    for one in (run_id, light_id):
        query = select(DeviceVerdict.dev_eui, DeviceVerdict.reason).where(DeviceVerdict.run_id == one)
        told |= dict(connection.execute(query).all())
    return told


def privacy(connection: Connection) -> dict[DevEui, str]:
    """Return the privacy class of each device that has one, its own or its service's."""
    query = (
        select(DeviceRecord.dev_eui, func.coalesce(DeviceRecord.privacy, Service.privacy))
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .where(func.coalesce(DeviceRecord.privacy, Service.privacy).is_not(None))
    )
    return dict(connection.execute(query).all())


def links(connection: Connection, *, until: date, days: int) -> list[Link]:
    """Return each device and gateway that heard it in those `days`."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for block in link_reads.blocks(connection, link_reads.last_days(until, days)):
        columns = (block.dev_eui, block.gateway_id, block.record["best"], block.day)
        for eui, gateway_id, best, day in zip(*(column.tolist() for column in columns), strict=True):
            total, _ = found.get((eui, gateway_id), (0, 0))
            found[eui, gateway_id] = total + best, day  # a device's days come in order
    return [
        Link(DevEui.from_int64(eui), GatewayId.from_int64(gateway_id), best, link_reads.day_of(day))
        for (eui, gateway_id), (best, day) in found.items()
    ]
