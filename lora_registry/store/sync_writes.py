"""What sync writes: the network server's own lists, and the identity of devices that nobody has heard yet.

Only what differs is written, so that a second sync of the same network writes nothing. Each row is compared as a
whole; owners' tables are not touched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, insert, select, update

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.network_server import DailyCounts, ListedDevice, Profile, ServerGateway
from lora_registry.store import chosen, staging
from lora_registry.store.sync_tables import NetworkDevice, NetworkGateway, NetworkProfile, SyncRun
from lora_registry.store.telemetry import Device

Row = dict[str, Any]

_IDENTITY = (
    "name", "application_id", "application_name", "profile_id", "profile_name", "tenant_id", "tenant_name", "tags",
)  # fmt: skip
"""What `device` and `network_device` both say."""


class Written(NamedTuple):
    """What became of some rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: object) -> Written:
        """Add up by column."""
        if not isinstance(other, Written):
            return NotImplemented
        return Written(*(a + b for a, b in zip(self, other, strict=True)))


def begin(connection: Connection, network: str, *, now: datetime) -> int:
    """Note that a sync begins; return its number."""
    row = {"network_id": network, "started_at": now, "completed_at": None, "counts": {}}
    return int(connection.scalar(insert(SyncRun.table()).values(row).returning(SyncRun.id)) or 0)


def complete(connection: Connection, run: int, *, counts: Mapping[str, int], now: datetime) -> None:
    """Note that a sync read everything."""
    table = SyncRun.table()
    connection.execute(update(table).where(table.c.id == run).values(completed_at=now, counts=dict(counts)))


def known_devices(connection: Connection, network: str, dev_euis: Collection[DevEui]) -> dict[DevEui, Row]:
    """Return what earlier syncs wrote of these devices on this network."""
    table = NetworkDevice.table()
    query = select(table).where(
        chosen.one_of(connection, table.c.dev_eui, dev_euis), table.c.network_id == network
    )
    return {row["dev_eui"]: dict(row) for row in connection.execute(query).mappings()}


def write_devices(
    connection: Connection,
    network: str,
    listed: Sequence[ListedDevice],
    *,
    disabled: Mapping[DevEui, bool],
    counts: Mapping[DevEui, DailyCounts | None],
    now: datetime,
) -> Written:
    """Write what the network server lists; `disabled` and `counts` hold those that were asked for anew."""
    before = known_devices(connection, network, [device.dev_eui for device in listed])
    rows, created = [], 0
    for device in listed:
        old = before.get(device.dev_eui)
        row = _row(network, device, old, now)
        if device.dev_eui in disabled:
            row["disabled"] = disabled[device.dev_eui]
        if device.dev_eui in counts:
            told = counts[device.dev_eui]
            row["days_from"], row["day_counts"] = (told.first, list(told.counts)) if told else (None, None)
        if row != old:
            rows.append(row)
            created += old is None
    table = NetworkDevice.table()
    _merge(connection, table, rows)
    _write_identities(connection, network, listed, now)
    return Written(created, len(rows) - created, len(listed) - len(rows))


def _row(network: str, device: ListedDevice, old: Row | None, now: datetime) -> Row:
    return {
        "dev_eui": device.dev_eui,
        "network_id": network,
        "tenant_id": device.application.tenant.id,
        "tenant_name": device.application.tenant.name,
        "application_id": device.application.id,
        "application_name": device.application.name,
        "profile_id": device.profile_id,
        "profile_name": device.profile_name,
        "name": device.name,
        "description": device.description,
        "tags": dict(device.tags),
        "created_at": device.created_at,
        "updated_at": device.updated_at,
        "last_seen_at": device.last_seen_at,
        "disabled": old["disabled"] if old else None,
        "days_from": old["days_from"] if old else None,
        "day_counts": old["day_counts"] if old else None,
        "listed_at": old["listed_at"] if old else now,
        "absent_since": None,
    }


def _write_identities(connection: Connection, network: str, listed: Sequence[ListedDevice], now: datetime) -> None:
    """Make listed devices known, and bring names up to date; one that is heard on another network is left."""
    table = Device.table()
    query = select(table).where(chosen.one_of(connection, table.c.dev_eui, [device.dev_eui for device in listed]))
    before = {row["dev_eui"]: dict(row) for row in connection.execute(query).mappings()}
    rows = []
    for device in listed:
        old = before.get(device.dev_eui)
        if old is not None and old["network_id"] != network:
            continue
        told = _row(network, device, None, now)
        row = {
            **(old or {"device_class": "", "registered_at": now}),
            "dev_eui": device.dev_eui,
            "network_id": network,
            **{name: told[name] for name in _IDENTITY},
        }
        if row != old:
            rows.append(row)
    _merge(connection, table, rows)


def write_profiles(connection: Connection, network: str, profiles: Sequence[Profile]) -> Written:
    """Write the profiles; those that are gone stay, devices may have had them."""
    rows = []
    for one in profiles:
        told = one._asdict()
        rows.append({"network_id": network, "profile_id": told.pop("id"), **told})
    return _write(connection, NetworkProfile.table(), network, rows, ("profile_id",))


def write_gateways(connection: Connection, network: str, gateways: Sequence[ServerGateway]) -> Written:
    """Write the gateways; those that are gone stay with their last word."""
    rows = [{"network_id": network, **one._asdict()} for one in gateways]
    return _write(connection, NetworkGateway.table(), network, rows, ("gateway_id",))


def _write(
    connection: Connection, table: Table, network: str, rows: Sequence[Row], key: tuple[str, ...]
) -> Written:
    query = select(table).where(table.c.network_id == network)
    before = {tuple(row[k] for k in key): dict(row) for row in connection.execute(query).mappings()}
    changed = [row for row in rows if row != before.get(tuple(row[k] for k in key))]
    created = sum(tuple(row[k] for k in key) not in before for row in changed)
    _merge(connection, table, changed)
    return Written(created, len(changed) - created, len(rows) - len(changed))


def mark_absent(connection: Connection, network: str, *, listed: Collection[DevEui], now: datetime) -> int:
    """Mark the devices that the network server no longer lists; return how many are newly so."""
    table = NetworkDevice.table()
    query = select(table.c.dev_eui).where(table.c.network_id == network, table.c.absent_since.is_(None))
    gone = [eui for eui in connection.execute(query).scalars() if eui not in listed]
    if gone:
        condition = chosen.one_of(connection, table.c.dev_eui, gone) & (table.c.network_id == network)
        connection.execute(update(table).where(condition).values(absent_since=now))
    return len(gone)


def _merge(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        columns = table.columns.keys()
        staging.merge(connection, table, columns, ([row[name] for name in columns] for row in rows))
