"""One batch of the ingest, in the caller's transaction: rows, then aggregates of exactly the new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from lora_registry.domain.activity import DeviceState as State
from lora_registry.domain.activity import Folded, fold, fold_status
from lora_registry.domain.events import (
    Ack,
    Clock,
    DeviceEvent,
    DeviceIdentity,
    GatewayEvent,
    Join,
    Located,
    Log,
    Status,
    TxAck,
    Uplink,
)
from lora_registry.domain.flags import Flag, Retransmissions, flags_of
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import staging, telemetry
from lora_registry.store.dead_letter_writes import DeadLetter, write_dead_letters
from lora_registry.store.gateway_writes import write_gateways
from lora_registry.store.receptions import pack

_KEY = ("dev_eui", "at", "key")
_UPLINK = (
    *_KEY, "received_at", "f_cnt", "dev_addr", "frequency_hz", "bandwidth_hz", "f_port", "size",
    "spreading_factor", "dr", "flags", "receptions",
)  # fmt: skip
_EVENT = (*_KEY, "received_at", "kind", "flags", "body")
_STATE = tuple(item.name for item in fields(State))
_DEVICE = (
    "dev_eui", "network_id", "name", "application_id", "application_name", "profile_id", "profile_name",
    "tenant_id", "tenant_name", "device_class", "tags", "registered_at",
)  # fmt: skip
_DAY = (
    "dev_eui", "day", "uplinks", "retransmissions", "mac_only", "qos0", "joins", "airtime_s",
    "sf7", "sf8", "sf9", "sf10", "sf11", "sf12", "first_at", "last_at",
)  # fmt: skip
_LINK = (
    "dev_eui", "gateway_id", "day", "uplinks", "best", "signals", "esp_sum_dbm", "esp_square_sum",
    "snr_max_db", "last_at", "latitude", "longitude", "altitude_m",
)  # fmt: skip


@dataclass(slots=True)
class Batch:
    """What one transaction stores."""

    network: str
    device_events: list[DeviceEvent] = field(default_factory=list)
    gateway_events: list[GatewayEvent] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)


class Written(NamedTuple):
    """What became of a batch."""

    uplinks: int = 0
    other_events: int = 0
    duplicates: int = 0
    retransmissions: int = 0
    dead_letters: int = 0
    shown_at: tuple[datetime, ...] = ()
    """Times of the events that were new, for the watch."""


def write_batch(connection: Connection, batch: Batch) -> Written:
    """Store a batch. Written twice, the second time changes nothing but counts duplicates."""
    events = _distinct(batch.device_events)
    states = _lock_states(connection, {event.header.device.dev_eui for event in events})
    retransmissions = Retransmissions({eui: state.recent for eui, state in states.items()})
    new = _insert_events(connection, events, retransmissions)
    before = {eui: state.identity for eui, state in states.items()}
    folded = fold(states, new)
    for eui, state in states.items():
        state.recent = retransmissions.packed(eui)
    touched = {event.header.device.dev_eui for event, _ in new}
    touched |= _fold_repeated_statuses(states, batch.device_events)
    _write_states(connection, [states[eui] for eui in touched])
    changed = {eui: found for eui, found in folded.identities.items() if states[eui].identity != before.get(eui)}
    _write_devices(connection, batch.network, changed)
    _write_days(connection, folded)
    write_gateways(connection, batch.network, batch.gateway_events)
    write_dead_letters(connection, batch.dead_letters)
    uplinks = sum(isinstance(event, Uplink) for event, _ in new)
    return Written(
        uplinks=uplinks,
        other_events=len(new) - uplinks,
        duplicates=len(batch.device_events) - len(new),
        retransmissions=sum(bool(flags & Flag.RETRANSMISSION) for _, flags in new),
        dead_letters=len(batch.dead_letters),
        shown_at=tuple(event.header.timing.shown_at for event, _ in new),
    )


def _key(event: DeviceEvent) -> tuple[DevEui, datetime, int]:
    header = event.header
    return header.device.dev_eui, header.timing.key_at, header.key


def _distinct(events: Iterable[DeviceEvent]) -> list[DeviceEvent]:
    return list({_key(event): event for event in reversed(list(events))}.values())[::-1]


def _fold_repeated_statuses(states: Mapping[DevEui, State], events: Iterable[DeviceEvent]) -> set[DevEui]:
    """Fold every status without a time of its own, also one equal to an earlier one: ChirpStack 3 repeats itself.

    Its key cannot tell it from a redelivery, so it is no row; but what it says holds at its arrival.
    """
    touched = set()
    for event in events:
        if isinstance(event, Status) and event.header.timing.clock is Clock.ARRIVAL:
            state = states[event.header.device.dev_eui]
            fold_status(state, event)
            touched.add(state.dev_eui)
    return touched


def _lock_states(connection: Connection, dev_euis: set[DevEui]) -> dict[DevEui, State]:
    """Read the states of these devices, creating those that are missing, so that no other writer folds them."""
    if not dev_euis:
        return {}
    table = telemetry.DeviceState.table()
    wanted = staging.among(connection.dialect, table.c.dev_eui, [eui.to_int64() for eui in dev_euis])
    missing = dev_euis.difference(connection.scalars(select(table.c.dev_eui).where(wanted)))
    if missing:
        staging.insert_new(connection, table, _STATE, [_state_row(State(eui)) for eui in missing])
    # After the insertions and in order, so that two writers never wait for each other.
    rows = connection.execute(
        select(*(table.columns[name] for name in _STATE))
        .where(wanted)
        .order_by(table.c.dev_eui)
        .with_for_update(of=table)
    )
    states = (State(*row) for row in rows)
    return {state.dev_eui: state for state in states}


def _state_row(state: State) -> list[Any]:
    return [getattr(state, name) for name in _STATE]


def _insert_events(
    connection: Connection, events: Sequence[DeviceEvent], retransmissions: Retransmissions
) -> list[tuple[DeviceEvent, int]]:
    """Insert the rows; return the events that were new, with their flags, in the order they came."""
    flagged: list[tuple[DeviceEvent, int]] = []
    uplink_rows, event_rows = [], []
    for event in events:
        flags = flags_of(event)
        if isinstance(event, Uplink):
            if retransmissions.seen(event):
                flags |= Flag.RETRANSMISSION
            uplink_rows.append(_uplink_row(event, flags))
        else:
            event_rows.append(_event_row(event, flags))
        flagged.append((event, flags))
    inserted: set[staging.Row] = set()
    uplink, device_event = telemetry.Uplink.table(), telemetry.DeviceEvent.table()
    if uplink_rows:
        inserted |= staging.insert_new(connection, uplink, _UPLINK, uplink_rows)
    if event_rows:
        inserted |= staging.insert_new(connection, device_event, _EVENT, event_rows)
    # A kind is part of the key's hash, so the keys of the two tables do not meet.
    keys = staging.stored(connection, uplink, _KEY, [_key(event) for event, _ in flagged])
    return [pair for pair, key in zip(flagged, keys, strict=True) if key in inserted]


def _uplink_row(uplink: Uplink, flags: int) -> staging.Row:
    modulation = uplink.modulation
    return (
        *_key(uplink), uplink.header.received_at, uplink.f_cnt, uplink.dev_addr, uplink.frequency_hz,
        modulation.bandwidth_hz, uplink.f_port, uplink.size, modulation.spreading_factor, uplink.dr, flags,
        pack(uplink.receptions),
    )  # fmt: skip


def _event_row(event: DeviceEvent, flags: int) -> staging.Row:
    kind, body = _described(event)
    return (*_key(event), event.header.received_at, kind, flags, body)


def _described(event: DeviceEvent) -> tuple[str, dict[str, Any]]:
    match event:
        case Join(dev_addr=dev_addr):
            return "join", {"dev_addr": dev_addr}
        case Status():
            return "status", {
                "margin_db": event.margin_db,
                "external_power": event.external_power,
                "battery_pct": event.battery_pct,
            }
        case Ack():
            return "ack", {"acknowledged": event.acknowledged, "f_cnt_down": event.f_cnt_down}
        case TxAck():
            return "txack", {"gateway_id": event.gateway_id, "f_cnt_down": event.f_cnt_down}
        case Log():
            return "log", {"level": event.level, "code": event.code, "description": event.description}
        case Located():
            return "location", {
                "latitude": event.location.latitude,
                "longitude": event.location.longitude,
                "altitude_m": event.location.altitude_m,
                "source": event.source,
                "accuracy_m": event.accuracy_m,
            }
        case Uplink():
            raise TypeError("uplinks have a table of their own")


def _write_states(connection: Connection, states: Sequence[State]) -> None:
    if states:
        staging.merge(connection, telemetry.DeviceState.table(), _STATE, map(_state_row, states))


def _write_devices(
    connection: Connection, network: str, changed: dict[DevEui, tuple[DeviceIdentity, datetime]]
) -> None:
    if not changed:
        return
    rows = [
        (
            eui, network, found.name, found.application_id, found.application_name, found.profile_id,
            found.profile_name, found.tenant_id, found.tenant_name, found.device_class, dict(found.tags),
            received_at,
        )
        for eui, (found, received_at) in changed.items()
    ]  # fmt: skip
    staging.merge(connection, telemetry.Device.table(), _DEVICE, rows)


def _write_days(connection: Connection, folded: Folded) -> None:
    if folded.device_days:
        rows: list[staging.Row] = [
            (
                eui, day, sums.uplinks, sums.retransmissions, sums.mac_only, sums.qos0, sums.joins,
                sums.airtime_s, *sums.by_spreading_factor, sums.first_at, sums.last_at,
            )
            for (eui, day), sums in folded.device_days.items()
        ]  # fmt: skip
        staging.merge(connection, telemetry.DeviceDay.table(), _DAY, rows)
    if folded.link_days:
        rows = [
            (
                eui, gateway_id, day, link.uplinks, link.best, link.signals, link.esp_sum_dbm,
                link.esp_square_sum, link.snr_max_db, link.last_at,
                *(link.location or (None, None, None)),
            )
            for (eui, gateway_id, day), link in folded.link_days.items()
        ]  # fmt: skip
        staging.merge(connection, telemetry.LinkDay.table(), _LINK, rows)
