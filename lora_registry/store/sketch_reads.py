"""What sketches say of one partition of devices: measures of their channels, and hourly means for neighbours.

Uplinks that still wait in a tail count as if they were folded. A device whose class does not allow sketches (any
more) is not read, whatever is stored of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, Select, select, type_coerce

from lora_registry.domain.channel_measures import ChannelMeasures, DeviceMeasures, channel_measures
from lora_registry.domain.device_sketch import Frames, Terms, Week, fold_frames, hourly_sums
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.sketch import Reading, Sketch, merged
from lora_registry.domain.trace import Trace
from lora_registry.store import chosen, sketch_grants, sketch_packing
from lora_registry.store.channel_frames import Tail
from lora_registry.store.evidence import Partition
from lora_registry.store.registry import DeviceRecord
from lora_registry.store.sketch_folding import day_of, monday_of, read_traces
from lora_registry.store.sketch_tables import ChannelSketch, ChannelTail, HourlyMean


class HourlySeries(NamedTuple):
    """A channel's hourly means in order of time; hours without a value are not there."""

    hour: NDArray[np.int64]
    """Hours since 1970-01-01, UTC."""
    mean: NDArray[np.float64]
    values: NDArray[np.int64]
    """Of how many values."""


class _Waiting(NamedTuple):
    """The uplinks of a device that are in no sketch yet."""

    terms: Terms
    frames: Frames


def measures(
    connection: Connection, part: Partition, *, first: date, last: date, devices: Collection[DevEui] | None = None
) -> dict[DevEui, DeviceMeasures]:
    """Return what the sketches of the weeks of `first` to `last` say of each device that has some.

    Of `devices` alone, where these are given.
    """
    waiting = _waiting(connection, part)
    if devices is not None:
        waiting = {eui: one for eui, one in waiting.items() if eui in devices}
    traces = read_traces(connection, waiting)
    weeks: dict[DevEui, list[tuple[date, Week]]] = {}
    columns = ChannelSketch.table().c
    query = select(columns.dev_eui, columns.week, columns.body).where(
        columns.week.between(_monday(first), _monday(last))
    )
    within = part if devices is None else list(waiting)
    for eui, monday, body in connection.execute(
        _of(connection, query.order_by(columns.dev_eui, columns.week), columns.dev_eui, within)
    ):
        if eui in waiting:
            weeks.setdefault(eui, []).append((monday, sketch_packing.unpack_week(body)))
    for eui, tail in waiting.items():
        known = traces.setdefault(eui, {})
        for number, week in _folded(tail, known).items():
            monday = monday_of(number)
            if _monday(first) <= monday <= _monday(last):
                weeks.setdefault(eui, []).append((monday, week))
    return {eui: _device(found, traces[eui]) for eui, found in sorted(weeks.items())}


def hourly_means(
    connection: Connection, part: Partition | Collection[DevEui], *, first: date, last: date
) -> dict[DevEui, dict[str, HourlySeries]]:
    """Return the hourly means of each device and channel, of the days `first` to `last` (UTC).

    Of a partition, or of some devices wherever they are: neighbours do not live in one partition.
    """
    days: dict[DevEui, dict[date, sketch_packing.HourlyMeans]] = defaultdict(lambda: defaultdict(dict))
    waiting = _waiting(connection, part)
    columns = HourlyMean.table().c
    query = select(columns.dev_eui, columns.day, columns.means).where(columns.day.between(first, last))
    for eui, day, packed in connection.execute(_of(connection, query, columns.dev_eui, part)):
        if eui in waiting:
            days[eui][day] = sketch_packing.unpack_means(packed)
    for eui, tail in waiting.items():
        for number, sums in hourly_sums(tail.frames).items():
            if first <= day_of(number) <= last:
                sketch_packing.add_sums(days[eui][day_of(number)], sums)
    return {eui: _series(found) for eui, found in sorted(days.items())}


def _of(
    connection: Connection,
    query: Select[Any],
    column: Any,  # noqa: ANN401 - any model's column
    part: Partition | Collection[DevEui],
) -> Select[Any]:
    """Return a query of these devices alone."""
    if isinstance(part, Partition):
        return query.where(type_coerce(column, BigInteger).between(part.first, part.last))
    return query.where(chosen.one_of(connection, column, part))


def _monday(day: date) -> date:
    return date.fromordinal(day.toordinal() - day.weekday())


def _waiting(connection: Connection, part: Partition | Collection[DevEui]) -> dict[DevEui, _Waiting]:
    """Return every device of the partition that may be sketched, with what waits in its tail."""
    query = sketch_grants.granted(ChannelTail.table().c.frames).outerjoin(
        ChannelTail, ChannelTail.dev_eui == DeviceRecord.dev_eui
    )
    rows = connection.execute(_of(connection, query, DeviceRecord.dev_eui, part)).all()
    grants = sketch_grants.Grants(connection, {row[2] for row in rows})
    waiting = {}
    for number, privacy, service_id, packed in rows:
        terms = grants.of(privacy, service_id).terms
        waiting[DevEui.from_int64(number)] = _Waiting(terms, Tail(packed).frames())
    return waiting


def _folded(tail: _Waiting, traces: dict[str, Trace]) -> dict[int, Week]:
    weeks: dict[int, Week] = defaultdict(Week)
    fold_frames(tail.frames, tail.terms, traces, weeks.__getitem__)
    return weeks


def _device(weeks: Iterable[tuple[date, Week]], traces: Mapping[str, Trace]) -> DeviceMeasures:
    found = [week for _, week in weeks]
    channels: dict[str, dict[Reading, list[Sketch]]] = {}
    for week in found:
        for (key, reading), sketch in week.sketches.items():
            channels.setdefault(key, {}).setdefault(reading, []).append(sketch)
    return DeviceMeasures(
        frames=sum(week.frames for week in found),
        repeats=sum(week.repeats for week in found),
        left_out=max(week.left_out for week in found),
        channels=tuple(sorted(_channels(channels, traces), key=attrgetter("channel", "is_state"))),
    )


def _channels(
    channels: Mapping[str, Mapping[Reading, list[Sketch]]], traces: Mapping[str, Trace]
) -> Iterator[ChannelMeasures]:
    """Yield each channel by the reading that holds now, else by the last one that held."""
    for key, readings in channels.items():
        reading = traces[key].reading if key in traces else None
        if reading is None or reading not in readings:
            reading = list(readings)[-1]
        others = sum(part.count for other, parts in readings.items() if other != reading for part in parts)
        yield channel_measures(key, reading, merged(readings[reading]), other_readings=others)


def _series(days: Mapping[date, sketch_packing.HourlyMeans]) -> dict[str, HourlySeries]:
    rows: dict[str, list[tuple[int, float, int]]] = {}
    for day, channels in sorted(days.items()):
        midnight = (day - date(1970, 1, 1)).days * 24
        for channel, hours in sorted(channels.items()):
            rows.setdefault(channel, []).extend(
                (midnight + hour, mean, count) for hour, (mean, count) in sorted(hours.items())
            )
    return {
        channel: HourlySeries(
            np.array([hour for hour, _, _ in found], dtype=np.int64),
            np.array([mean for _, mean, _ in found], dtype=np.float64),
            np.array([count for _, _, count in found], dtype=np.int64),
        )
        for channel, found in rows.items()
    }
