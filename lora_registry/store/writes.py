"""One batch of the ingest, in the caller's transaction: rows, then aggregates of exactly the new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Select, Table, select, type_coerce

from lora_registry.domain.activity import DeviceState as State
from lora_registry.domain.activity import fold
from lora_registry.domain.events import Clock, DeviceEvent, DeviceIdentity, GatewayEvent, Status, Uplink
from lora_registry.domain.flags import Flag, Retransmissions, flags_of
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import staging, telemetry, weeks
from lora_registry.store.day_writes import write_days
from lora_registry.store.dead_letter_writes import DeadLetter, write_dead_letters
from lora_registry.store.event_rows import EVENT, UPLINK, event_row, key, uplink_row
from lora_registry.store.gateway_writes import write_gateways
from lora_registry.store.sketches import write_sketches

_DEVICE = (
    "dev_eui", "network_id", "name", "application_id", "application_name", "profile_id", "profile_name",
    "tenant_id", "tenant_name", "device_class", "tags", "registered_at",
)  # fmt: skip
_STATE = (
    "dev_eui", "identity", "identity_at", "uplinks_total", "first_uplink_at", "last_uplink_at",
    "last_data_at", "last_received_at", "recent",
)  # fmt: skip
_KNOWN = ("identity", "identity_at", "recent")
"""What must be known of a state to fold the next event; the rest the database adds up."""
_STATUS = ("dev_eui", "status_at", "battery_pct", "external_power", "margin_db")


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
    sealed: int = 0
    """Duplicates, too, that belong to forgotten weeks."""
    shown_at: tuple[datetime, ...] = ()
    """Times of the events that were new, for the watch."""


def write_batch(connection: Connection, batch: Batch, now: datetime) -> Written:
    """Store a batch. Written twice, the second time changes nothing but counts duplicates."""
    admitted = weeks.admit(connection, batch.device_events, batch.gateway_events)
    events = _distinct(admitted.device_events)
    states = _lock_states(connection, {event.header.device.dev_eui for event in events})
    retransmissions = Retransmissions({eui: state.recent for eui, state in states.items()})
    new = _insert_events(connection, events, retransmissions)
    folded = fold(states, new)
    touched = {event.header.device.dev_eui for event, _ in new}
    for eui in touched:
        states[eui].recent = retransmissions.packed(eui)
    _write_states(connection, [states[eui] for eui in touched])
    _write_statuses(connection, [*folded.statuses, *_repeated_statuses(admitted.device_events)])
    _write_devices(connection, batch.network, folded.identities)
    write_days(connection, folded.device_days)
    write_sketches(connection, new)
    reports = write_gateways(connection, batch.network, admitted.gateway_events)
    write_dead_letters(connection, batch.dead_letters)
    weeks.note_inserts(connection, admitted, [*(event for event, _ in new), *reports], now=now)
    uplinks = sum(isinstance(event, Uplink) for event, _ in new)
    return Written(
        uplinks=uplinks,
        other_events=len(new) - uplinks,
        duplicates=len(batch.device_events) - len(new),
        retransmissions=sum(bool(flags & Flag.RETRANSMISSION) for _, flags in new),
        dead_letters=len(batch.dead_letters),
        sealed=admitted.sealed,
        shown_at=tuple(event.header.timing.shown_at for event, _ in new),
    )


def _distinct(events: Iterable[DeviceEvent]) -> list[DeviceEvent]:
    return list({key(event): event for event in reversed(list(events))}.values())[::-1]


def _repeated_statuses(events: Iterable[DeviceEvent]) -> list[Status]:
    """Return every status without a time of its own, also one equal to an earlier one: ChirpStack 3 repeats.

    Its key cannot tell it from a redelivery, so it is no row; but what it says holds at its arrival.
    """
    return [event for event in events if isinstance(event, Status) and event.header.timing.clock is Clock.ARRIVAL]


def _lock_states(connection: Connection, dev_euis: set[DevEui]) -> dict[DevEui, State]:
    """Return what is known of these devices, creating what is missing, so that no other writer folds them.

    In order, so that two writers seldom wait for each other both ways; a deadlock is tried again by the caller.
    """
    states = _locked(connection, dev_euis)
    missing = dev_euis - states.keys()
    if missing:
        blank = [(*_state_row(State(eui)), 0) for eui in missing]
        staging.insert_new(connection, telemetry.DeviceState.table(), (*_STATE, "joins_total"), blank)
        states |= _locked(connection, missing)
    return states


def _locked(connection: Connection, dev_euis: set[DevEui]) -> dict[DevEui, State]:
    if not dev_euis:
        return {}
    by_stored, dialect = {eui.to_int64(): eui for eui in dev_euis}, connection.dialect.name
    rows = connection.execute(_locking(dialect), staging.listed(dialect, by_stored))
    return {by_stored[number]: State(by_stored[number], *known) for number, *known in rows}


@cache
def _locking(dialect: str) -> Select[Any]:
    table = telemetry.DeviceState.table()
    stored = type_coerce(table.c.dev_eui, BigInteger)
    return (
        select(stored, *(table.columns[name] for name in _KNOWN))
        .where(staging.among(dialect, stored))
        .order_by(stored)
        .with_for_update(of=table)
    )


def _state_row(state: State) -> staging.Row:
    return (
        state.dev_eui, state.identity, state.identity_at, state.uplinks_total, state.first_uplink_at,
        state.last_uplink_at, state.last_data_at, state.last_received_at, state.recent,
    )  # fmt: skip


def _insert_events(
    connection: Connection, events: Sequence[DeviceEvent], retransmissions: Retransmissions
) -> list[tuple[DeviceEvent, int]]:
    """Insert the rows; return the events that were new, with their flags, in the order they came."""
    flagged: list[tuple[DeviceEvent, int]] = []
    uplinks: dict[int, staging.Row] = {}
    others: dict[int, staging.Row] = {}
    for place, event in enumerate(events):
        flags = flags_of(event)
        if isinstance(event, Uplink):
            if retransmissions.seen(event):
                flags |= Flag.RETRANSMISSION
            uplinks[place] = uplink_row(event, flags)
        else:
            others[place] = event_row(event, flags)
        flagged.append((event, flags))
    known = _known(connection, telemetry.Uplink.table(), UPLINK, uplinks)
    known |= _known(connection, telemetry.DeviceEvent.table(), EVENT, others)
    return [pair for place, pair in enumerate(flagged) if place not in known] if known else flagged


def _known(
    connection: Connection, table: Table, columns: Sequence[str], rows: Mapping[int, staging.Row]
) -> set[int]:
    """Insert rows; return the places of those that were there."""
    places = list(rows)
    return {places[nth] for nth in staging.insert_new(connection, table, columns, list(rows.values()))}


def _write_states(connection: Connection, states: Sequence[State]) -> None:
    table = telemetry.DeviceState.table()
    if states:
        staging.update(connection, table, _STATE, map(_state_row, states))
    joined = [(state.dev_eui, state.joins_total, state.last_join_at) for state in states if state.joins_total]
    if joined:
        staging.update(connection, table, ("dev_eui", "joins_total", "last_join_at"), joined)


def _write_statuses(connection: Connection, statuses: Iterable[Status]) -> None:
    """Take over what the latest status of each device says, unless a later one is known already."""
    latest: dict[DevEui, Status] = {}
    for status in statuses:
        header = status.header
        known = latest.get(header.device.dev_eui)
        if known is None or header.timing.shown_at >= known.header.timing.shown_at:
            latest[header.device.dev_eui] = status
    rows = [
        (eui, told.header.timing.shown_at, told.battery_pct, told.external_power, told.margin_db)
        for eui, told in latest.items()
    ]
    if rows:
        staging.update(connection, telemetry.DeviceState.table(), _STATUS, rows, unless_newer="status_at")


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
