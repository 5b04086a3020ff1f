"""What a device's past has taught, carried from audit to audit: a night costs what is new, not what is old.

Raw uplinks are forgotten after some weeks; what they taught stays, with the last frames themselves, so that a
device that speaks once a week is known by its twentieth message and not for ever unknown.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain.cadence import CadenceClass
from lora_registry.domain.history import History

FRAMES_KEPT: Final = 128
"""Enough to learn a rhythm from; more of them come from raw uplinks while these last."""
LEARN_EVERY_DAYS: Final = 7
"""A device that goes on as it did is learnt anew this often, each on its own day of the week."""
_MORE_GAPS: Final = 4
"""Or when it sent as much again as one part in this many of what its rhythm was learnt from."""
_FEWEST_NEW: Final = 10
_COLUMNS = struct.Struct("<HH")
NO_HISTORY: Final = History.of(np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class Habit:
    """What one device's past has taught."""

    learnt_at: datetime
    """The `now` it was learnt for."""
    uplinks_total: int
    """Uplinks ever stored, then."""
    learnt: Mapping[str, Any]
    """Facts (fields of `DeviceFacts`) that hold until it is learnt anew."""
    frames: bytes = b""
    """The last frames, packed."""
    law: bytes = b""
    """How long it may be silent by chance, packed (`domain.silence_law`)."""
    links: bytes = b""
    """Who hears it, packed (`domain.radio_past`)."""
    losses: bytes = b""
    """What its months before these frames lost, packed (`domain.loss_memory`)."""

    def is_due(self, *, number: int, uplinks_total: int, last_uplink_at: datetime | None, now: datetime) -> bool:
        """Tell whether the device has to be learnt anew. `number` is any that is its own: it spreads the work.

        what happened since                                           due
        nothing came                                                  no
        it came from after `now` (an audit of the past)               yes
        something came, of a device that has no period                yes
        as much came as a quarter of what was learnt from             yes
        something came, and it is this device's day of the week       yes
        something came, a week ago it was learnt                      yes
        """
        if self.learnt_at > now or (last_uplink_at is not None and last_uplink_at > now):
            return True
        new = uplinks_total - self.uplinks_total
        if new <= 0:
            return False
        if self.learnt.get("cadence_class") not in (CadenceClass.PERIODIC, CadenceClass.MIXED):
            return True
        if new >= max(_FEWEST_NEW, self.learnt.get("gaps_learnt", 0) // _MORE_GAPS):
            return True
        days = (now - self.learnt_at) // timedelta(days=1)
        return days >= LEARN_EVERY_DAYS or (days >= 1 and (now.toordinal() + number) % LEARN_EVERY_DAYS == 0)


def pack(history: History) -> bytes:
    """Return the last frames of a history, times to a second; some 300 bytes for a device that is regular."""
    at_s = np.round(history.at_s[-FRAMES_KEPT:]).astype(np.int64)
    joins_s = history.joins_s[history.joins_s >= at_s[0]] if len(at_s) else history.joins_s[:0]
    joins = np.round(joins_s[-FRAMES_KEPT:]).astype(np.int64)
    columns = [at_s, history.f_cnt[-FRAMES_KEPT:], history.dev_addr[-FRAMES_KEPT:]]
    # Steps rather than values: those of a regular device are all alike, and vanish in the compression.
    steps = [np.diff(column, prepend=0).astype("<i8").tobytes() for column in (*columns, joins)]
    flags = np.packbits(history.mac_only[-FRAMES_KEPT:]).tobytes()
    return _COLUMNS.pack(len(at_s), len(joins)) + zlib.compress(b"".join([*steps, flags]), 9)


def unpack(packed: bytes) -> History:
    """Return the frames that `pack` kept."""
    if not packed:
        return NO_HISTORY
    n, joins = _COLUMNS.unpack_from(packed)
    body = zlib.decompress(packed[_COLUMNS.size :])
    ends = np.cumsum([8 * n, 8 * n, 8 * n, 8 * joins])
    at_s, f_cnt, dev_addr, joins_s = (
        np.cumsum(np.frombuffer(body[end - size : end], dtype="<i8"))
        for end, size in zip(ends, (8 * n, 8 * n, 8 * n, 8 * joins), strict=True)
    )
    flags = np.unpackbits(np.frombuffer(body[ends[-1] :], dtype=np.uint8), count=n).astype(np.bool_)
    return History.of(at_s.astype(np.float64), f_cnt, dev_addr, flags, joins_s.astype(np.float64))


def joined(carried: History, raw: History) -> tuple[History, tuple[float, float] | None]:
    """Return raw uplinks with the carried frames that precede them, and the time between them that nobody knows.

    Where both hold the same frames nothing is unknown. Otherwise frames between the last carried and the first raw
    may have been forgotten: silence there teaches nothing.
    """
    if not len(raw) or not len(carried):
        return (raw if len(raw) else carried), None
    older = carried.at_s < np.round(raw.at_s[0])
    hole = None if older.sum() < len(carried) else (float(carried.at_s[-1]), float(raw.at_s[0]))

    def both(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(carried, name)[older], getattr(raw, name)])

    joins_s = np.union1d(carried.joins_s[carried.joins_s < raw.at_s[0]], raw.joins_s)
    return History.of(both("at_s"), both("f_cnt"), both("dev_addr"), both("mac_only"), joins_s), hole
