"""Stretches of time as values: when the collection was listening, when it was deaf.

Intervals are half open, [start, end), in epoch seconds, as float64 arrays of shape (n, 2): sorted, disjoint,
none empty, none touching. Every function returns such an array; `normalise` makes one of anything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[np.float64]
Seconds = NDArray[np.float64]

EMPTY: Spans = np.empty((0, 2), dtype=np.float64)
EMPTY.flags.writeable = False


def normalise(spans: Iterable[tuple[float, float]] | Spans) -> Spans:
    """Return `spans` sorted, merged where they touch or overlap, without the empty ones, read-only.

    Raises:
        ValueError: not pairs, a pair that is not a number, or an end before its start.

    """
    rows = spans if isinstance(spans, np.ndarray) else np.array(list(spans), dtype=np.float64)
    if rows.size == 0:
        return EMPTY
    if rows.ndim != 2 or rows.shape[1] != 2:  # noqa: PLR2004 - pairs
        raise ValueError(f"intervals are pairs (start, end); got an array of shape {rows.shape}")
    if np.isnan(rows).any():
        raise ValueError("an interval has a bound that is not a number")
    backwards = rows[:, 0] > rows[:, 1]
    if backwards.any():
        start, end = rows[backwards][0]
        raise ValueError(f"the interval ({start}, {end}) ends before it starts")
    rows = rows[rows[:, 0] < rows[:, 1]]
    if len(rows) == 0:
        return EMPTY
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    reach = np.maximum.accumulate(rows[:, 1])
    opens = np.ones(len(rows), dtype=np.bool_)
    opens[1:] = rows[1:, 0] > reach[:-1]
    closes = np.append(np.flatnonzero(opens)[1:] - 1, len(rows) - 1)
    merged = np.column_stack((rows[opens, 0], reach[closes]))
    merged.flags.writeable = False
    return merged


def union(*parts: Spans) -> Spans:
    """Return the time that is in any of `parts`."""
    return normalise(np.concatenate([EMPTY, *parts]))


def difference(whole: Spans, removed: Spans) -> Spans:
    """Return the time of `whole` that is not in `removed`."""
    if len(whole) == 0 or len(removed) == 0:
        return whole
    outside = np.column_stack((np.append(-np.inf, removed[:, 1]), np.append(removed[:, 0], np.inf)))
    return intersection(whole, outside)


def intersection(left: Spans, right: Spans) -> Spans:
    """Return the time that is in both."""
    if len(left) == 0 or len(right) == 0:
        return EMPTY
    # An interval of `left` meets a contiguous run of `right`: the lengths of the runs give the rows at once.
    first = np.searchsorted(right[:, 1], left[:, 0], side="right")
    last = np.searchsorted(right[:, 0], left[:, 1], side="left")
    met = np.maximum(last - first, 0)
    rows = np.repeat(np.arange(len(left)), met)
    columns = np.arange(met.sum()) - np.repeat(np.cumsum(met) - met, met) + np.repeat(first, met)
    return normalise(
        np.column_stack(
            (np.maximum(left[rows, 0], right[columns, 0]), np.minimum(left[rows, 1], right[columns, 1]))
        )
    )


def total_s(spans: Spans) -> float:
    """Return the seconds that `spans` last together."""
    return float(np.sum(spans[:, 1] - spans[:, 0]))


def elapsed(spans: Spans, since_s: Seconds | float, until_s: Seconds | float) -> Seconds:
    """Return the seconds of `spans` between two instants: the watched time on a device's clock.

    Vectorised over `since_s` and `until_s` (broadcast, epoch seconds); negative when until is before since.
    """
    return _passed(spans, np.asarray(until_s, dtype=np.float64)) - _passed(
        spans, np.asarray(since_s, dtype=np.float64)
    )


class Stopwatch:
    """The time of some spans between two instants, one pair at a time: twenty times as quick as `elapsed`."""

    __slots__ = ("_before", "_ends", "_starts")

    def __init__(self, spans: Spans) -> None:
        self._starts: list[float] = spans[:, 0].tolist()
        self._ends: list[float] = spans[:, 1].tolist()
        self._before: list[float] = [0.0, *np.cumsum(spans[:, 1] - spans[:, 0]).tolist()]

    def elapsed(self, since_s: float, until_s: float) -> float:
        """Return the seconds between two instants; negative when until is before since."""
        return self._passed(until_s) - self._passed(since_s)

    def _passed(self, instant_s: float) -> float:
        index = bisect_right(self._starts, instant_s) - 1
        if index < 0:
            return 0.0
        inside_s = min(instant_s, self._ends[index]) - self._starts[index]
        return self._before[index] + inside_s


def covers(spans: Spans, since_s: Seconds, until_s: Seconds) -> NDArray[np.bool_]:
    """Return (n,) flags: the whole stretch from `since_s` to `until_s` lies in one interval of `spans`.

    A gap between two uplinks teaches a device's cadence only when we listened all along.
    """
    if len(spans) == 0:
        return np.zeros(np.shape(since_s), dtype=np.bool_)
    index = np.searchsorted(spans[:, 0], since_s, side="right") - 1
    inside: NDArray[np.bool_] = (index >= 0) & (until_s <= spans[np.maximum(index, 0), 1])
    return inside


def _passed(spans: Spans, instant_s: Seconds) -> Seconds:
    """Return the seconds of `spans` before `instant_s`."""
    lengths = spans[:, 1] - spans[:, 0]
    before = np.concatenate(([0.0], np.cumsum(lengths)))
    index = np.searchsorted(spans[:, 0], instant_s, side="right")
    if len(spans) == 0:
        return np.zeros(np.shape(instant_s))
    current = np.maximum(index - 1, 0)
    inside = np.clip(instant_s - spans[current, 0], 0.0, lengths[current])
    passed: Seconds = np.where(index > 0, before[current] + inside, 0.0)
    return passed
