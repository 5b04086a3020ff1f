"""How long a device that speaks when something happens may stay quiet.

Its gaps are measured on a clock of its own that runs fast in its usual hours and slowly in the others, so that a
school's quiet Sunday is short; the longest fifty or so of them are fitted with a generalised Pareto law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]

HOUR_S = 3600.0
_DAY_H = 24
_WEEK_H = 168
_WEEK_S = _WEEK_H * HOUR_S
_WEEKLY_FROM_S = 4 * _WEEK_S
_SLOWEST = 0.05
_PSEUDO_COUNT = 2.0
_PSEUDO_COUNT_CELL = 4.0
_TAIL_GAPS = 50
_TAIL_SHARES = (0.005, 0.4)
_LARGEST_SHAPE = 0.25
_SHAPE_SHRINKAGE = 40.0
_ALMOST_EXPONENTIAL = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class ActivityClock:
    """Operational time: integral of the device's usual activity over the hours of the week (UTC), mean 1."""

    passed_s: Seconds
    """Operational seconds from the start of the week at each of its 169 hour marks."""

    @classmethod
    def learn(cls, at_s: Seconds, watched_s: float) -> ActivityClock:
        """Learn from frames at `at_s` (n,) epoch seconds, over `watched_s` seconds of listening.

        By hour of the day; from four weeks on also by day of the week, and by hour of the week as far as the
        counts support it (each level is shrunk towards the coarser one: 168 free rates would be noise).
        """
        hour = (at_s // HOUR_S).astype(np.int64) % _WEEK_H
        cells = np.bincount(hour, minlength=_WEEK_H).astype(np.float64).reshape(7, _DAY_H)
        n = float(len(at_s))
        by_hour = cells.sum(axis=0)
        by_hour = 0.5 * by_hour + 0.25 * (np.roll(by_hour, 1) + np.roll(by_hour, -1))  # also: summer time
        rate = np.tile((by_hour + _PSEUDO_COUNT) / (n / _DAY_H + _PSEUDO_COUNT), (7, 1))
        if watched_s >= _WEEKLY_FROM_S:
            by_day = cells.sum(axis=1)
            rate *= ((by_day + _PSEUDO_COUNT) / (n / 7 + _PSEUDO_COUNT))[:, None]
            expected = rate / rate.mean() * n / _WEEK_H
            rate *= (cells + _PSEUDO_COUNT_CELL) / (expected + _PSEUDO_COUNT_CELL)
        rate = np.maximum(rate / rate.mean(), _SLOWEST).ravel()
        rate /= rate.mean()
        return cls(np.concatenate(([0.0], np.cumsum(rate))) * HOUR_S)

    def read(self, at_s: Seconds) -> Seconds:
        """Return the operational time at epoch seconds `at_s`."""
        week = np.floor(at_s / _WEEK_S)
        marks = np.arange(_WEEK_H + 1) * HOUR_S
        shown_s: Seconds = week * _WEEK_S + np.interp(at_s - week * _WEEK_S, marks, self.passed_s)
        return shown_s

    def when(self, operational_s: Seconds) -> Seconds:
        """Return the epoch seconds at which this clock shows `operational_s` (inverse of `read`)."""
        week = np.floor(operational_s / _WEEK_S)
        marks = np.arange(_WEEK_H + 1) * HOUR_S
        at_s: Seconds = week * _WEEK_S + np.interp(operational_s - week * _WEEK_S, self.passed_s, marks)
        return at_s


@dataclass(frozen=True, slots=True)
class EventTail:
    """The law of the longest gaps, in operational seconds.

    P(gap > threshold + y) = share * (1 + shape * y / scale) ^ (-1 / shape).
    """

    clock: ActivityClock
    threshold_s: float
    share: float
    scale_s: float
    shape: float

    def limit_operational_s(self, alpha: float) -> float:
        """Return the operational seconds exceeded by chance in fewer than `alpha` of the gaps."""
        ratio = min(alpha / self.share, 1.0)
        if abs(self.shape) < _ALMOST_EXPONENTIAL:
            return self.threshold_s - self.scale_s * float(np.log(ratio))
        excess_s: float = self.scale_s / self.shape * (ratio**-self.shape - 1.0)
        return self.threshold_s + excess_s

    def log_chance(self, last_s: float, silent_s: float) -> float:
        """Return log P(a gap is at least `silent_s` long), after a frame at `last_s`; linear to the threshold."""
        marks = self.clock.read(np.array([last_s, last_s + silent_s]))
        excess_s = float(marks[1] - marks[0]) - self.threshold_s
        if excess_s < 0.0:
            return float(np.log(self.share)) * (1.0 + excess_s / self.threshold_s)
        if abs(self.shape) < _ALMOST_EXPONENTIAL:
            return float(np.log(self.share)) - excess_s / self.scale_s
        return float(np.log(self.share) - np.log1p(self.shape * excess_s / self.scale_s) / self.shape)

    def limit_s(self, last_s: Seconds, alpha: float) -> Seconds:
        """Return the seconds of silence, after frames at `last_s` (n,), that chance explains."""
        return self.clock.when(self.clock.read(last_s) + self.limit_operational_s(alpha)) - last_s


def fit(clock: ActivityClock, operational_gap_s: Seconds) -> EventTail:
    """Return the law learnt from n >= 2 gaps on the device's own clock (science 3.2 C).

    Moments give the shape, clipped to 0 .. 0.25 and shrunk to 0 (exponential); 1/n of the tail is then added, the
    exact predictive correction of an exponential law for its unknown scale. A negative shape (a law that cannot
    exceed some length) is never believed: on exponential gaps half of the estimates are negative by chance, and
    they rang 3 to 5 times the budget. With few gaps the "tail" starts lower, so that there is something to fit;
    with many it starts higher, where the gaps that hold lost messages are no longer hidden among the others.
    """
    n = len(operational_gap_s)
    share = float(np.clip(_TAIL_GAPS / n, *_TAIL_SHARES))
    threshold = float(np.quantile(operational_gap_s, 1.0 - share))
    excess = operational_gap_s[operational_gap_s > threshold] - threshold
    size = len(excess)
    if size == 0:  # all the longest gaps are equal
        return EventTail(clock, threshold, share, max(threshold, 1.0), 1.0 / n)
    mean = float(excess.mean())
    variance = float(excess.var())
    raw = 0.5 * (1.0 - mean * mean / variance) if variance > 0 else 0.0
    shape = min(max(raw, 0.0), _LARGEST_SHAPE) * size / (size + _SHAPE_SHRINKAGE)
    return EventTail(
        clock=clock,
        threshold_s=threshold,
        share=share,
        scale_s=mean * (1.0 - shape),
        shape=shape + 1.0 / size,
    )
