"""Finding the period in a device's gaps: of all its frames, or of its heartbeat beneath the events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]
Counters = NDArray[np.int64]

_REGULAR_SHARE = 0.9
_TOLERANCE = 0.1
_LONGEST_RUN = 50
_FOLDS = 6
_BURST_FROM = 3
_BURST_SHARE = 0.05
_SPIKE_WIDTH = 1.04
_SPIKE_FEWEST = 5
_SPIKE_SHARE = 0.1
_EMPTY_TAIL = 0.5
_EMPTY_TAIL_RARE = 0.75
_EMPTY_TAIL_COUNTED = 0.9
_MULTIPLES = range(2, 7)
_MULTIPLE_TOLERANCE = 0.08
_SHORTEST_HEARTBEAT_S = 60.0


def regular_period_s(gap_s: Seconds, frames: Counters) -> float | None:
    """Return the period of a device that sends by a timer only, or None (science 3.2 A).

    Args:
        gap_s: (n,) seconds between frames received.
        frames: (n,) steps of the counter over each gap, 0 where unknown. Where most are known the period is
            exact whatever was lost; elsewhere the gaps are folded on candidate periods.

    """
    known = frames >= 1
    if np.count_nonzero(known) * 2 >= len(gap_s):
        period_s = float(np.median(gap_s[known] / frames[known]))
        return period_s if period_s > 0 and _is_regular(gap_s, frames, period_s) else None
    for start_s in (float(np.median(gap_s)), float(np.quantile(gap_s, 0.1))):
        period_s = _folded(gap_s, start_s)
        if period_s > 0 and _is_regular(gap_s, frames, period_s):
            return period_s
    return None


def _folded(gap_s: Seconds, period_s: float) -> float:
    for _ in range(_FOLDS):
        if period_s <= 0:
            break
        before_s = period_s
        period_s = float(np.median(gap_s / np.maximum(np.rint(gap_s / period_s), 1.0)))
        if period_s == before_s:
            break
    return period_s


def _is_regular(gap_s: Seconds, frames: Counters, period_s: float) -> bool:
    folds = np.where(frames >= 1, frames, np.maximum(np.rint(gap_s / period_s), 1.0))
    tolerance_s = _TOLERANCE * period_s * (1.0 + folds / _LONGEST_RUN)
    regular = (np.abs(gap_s - folds * period_s) < tolerance_s) & (folds <= _LONGEST_RUN)
    if np.count_nonzero(regular) < _REGULAR_SHARE * len(gap_s):
        return False
    # Several frames in a burst, then a long pause, also fold on the short gap; but no loss has a favourite length.
    counts = np.bincount(folds[regular].astype(np.int64), minlength=_BURST_FROM + 1)
    favourite = (counts[_BURST_FROM:] >= _BURST_SHARE * len(gap_s)) & (
        counts[_BURST_FROM:] > 2 * counts[_BURST_FROM - 1 : -1]
    )
    return bool(np.count_nonzero(frames >= 1)) or not bool(favourite.any())


def heartbeat_s(gap_s: Seconds, frames: Counters) -> float | None:
    """Return the longest time the device lets pass of its own accord, or None: the heartbeat beneath events.

    It is the upper mode of the gaps: a narrow spike which few of the gaps that reach it outlast. Gaps known to
    have lost nothing are judged alone where there are enough of them. A spike that is a small multiple of a
    larger one is that one with messages lost.
    """
    clean = gap_s[frames == 1]
    counted = len(clean) * 2 >= len(gap_s)
    ordered = np.sort(clean if counted else gap_s)
    n = len(ordered)
    if n == 0:
        return None
    reaching = n - np.arange(n)
    inside = np.searchsorted(ordered, _SPIKE_WIDTH * ordered, side="right") - np.arange(n)
    stopping = inside / reaching
    frequent = inside >= max(_SPIKE_FEWEST, _SPIKE_SHARE * n)
    needed = np.where(frequent, _EMPTY_TAIL_COUNTED if counted else _EMPTY_TAIL, _EMPTY_TAIL_RARE)
    spikes = np.flatnonzero((inside >= _SPIKE_FEWEST) & (stopping >= needed) & (ordered >= _SHORTEST_HEARTBEAT_S))
    best: float | None = None
    best_count = 0
    # From the longest down; within one spike the start that holds most gaps stands for it.
    for index in _peaks(ordered, inside, spikes)[::-1]:
        centre_s = float(np.median(ordered[index : index + inside[index]]))
        if best is None or (inside[index] > best_count and _is_multiple(best, centre_s)):
            best, best_count = centre_s, int(inside[index])
    return best


def _peaks(ordered: Seconds, inside: Counters, spikes: Counters) -> list[int]:
    """Return, for each group of overlapping spikes, the one that holds most gaps; ascending."""
    peaks: list[int] = []
    for index in spikes.tolist():
        if peaks and ordered[index] <= _SPIKE_WIDTH * ordered[peaks[-1]]:
            if inside[index] > inside[peaks[-1]]:
                peaks[-1] = index
        else:
            peaks.append(index)
    return peaks


def _is_multiple(long_s: float, short_s: float) -> bool:
    return any(abs(long_s / short_s / fold - 1.0) < _MULTIPLE_TOLERANCE for fold in _MULTIPLES)
