"""What a list's page and a device's page show, each as far as its viewer may see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from lora_registry.domain.access import Viewer
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.store import link_reads, scope, staging
from lora_registry.store.audits import DeviceVerdict
from lora_registry.store.evidence import Partition, positions
from lora_registry.store.finding_reads import Selection
from lora_registry.store.reads import Row, last_run
from lora_registry.store.registry import DeviceRecord, GatewayRecord
from lora_registry.store.scope import veiled
from lora_registry.store.telemetry import Device, DeviceDay


class Day(NamedTuple):
    """One device's day, UTC."""

    day: date
    uplinks: int
    joins: int


class HeardBy(NamedTuple):
    """A gateway that heard a device."""

    gateway_id: GatewayId
    name: str | None
    uplinks: int
    best: int
    """Uplinks that it heard best."""
    esp_dbm: float | None
    """Mean signal power, noise left out; None where no signal was told."""
    last_at: datetime


def rows(connection: Connection, viewer: Viewer, dev_euis: Sequence[DevEui]) -> list[Row]:
    """Return these devices, in this order, without those that do not exist for the viewer.

    Keys are those of `reads.devices`, and `sees_position`, `sees_radio`, `sees_findings`, `sees_score`, `speaks`,
    `privacy`, `owner_id`, `service_id` and `model`. What is not seen of a device is None.
    """
    if not dev_euis:
        return []
    query = scope.devices(connection.dialect.name, viewer.alike)
    rows = connection.execute(query, _bound(connection, dev_euis)).mappings()
    found = {row["dev_eui"]: veiled(dict(row)) for row in rows}
    return [found[eui] for eui in dev_euis if eui in found]


def one(connection: Connection, viewer: Viewer, dev_eui: DevEui) -> Row | None:
    """Return a device as `rows` does; None: it does not exist for the viewer."""
    found = rows(connection, viewer, [dev_eui])
    return found[0] if found else None


def declared(connection: Connection, dev_eui: DevEui) -> Row:
    """Return owners' words on a device, and the network's names for it; None where unknown."""
    words = select(
        DeviceRecord.model, DeviceRecord.firmware, DeviceRecord.batch, DeviceRecord.condition,
        DeviceRecord.purchased_on, DeviceRecord.warranty_until, DeviceRecord.operator_id,
        DeviceRecord.maintainer_id, DeviceRecord.recorded_at,
    ).where(DeviceRecord.dev_eui == dev_eui)  # fmt: skip
    heard = select(Device.profile_name, Device.device_class, Device.tags).where(Device.dev_eui == dev_eui)
    found: Row = {}
    for query in (words, heard):
        row = connection.execute(query).mappings().first()
        found |= dict(row) if row is not None else dict.fromkeys(query.selected_columns.keys())
    return found


def verdict(connection: Connection, dev_eui: DevEui) -> Row | None:
    """Return `reason` and `cadence` of the last audit's word; None before one."""
    query = select(DeviceVerdict.reason, DeviceVerdict.cadence).where(
        DeviceVerdict.dev_eui == dev_eui, DeviceVerdict.run_id == last_run(connection)
    )
    row = connection.execute(query).mappings().first()
    return dict(row) if row is not None else None


def reasons(connection: Connection, dev_euis: Collection[DevEui]) -> dict[DevEui, str]:
    """Return why the last audit's word on these devices is what it is; who may know is the caller's to ask."""
    if not dev_euis:
        return {}
    query = select(DeviceVerdict.dev_eui, DeviceVerdict.reason).where(
        DeviceVerdict.dev_eui.in_(dev_euis), DeviceVerdict.run_id == last_run(connection)
    )
    return {row.dev_eui: row.reason for row in connection.execute(query)}


def position(connection: Connection, dev_eui: DevEui) -> tuple[float, float] | None:
    """Return a device's best position, longitude and latitude; who may see it is the caller's to ask."""
    return positions(connection, Partition(dev_eui.to_int64(), dev_eui.to_int64())).get(dev_eui)


def days(connection: Connection, dev_eui: DevEui, first: date, last: date) -> list[Day]:
    """Return a device's days on which anything came, in order."""
    query = (
        select(DeviceDay.day, DeviceDay.uplinks, DeviceDay.joins)
        .where(DeviceDay.dev_eui == dev_eui, DeviceDay.day.between(first, last))
        .order_by(DeviceDay.day)
    )
    return [Day(*row) for row in connection.execute(query)]


def heard_by(connection: Connection, dev_eui: DevEui, until: date, span_days: int) -> list[HeardBy]:
    """Return the gateways that heard a device in the days up to `until`, the one that heard best first."""
    sums: dict[int, list[float]] = {}
    own = DeviceDay.dev_eui == dev_eui
    for block in link_reads.blocks(connection, own, link_reads.last_days(until, span_days)):
        last_ms = block.last_ms
        for k, record in enumerate(block.record):
            total = sums.setdefault(int(record["gateway_id"]), [0, 0, 0, 0.0, 0])
            total[0] += int(record["uplinks"])
            total[1] += int(record["best"])
            total[2] += int(record["signals"])
            total[3] += float(record["esp_sum_dbm"])
            total[4] = max(total[4], int(last_ms[k]))
    names = _gateway_names(connection, [GatewayId.from_int64(key) for key in sums])
    found = [
        HeardBy(
            GatewayId.from_int64(key),
            names.get(GatewayId.from_int64(key)),
            int(uplinks),
            int(best),
            esp / signals if signals else None,
            link_reads.instant_of(int(last)),
        )
        for key, (uplinks, best, signals, esp, last) in sums.items()
    ]
    return sorted(found, key=lambda one: (-one.best, -one.uplinks, one.gateway_id))


def _gateway_names(connection: Connection, gateway_ids: Collection[GatewayId]) -> dict[GatewayId, str | None]:
    if not gateway_ids:
        return {}
    query = select(GatewayRecord.gateway_id, GatewayRecord.name).where(GatewayRecord.gateway_id.in_(gateway_ids))
    return dict(connection.execute(query).all())


def names(connection: Connection, viewer: Viewer, dev_euis: Collection[str]) -> dict[str, str]:
    """Return the names of these devices, of those that exist for the viewer and have one."""
    if not dev_euis:
        return {}
    chosen = scope.names(connection.dialect.name, viewer.alike)
    bound = _bound(connection, [DevEui(eui) for eui in dev_euis])
    return {str(eui): name for eui, name in connection.execute(chosen, bound) if name}


def _bound(connection: Connection, dev_euis: Collection[DevEui]) -> dict[str, str]:
    return staging.listed(connection.dialect.name, [eui.to_int64() for eui in dev_euis])


def findings_of(dev_eui: DevEui) -> Selection:
    """Return the selection of one device's findings, cleared ones too; who sees them is the caller's to ask."""
    return Selection(subjects=[str(dev_eui)])
