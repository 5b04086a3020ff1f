"""On what the registry and the network servers disagree, one query a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from lora_registry.domain.earlier_silence import SHORTEST_DAYS, Earlier, Silence, silence
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.services import NetworkKind
from lora_registry.store import chosen
from lora_registry.store.collection import Watch
from lora_registry.store.registry import DeviceRecord, Network
from lora_registry.store.sync_tables import NetworkDevice, SyncRun
from lora_registry.store.telemetry import Device, DeviceState

Row = dict[str, Any]


class Difference(StrEnum):
    """A kind of disagreement."""

    SILENT_BEFORE = "silent-before"
    """Seen by the network server once, quiet since before we listened."""
    NEVER_SEEN = "never-seen"
    """In the network server's list, and never seen by it."""
    UNREGISTERED = "unregistered"
    """In the network server's list; nobody has said a word about it."""
    UNLISTED = "unlisted"
    """Declared on a network whose server does not list it."""
    ABSENT = "absent"
    """Listed once, no longer."""
    CONFLICT = "conflict"
    """The same DevEUI on more than one network."""
    DISABLED = "disabled"
    """Switched off in the network server."""


def differences(connection: Connection, kind: Difference, *, now: datetime) -> list[Row]:
    """Return the devices of one kind of disagreement, by DevEUI; each with `dev_eui, network, name, detail`."""
    if kind in (Difference.SILENT_BEFORE, Difference.NEVER_SEEN):
        return [row for found, row in _unheard(connection, now) if found is kind]
    if kind is Difference.UNLISTED:
        return _unlisted(connection)
    one = NetworkDevice
    query = select(one.__table__).where(_is(kind)).order_by(one.dev_eui, one.network_id)
    return [_told(dict(row), kind) for row in connection.execute(query).mappings()]


def _is(kind: Difference) -> Any:  # noqa: ANN401 - a condition
    listed = NetworkDevice.absent_since.is_(None)
    return {
        Difference.UNREGISTERED: and_(listed, ~_has_record()),
        Difference.ABSENT: NetworkDevice.absent_since.is_not(None),
        Difference.DISABLED: and_(listed, NetworkDevice.disabled.is_(True)),
        Difference.CONFLICT: and_(listed, _is_elsewhere()),
    }[kind]


def _told(row: Row, kind: Difference) -> Row:
    detail = {
        Difference.ABSENT: row["absent_since"],
        Difference.UNREGISTERED: row["profile_name"],
    }.get(kind, row["tenant_name"])
    return _line(row) | {"detail": detail}


def _line(row: Row) -> Row:
    return {
        "dev_eui": row["dev_eui"],
        "network": row["network_id"],
        "application": row["application_name"],
        "name": row["name"],
        "last_seen_at": row["last_seen_at"],
        "silent_days": None,
        "usual_pause_days": None,
        "detail": None,
    }


def _has_record() -> Any:  # noqa: ANN401
    return select(DeviceRecord.dev_eui).where(DeviceRecord.dev_eui == NetworkDevice.dev_eui).exists()


def _is_elsewhere() -> Any:  # noqa: ANN401
    """Return the condition of devices that another network lists too, or is heard on."""
    other = NetworkDevice.table().alias("other")
    twice = select(other.c.dev_eui).where(
        other.c.dev_eui == NetworkDevice.dev_eui,
        other.c.network_id != NetworkDevice.network_id,
        other.c.absent_since.is_(None),
    )
    heard = select(Device.dev_eui).where(
        Device.dev_eui == NetworkDevice.dev_eui, Device.network_id != NetworkDevice.network_id
    )
    declared = select(DeviceRecord.dev_eui).where(
        DeviceRecord.dev_eui == NetworkDevice.dev_eui, DeviceRecord.network_id != NetworkDevice.network_id
    )
    return or_(twice.exists(), heard.exists(), declared.exists())


def _unheard(connection: Connection, now: datetime) -> Iterator[tuple[Difference, Row]]:
    """Yield listed devices that we never heard: seen by the server before we listened, or never at all."""
    for row in connection.execute(_never_heard(now)).mappings():
        told = _silence(row, now)
        if told is None:
            continue
        kind, quiet = told
        found: Row = {"detail": row["created_at"]}
        if kind is Difference.SILENT_BEFORE:
            found = {
                "silent_days": round(quiet.silent_days or 0.0, 1),
                "usual_pause_days": quiet.usual_pause_days,
                "detail": f"ChirpStack, {row['network_id']}",
            }
        yield kind, _line(dict(row)) | found


def _never_heard(now: datetime) -> Select[Any]:
    """Select listed devices that we never heard; not those that their server heard just now, which only pause."""
    table, state = NetworkDevice.table(), DeviceState.table()
    began = select(Watch.network_id, func.min(Watch.started_at).label("at")).group_by(Watch.network_id).subquery()
    return (
        select(table, began.c.at.label("began_at"))
        .outerjoin(state, state.c.dev_eui == table.c.dev_eui)
        .outerjoin(began, began.c.network_id == table.c.network_id)
        .where(
            table.c.absent_since.is_(None),
            func.coalesce(state.c.uplinks_total, 0) == 0,
            or_(table.c.last_seen_at.is_(None), table.c.last_seen_at < now - timedelta(days=SHORTEST_DAYS)),
        )
        .order_by(table.c.dev_eui, table.c.network_id)
    )


def _silence(row: Any, now: datetime) -> tuple[Difference, Silence] | None:  # noqa: ANN401 - a row of _never_heard
    told = silence(row["last_seen_at"], row["days_from"], row["day_counts"], now=now)
    if told.earlier is Earlier.NEVER_SEEN:
        return Difference.NEVER_SEEN, told
    before = row["began_at"] is None or (row["last_seen_at"] or now) < row["began_at"]
    return (Difference.SILENT_BEFORE, told) if told.earlier is Earlier.SILENT and before else None


def silent_before(connection: Connection, dev_euis: Collection[DevEui], *, now: datetime) -> dict[DevEui, Silence]:
    """Return which of these devices fell silent before we listened, by their network server's word."""
    query = _never_heard(now).where(chosen.one_of(connection, NetworkDevice.dev_eui, dev_euis))
    told = ((row["dev_eui"], _silence(row, now)) for row in connection.execute(query).mappings())
    return {eui: one[1] for eui, one in told if one is not None and one[0] is Difference.SILENT_BEFORE}


def _unlisted(connection: Connection) -> list[Row]:
    """Return devices declared on a network that was read whole, and that its server does not list."""
    read = select(SyncRun.network_id).where(SyncRun.completed_at.is_not(None))
    declared = select(Network.id).where(Network.kind == NetworkKind.DECLARED)
    listed = select(NetworkDevice.dev_eui).where(
        NetworkDevice.dev_eui == DeviceRecord.dev_eui,
        NetworkDevice.network_id == DeviceRecord.network_id,
        NetworkDevice.absent_since.is_(None),
    )
    query = (
        select(DeviceRecord.dev_eui, DeviceRecord.network_id, DeviceRecord.name, DeviceRecord.lifecycle)
        .where(DeviceRecord.network_id.in_(read), DeviceRecord.network_id.not_in(declared), ~listed.exists())
        .order_by(DeviceRecord.dev_eui)
    )
    empty = {"application_name": None, "last_seen_at": None}
    return [_line({**empty, **row}) | {"detail": row["lifecycle"]} for row in connection.execute(query).mappings()]


def count(connection: Connection, *, now: datetime) -> dict[Difference, int]:
    """Return how many devices there are of each kind."""
    unheard = Counter(
        told[0]
        for row in connection.execute(_never_heard(now)).mappings()
        if (told := _silence(row, now)) is not None
    )
    listed = (Difference.UNREGISTERED, Difference.ABSENT, Difference.DISABLED, Difference.CONFLICT)
    counted = select(func.count()).select_from(NetworkDevice)
    found = {kind: int(connection.scalar(counted.where(_is(kind))) or 0) for kind in listed}
    found |= {kind: unheard[kind] for kind in (Difference.SILENT_BEFORE, Difference.NEVER_SEEN)}
    found[Difference.UNLISTED] = len(_unlisted(connection))
    return {kind: found[kind] for kind in Difference}


def last_syncs(connection: Connection) -> list[Row]:
    """Return of each network that was ever read: `network, completed_at, counts, begun_at, devices, registered`.

    `begun_at`: when a sync began that has not ended, if that is the last one. `devices`: listed there now;
    `registered`: those of them that somebody has declared here.
    """
    runs: dict[str, Row] = {}
    for run in connection.execute(select(SyncRun.table()).order_by(SyncRun.id)).mappings():
        row = runs.setdefault(
            run["network_id"], {"network": run["network_id"], "completed_at": None, "counts": {}, "begun_at": None}
        )
        if run["completed_at"] is not None:
            row |= {"completed_at": run["completed_at"], "counts": run["counts"], "begun_at": None}
        else:
            row |= {"begun_at": run["started_at"]}
    listed = NetworkDevice.absent_since.is_(None)
    by_network = select(NetworkDevice.network_id, func.count()).group_by(NetworkDevice.network_id)
    devices = dict(connection.execute(by_network.where(listed)).all())
    registered = dict(connection.execute(by_network.where(listed, _has_record())).all())
    return [
        row | {"devices": devices.get(network, 0), "registered": registered.get(network, 0)}
        for network, row in sorted(runs.items())
    ]
