"""The waiting uplinks of many devices into their weeks: read, folded and written a few statements at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Select, select, type_coerce

from lora_registry.domain.device_sketch import Frames, Week, fold_frames, hourly_sums
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.sketch import week_of
from lora_registry.domain.trace import Trace
from lora_registry.store import sketch_packing, staging
from lora_registry.store.channel_frames import Tail
from lora_registry.store.sketch_grants import Grant
from lora_registry.store.sketch_tables import ChannelSketch, ChannelTrace, HourlyMean

_WEEK_ZERO: Final = date(1969, 12, 29).toordinal()
_DAY_ZERO: Final = date(1970, 1, 1).toordinal()

_Key = tuple[DevEui, date]


@dataclass(slots=True)
class Waiting:
    """A device that may be sketched, and its uplinks that are in no sketch yet."""

    eui: DevEui
    grant: Grant
    tail: Tail
    payload_hash: int | None


class Weeks:
    """The weeks of one device: those that are stored, unpacked when first asked for, and new ones."""

    def __init__(self, eui: DevEui, stored: dict[_Key, bytes]) -> None:
        self._eui = eui
        self._stored = stored
        self.found: dict[int, Week] = {}

    def __call__(self, number: int) -> Week:
        """Return the week of a number (see `domain.sketch.week_of`), to be added to."""
        week = self.found.get(number)
        if week is None:
            packed = self._stored.get((self._eui, monday_of(number)))
            week = self.found[number] = Week() if packed is None else sketch_packing.unpack_week(packed)
        return week


def monday_of(week: int) -> date:
    """Return the Monday of a week as `domain.sketch.week_of` numbers it."""
    return date.fromordinal(_WEEK_ZERO + 7 * week)


def day_of(number: int) -> date:
    """Return the day that is `number` days after 1970-01-01."""
    return date.fromordinal(_DAY_ZERO + number)


def fold(connection: Connection, devices: Sequence[Waiting]) -> None:
    """Fold all the uplinks that wait; their tails are empty afterwards, but for the names of channels."""
    waiting = [(device, device.tail.frames()) for device in devices]
    traces = read_traces(connection, [device.eui for device in devices])
    weeks_asked = {
        (device.eui, monday_of(week)) for device, frames in waiting for week in set(map(week_of, frames.at_s))
    }
    stored = _bodies(connection, ChannelSketch.table().c.week, ChannelSketch.table().c.body, weeks_asked)
    rows: list[staging.Row] = []
    for device, frames in waiting:
        weeks = Weeks(device.eui, stored)
        fold_frames(frames, device.grant.terms, traces.setdefault(device.eui, {}), weeks)
        rows += [
            (device.eui, monday_of(number), sketch_packing.pack_week(week)) for number, week in weeks.found.items()
        ]
    staging.merge(connection, ChannelSketch.table(), ("dev_eui", "week", "body"), rows)
    staging.merge(
        connection,
        ChannelTrace.table(),
        ("dev_eui", "traces"),
        [(eui, sketch_packing.pack_traces(found)) for eui, found in traces.items()],
    )
    _write_means(connection, waiting)
    for device, frames in waiting:
        device.tail.empty(frames)


def _write_means(connection: Connection, waiting: Iterable[tuple[Waiting, Frames]]) -> None:
    sums = {
        (device.eui, day_of(day)): channels
        for device, frames in waiting
        for day, channels in hourly_sums(frames).items()
    }
    if not sums:
        return
    columns = HourlyMean.table().c
    stored = _bodies(connection, columns.day, columns.means, sums)
    rows: list[staging.Row] = []
    for key, channels in sums.items():
        means = sketch_packing.unpack_means(stored[key]) if key in stored else {}
        sketch_packing.add_sums(means, channels)
        rows.append((*key, sketch_packing.pack_means(means)))
    staging.merge(connection, HourlyMean.table(), ("dev_eui", "day", "means"), rows)


def read_traces(connection: Connection, dev_euis: Iterable[DevEui]) -> dict[DevEui, dict[str, Trace]]:
    """Return what is remembered of each device's channels, by key."""
    by_stored, dialect = {eui.to_int64(): eui for eui in dev_euis}, connection.dialect.name
    rows = connection.execute(_traces_of(dialect), staging.listed(dialect, by_stored))
    return {by_stored[stored]: sketch_packing.unpack_traces(packed) for stored, packed in rows}


@cache
def _traces_of(dialect: str) -> Select[Any]:
    columns = ChannelTrace.table().c
    number = type_coerce(columns.dev_eui, BigInteger)
    return select(number, columns.traces).where(staging.among(dialect, number))


def _bodies(
    connection: Connection, day: Column[Any], body: Column[Any], keys: Iterable[_Key]
) -> dict[_Key, bytes]:
    """Return the bytes of these rows of a table, where there are any."""
    by_stored, dialect = {(eui.to_int64(), at): (eui, at) for eui, at in keys}, connection.dialect.name
    rows = connection.execute(_bodies_of(dialect, day, body), staging.paired(dialect, by_stored))
    return {by_stored[stored, at]: packed for stored, at, packed in rows}


@cache
def _bodies_of(dialect: str, day: Column[Any], body: Column[Any]) -> Select[Any]:
    number, wanted = type_coerce(day.table.c.dev_eui, BigInteger), staging.pairs(dialect)
    return select(number, day, body).join(wanted, (wanted.c.number == number) & (wanted.c.day == day))
