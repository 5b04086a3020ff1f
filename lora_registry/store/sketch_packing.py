"""Sketches, traces and hourly means as bytes: MessagePack, whose small integers take one byte.

A sketch and a trace are arrays of their fields in order: a field added at the end of either can be read from what
was written before it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

import msgspec

from lora_registry.domain.device_sketch import Week
from lora_registry.domain.sketch import Reading, Sketch
from lora_registry.domain.trace import Trace

_HOURS: Final = 24
_MEAN: Final = struct.Struct("<fH")
_MOST_COUNTED: Final = 0xFFFF
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_sketch_fields = attrgetter(*(item.name for item in fields(Sketch)))
_trace_fields = attrgetter(*(item.name for item in fields(Trace)))

HourlyMeans = dict[str, dict[int, tuple[float, int]]]
"""Channel -> hour of the day (UTC) -> mean, and of how many values."""


def pack_week(week: Week) -> bytes:
    """Return the bytes of a device's week."""
    sketches = [(key, reading, _sketch_fields(sketch)) for (key, reading), sketch in week.sketches.items()]
    return _encode((week.frames, week.repeats, week.left_out, sketches))


def unpack_week(packed: bytes) -> Week:
    """Return the week that was packed."""
    frames, repeats, left_out, sketches = _decode(packed)
    return Week(
        frames, repeats, left_out, {(key, Reading(*reading)): Sketch(*found) for key, reading, found in sketches}
    )


def pack_traces(traces: Mapping[str, Trace]) -> bytes:
    """Return the bytes of a device's traces, by channel key."""
    return _encode({key: _trace_fields(trace) for key, trace in traces.items()})


def unpack_traces(packed: bytes) -> dict[str, Trace]:
    """Return the traces that were packed."""
    found: dict[str, list[Any]] = _decode(packed)
    return {key: Trace(Reading(*reading), *rest) for key, (reading, *rest) in found.items()}


def pack_means(means: HourlyMeans) -> bytes:
    """Return the bytes of a day's hourly means, 6 an hour: single precision, and up to 65,535 values."""
    return _encode(
        {
            channel: b"".join(
                [
                    _MEAN.pack(mean, min(count, _MOST_COUNTED))
                    for mean, count in (hours.get(hour, (0.0, 0)) for hour in range(_HOURS))
                ]
            )
            for channel, hours in means.items()
        }
    )


def unpack_means(packed: bytes) -> HourlyMeans:
    """Return the hourly means that were packed."""
    found: dict[str, bytes] = _decode(packed)
    return {
        channel: {hour: (mean, count) for hour, (mean, count) in enumerate(_MEAN.iter_unpack(hours)) if count}
        for channel, hours in found.items()
    }


def add_sums(means: HourlyMeans, sums: Mapping[str, Mapping[int, tuple[float, int]]]) -> None:
    """Add sums of values, and how many they are, to the means of the same hours."""
    for channel, hours in sums.items():
        known = means.setdefault(channel, {})
        for hour, (total, count) in hours.items():
            mean, earlier = known.get(hour, (0.0, 0))
            known[hour] = ((mean * earlier + total) / (earlier + count), earlier + count)
