"""One device's uplinks as columns, and the gaps between them: what cadence and delivery are judged on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]
Counters = NDArray[np.int64]
Flags = NDArray[np.bool_]

UNKNOWN = -1
RETRY_WINDOW_S = 120.0
"""The same counter again within this time is a repetition (nbTrans, confirmed retry, duplicate import); later
it is a device whose counter restarts at every frame."""
LARGEST_JUMP = 16_384
"""The receiver's own limit of old LoRaWAN 1.0 (MAX_FCNT_GAP): a larger step is another session."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """A device's uplinks, in order of time; all columns have one row per uplink received."""

    at_s: Seconds
    """Epoch seconds of the uplink's own time, ascending."""
    f_cnt: Counters
    """Frame counter, `UNKNOWN` where the source has none."""
    dev_addr: Counters
    """Session address, `UNKNOWN` where the source has none."""
    mac_only: Flags
    """True for port 0: radio life, no data."""
    joins_s: Seconds
    """Epoch seconds of the join events, ascending (its own length)."""

    @classmethod
    def of(
        cls,
        at_s: NDArray[np.floating[Any]],
        f_cnt: NDArray[np.integer[Any]] | None = None,
        dev_addr: NDArray[np.integer[Any]] | None = None,
        mac_only: Flags | None = None,
        joins_s: NDArray[np.floating[Any]] | None = None,
    ) -> History:
        """Build a history from columns in any order of time, (n,) each; absent ones are unknown.

        Raises:
            ValueError: columns of different lengths.

        """
        n = len(at_s)
        given = [len(column) for column in (f_cnt, dev_addr, mac_only) if column is not None]
        if any(length != n for length in given):
            raise ValueError(f"columns of {[n, *given]} rows: a history has one row per uplink in each")
        unknown = np.full(n, UNKNOWN, dtype=np.int64)
        columns = (
            np.asarray(at_s, dtype=np.float64),
            unknown if f_cnt is None else np.asarray(f_cnt, dtype=np.int64),
            unknown if dev_addr is None else np.asarray(dev_addr, dtype=np.int64),
            np.zeros(n, dtype=np.bool_) if mac_only is None else np.asarray(mac_only, dtype=np.bool_),
        )
        joins = np.sort(np.asarray([] if joins_s is None else joins_s, dtype=np.float64))
        if n > 1 and bool(np.any(columns[0][1:] < columns[0][:-1])):
            order = np.argsort(columns[0], kind="stable")
            return cls(columns[0][order], columns[1][order], columns[2][order], columns[3][order], joins)
        return cls(*columns, joins)

    def __len__(self) -> int:
        return len(self.at_s)


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Stretches between consecutive data frames, repetitions left out; columns of one row per gap."""

    start_s: Seconds
    end_s: Seconds
    frames: Counters
    """Steps of the counter across the gap (1: nothing lost between), 0 where unknown or not to be trusted."""

    def __len__(self) -> int:
        return len(self.start_s)

    def part(self, first: int, last: int) -> Gaps:
        """Return gaps `first` to `last` - 1; no copy."""
        return Gaps(self.start_s[first:last], self.end_s[first:last], self.frames[first:last])

    def where(self, kept: Flags) -> Gaps:
        """Return the gaps whose flag in `kept` (n,) is true."""
        return Gaps(self.start_s[kept], self.end_s[kept], self.frames[kept])


def repetitions(history: History) -> Flags:
    """Return (n,) flags: this uplink carries the counter of the one before it, again."""
    flags = np.zeros(len(history), dtype=np.bool_)
    if len(history) > 1:
        flags[1:] = (
            (history.f_cnt[1:] != UNKNOWN)
            & (history.f_cnt[1:] == history.f_cnt[:-1])
            & (history.dev_addr[1:] == history.dev_addr[:-1])
            & (history.at_s[1:] - history.at_s[:-1] <= RETRY_WINDOW_S)
        )
    return flags


def gaps_of(history: History) -> Gaps:
    """Return the gaps between consecutive data frames.

    Frames that carry MAC commands only use up counters without being data: those received inside a gap are
    taken off its counter steps. No row depends on a later one, so that a past judgement can be re-made.
    """
    kept = ~history.mac_only & ~repetitions(history)
    counted = np.cumsum(history.mac_only & ~repetitions(history))[kept]
    at_s, f_cnt, dev_addr = history.at_s[kept], history.f_cnt[kept], history.dev_addr[kept]
    steps = np.diff(f_cnt) - np.diff(counted)
    trusted = (
        (f_cnt[1:] != UNKNOWN)
        & (f_cnt[:-1] != UNKNOWN)
        & (dev_addr[1:] == dev_addr[:-1])
        & (steps >= 1)
        & (steps <= LARGEST_JUMP)
    )
    if len(history.joins_s):
        joins_before = np.searchsorted(history.joins_s, at_s, side="right")
        trusted &= joins_before[1:] == joins_before[:-1]
    return Gaps(at_s[:-1], at_s[1:], np.where(trusted, steps, 0))
