"""Owners' words into the registry, in the caller's transaction: created, updated or left as they are.

What exists is read and locked, merged in memory with what is given, and only what differs is written; so a
second import of the same file writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Table, select

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.declared import Entry, Position, Registry, Section
from lora_registry.store import registry as model
from lora_registry.store import staging
from lora_registry.store.telemetry import Device

Row = dict[str, Any]

_TABLES: dict[Section, Table] = {
    Section.NETWORKS: model.Network.table(),
    Section.TERRITORIES: model.Territory.table(),
    Section.ORGANISATIONS: model.Organisation.table(),
    Section.SERVICES: model.Service.table(),
    Section.GATEWAYS: model.GatewayRecord.table(),
    Section.DEVICES: model.DeviceRecord.table(),
}
_AT_FIRST: dict[Section, Row] = {
    Section.TERRITORIES: {"schematic": False},
    Section.SERVICES: {"consumers": [], "tolerance": {}, "safety": False},
    Section.GATEWAYS: {"third_party": False},
}
"""What a new row holds where the file says nothing; null elsewhere."""
_KEYS_A_QUERY = 2000
"""SQLite takes 32,766 parameters, PostgreSQL 65,535; longer lists plan no better."""


class Counts(NamedTuple):
    """What became of the entries of a section."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


def known(connection: Connection, asked: Mapping[str, AbstractSet[Any]]) -> dict[str, set[Any]]:
    """Return which of the `asked` identifiers, by section, the registry holds.

    A device that was only heard counts: its network, the one thing a record cannot do without, is known.
    """
    found: dict[str, set[Any]] = {}
    for section, keys in asked.items():
        table = _TABLES[Section(section)]
        found[section] = set(_select(connection, [_key(table)], keys))
        if section == Section.DEVICES:
            found[section] |= set(_select(connection, [Device.table().c.dev_eui], keys))
    return {section: {row[0] for row in rows} for section, rows in found.items()}


def apply(connection: Connection, registry: Registry, *, now: datetime) -> dict[str, Counts]:
    """Write what a file declares; a device that is declared for the first time is recorded at `now`.

    For an existing row, a value that is given replaces (None empties), one that is not stays. A schematic
    boundary never replaces a surveyed one. Positions are added to those known; one of the same device, date and
    source is corrected. Returns the counts by section, and of `positions`.
    """
    counts = {}
    for section in Section:
        if entries := registry.sections.get(section):
            counts[section.value] = _write(connection, section, entries, now)
    if registry.positions:
        counts["positions"] = _write_positions(connection, registry.positions, now)
    return counts


def _write(connection: Connection, section: Section, entries: Sequence[Entry], now: datetime) -> Counts:
    table = _TABLES[section]
    columns = table.columns.keys()
    key = _key(table).name
    before = {row[key]: row for row in _existing(connection, table, [entry.key for entry in entries])}
    at_first = dict.fromkeys(columns) | _AT_FIRST.get(section, {})
    heard_on = {}
    if section is Section.DEVICES:
        at_first["recorded_at"] = now
        unsaid = [entry.key for entry in entries if entry.key not in before and "network_id" not in entry.values]
        heard_on = _networks_heard_on(connection, unsaid)
    rows = []
    created = unchanged = 0
    for entry in entries:
        row = before.get(entry.key)
        if row is None:
            created += 1
            own = (
                {key: entry.key, "network_id": heard_on[entry.key]} if entry.key in heard_on else {key: entry.key}
            )
            rows.append({**at_first, **own, **entry.values})
            continue
        given = _but_schematic(entry.values, row) if section is Section.TERRITORIES else entry.values
        if all(row[name] == value for name, value in given.items()):
            unchanged += 1
        else:
            rows.append({**row, **given})
    if rows:
        staging.merge(connection, table, columns, ([row[name] for name in columns] for row in rows))
    return Counts(created, len(rows) - created, unchanged)


def _but_schematic(values: Mapping[str, Any], row: Row) -> Mapping[str, Any]:
    """Return `values` without a boundary that was only drawn, where `row` has a surveyed one."""
    if values.get("schematic") and row["boundary"] is not None and not row["schematic"]:
        return {name: value for name, value in values.items() if name not in ("boundary", "schematic")}
    return values


def _networks_heard_on(connection: Connection, dev_euis: Sequence[DevEui]) -> dict[DevEui, str]:
    device = Device.table().c
    return dict(_select(connection, [device.dev_eui, device.network_id], dev_euis))


def _write_positions(connection: Connection, positions: Sequence[Position], now: datetime) -> Counts:
    table = model.Position.table()
    columns = table.columns.keys()
    before: dict[tuple[DevEui, str], dict[datetime, Row]] = {}
    for row in _existing(connection, table, [position.dev_eui for position in positions]):
        before.setdefault((row["dev_eui"], row["source"]), {})[row["since"]] = row
    rows = []
    created = unchanged = 0
    for position in positions:
        told = before.get((position.dev_eui, position.source), {})
        since = position.since
        if since is None:
            # Undated words about the place we know say nothing new; about another, they hold from now on.
            latest = max(told, default=None)
            since = latest if latest is not None and _same(position, told[latest]) else now
        if since not in told:
            created += 1
        elif _same(position, told[since]):
            unchanged += 1
            continue
        rows.append(position._replace(since=since)._asdict())
    if rows:
        staging.merge(connection, table, columns, ([row[name] for name in columns] for row in rows))
    return Counts(created, len(rows) - created, unchanged)


def _same(position: Position, row: Row) -> bool:
    return all(
        getattr(position, name) == row[name] for name in ("latitude", "longitude", "altitude_m", "accuracy_m")
    )


def _existing(connection: Connection, table: Table, keys: Iterable[Any]) -> Iterator[Row]:
    """Yield the rows of these keys, locked until the end of the transaction."""
    for row in _select(connection, list(table.columns), keys, lock=True):
        yield dict(zip(table.columns.keys(), row, strict=True))


def _select(
    connection: Connection, columns: Sequence[Column[Any]], keys: Iterable[Any], *, lock: bool = False
) -> Iterator[tuple[Any, ...]]:
    """Yield `columns` of one table where its first key column is in `keys`, in that order."""
    key = _key(columns[0].table)
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), _KEYS_A_QUERY):
        query = select(*columns).where(key.in_(ordered[start : start + _KEYS_A_QUERY])).order_by(key)
        for row in connection.execute(query.with_for_update() if lock else query):
            yield tuple(row)


def _key(table: Any) -> Column[Any]:  # noqa: ANN401 - Column.table is not typed as a table
    """Return the column that identifies an entry (a device's, for tables that hold several rows of one)."""
    return next(iter(table.primary_key.columns))
