"""The uplinks of one device that are not in its sketches yet, packed: at most 24 once a batch is written.

Layout, little-endian: the length of the names, the names (UTF-8, one a line: keys of `domain.channels`), then a
record an uplink: Unix seconds (4 bytes), two flags, how many values are no channel, a double a name (NaN: none).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from math import isnan, nan
from typing import Final, NamedTuple

from lora_registry.domain.channels import MOST_CHANNELS
from lora_registry.domain.device_sketch import Frames

_LENGTH: Final = struct.Struct("<H")
_MOST_COUNTED: Final = 0xFF
LAST_S: Final = 0xFFFF_FFFF
"""The last time that has room: in 2106."""
_REMEMBERED_LAYOUTS: Final = 4096


class _Layout(NamedTuple):
    keys: tuple[str, ...]
    same: frozenset[str]
    head: bytes
    record: struct.Struct


def _layout(keys: tuple[str, ...]) -> _Layout:
    names = "\n".join(keys).encode()
    return _read_layout(_LENGTH.pack(len(names)) + names)


@lru_cache(_REMEMBERED_LAYOUTS)
def _read_layout(head: bytes) -> _Layout:
    names = head[_LENGTH.size :].decode()
    keys = tuple(names.split("\n")) if names else ()
    return _Layout(keys, frozenset(keys), head, struct.Struct(f"<I??B{len(keys)}d"))


class Tail:
    """A device's uplinks that wait to be folded."""

    __slots__ = ("_layout", "_records")

    def __init__(self, packed: bytes | None) -> None:
        head_size = _LENGTH.size + _LENGTH.unpack_from(packed)[0] if packed else 0
        self._layout = _read_layout(packed[:head_size]) if packed else _layout(())
        self._records = bytearray(packed[head_size:] if packed else b"")

    def __len__(self) -> int:
        return len(self._records) // self._layout.record.size

    def add(self, at_s: int, values: Mapping[str, float], *, repeated: bool, hourly: bool, left_out: int) -> None:
        """Add an uplink's channels; what has no room among `MOST_CHANNELS` is left out, and counted."""
        if values.keys() != self._layout.same:
            left_out += self._widen(values)
            row = [values.get(key, nan) for key in self._layout.keys]
        else:
            row = [values[key] for key in self._layout.keys]
        self._records += self._layout.record.pack(at_s, repeated, hourly, min(left_out, _MOST_COUNTED), *row)

    def _widen(self, values: Mapping[str, float]) -> int:
        """Make room for channels that no uplink had before; return how many found none."""
        new = [key for key in values if key not in self._layout.same]
        room = MOST_CHANNELS - len(self._layout.keys)
        if new and room:
            wider, absent = _layout((*self._layout.keys, *new[:room])), (nan,) * len(new[:room])
            records = self._layout.record.iter_unpack(self._records)
            self._records = bytearray().join([wider.record.pack(*record, *absent) for record in records])
            self._layout = wider
        return max(0, len(new) - room)

    def frames(self) -> Frames:
        """Return the uplinks, in the order they came."""
        if not self._records:
            return Frames((), (), (), (), {})
        columns = zip(*self._layout.record.iter_unpack(self._records), strict=True)
        at_s, repeated, hourly, left_out, *values = columns
        return Frames(at_s, repeated, hourly, left_out, dict(zip(self._layout.keys, values, strict=True)))

    def empty(self, frames: Frames) -> None:
        """Drop the uplinks, which are folded, but for the names they used: the next will use them again."""
        used = [key for key, column in frames.values.items() if not all(map(isnan, column))]
        if len(used) < len(self._layout.keys):
            self._layout = _layout(tuple(used))
        self._records.clear()

    def packed(self) -> bytes:
        """Return the bytes it is stored as."""
        return self._layout.head + bytes(self._records)
