"""What could be done at best: a judge who knows how each device sends and loses, and has nothing to learn.

It rings at the shortest silence that keeps the budget, in the unit that suits the kind: periods of a timer, exact
from the loss law; operational hours of events, exact; for both together the better of the two clocks, its
threshold read off a thousand simulated years of the same kind.
"""

from __future__ import annotations

from functools import cache
from math import exp, log
from typing import NamedTuple

import numpy as np

from bench.audit.devices import DAY, HOUR, Kind, Seconds, profile, received, sent
from lora_registry.domain.run_length import GRACE

YEAR_DAYS = 365.25
_SIMULATED_YEARS = 1000
_YEARS_AT_ONCE = 20


class Clock(NamedTuple):
    """Operational time of a weekly profile: seconds that run fast in usual hours, mean 1."""

    marks: Seconds

    @classmethod
    def of(cls, name: str) -> Clock:
        """Return the clock of a profile of `devices.profile`."""
        return cls(np.concatenate(([0.0], np.cumsum(profile(name)))) * HOUR)

    def read(self, at_s: Seconds) -> Seconds:
        """Return the operational time at epoch seconds."""
        week = np.floor(at_s / (7 * DAY))
        shown: Seconds = week * 7 * DAY + np.interp(at_s - week * 7 * DAY, np.arange(169) * HOUR, self.marks)
        return shown

    def when(self, shown_s: Seconds) -> Seconds:
        """Return the epoch seconds at which it shows `shown_s`."""
        week = np.floor(shown_s / (7 * DAY))
        at: Seconds = week * 7 * DAY + np.interp(shown_s - week * 7 * DAY, self.marks, np.arange(169) * HOUR)
        return at


class Oracle(NamedTuple):
    """The silence allowed after an uplink, on a clock."""

    clock: Clock
    limit_s: float

    def ringing(self, last_s: float) -> float:
        """Return the instant it rings when nothing comes after `last_s`."""
        return float(self.clock.when(self.clock.read(np.array([last_s])) + self.limit_s)[0])


@cache
def oracle(kind: Kind, beta: float) -> tuple[Oracle, ...]:
    """Return the judges that spend `beta` false alarms a year at most; the one who notices first is the oracle."""
    if not kind.events_per_day:
        return (Oracle(Clock.of("flat"), (_misses(kind, beta) + GRACE) * kind.period_s),)
    if kind.heartbeat == "none":
        return (Oracle(Clock.of(kind.profile), _quiet_s(kind, beta)),)
    return tuple(
        Oracle(clock, limit_s) for clock, limit_s in zip(_clocks(kind), _calibrated(kind)[beta], strict=True)
    )


def _clocks(kind: Kind) -> tuple[Clock, Clock]:
    return Clock.of("flat"), Clock.of(kind.profile)


def _misses(kind: Kind, beta: float) -> int:
    """Return the fewest messages missed in a row that happen at most `beta` times a year."""
    sent_per_year = YEAR_DAYS * DAY / kind.period_s
    if kind.overlaid:
        return _misses_overlaid(kind, beta)
    gaps = sent_per_year * (1.0 - kind.loss)
    misses = 1
    while gaps * kind.begin * kind.stay ** (misses - 1) > beta:
        misses += 1
    return misses


def _misses_overlaid(kind: Kind, beta: float) -> int:
    """Return the same for losses with bursts over them, from a thousand simulated years."""
    frames = int(_SIMULATED_YEARS * YEAR_DAYS * DAY / kind.period_s)
    heard = np.flatnonzero(received(frames, kind, np.random.default_rng(9)))
    misses = np.sort(np.diff(heard) - 1)
    return int(misses[-int(beta * _SIMULATED_YEARS)])


def _quiet_s(kind: Kind, beta: float) -> float:
    """Return the operational seconds without an event heard that happen at most `beta` times a year.

    A gap is one exponential wait, and with a run of losses (begin, stay) another of rate 1 - stay after it.
    """
    mean_s = DAY / kind.events_per_day
    gaps = YEAR_DAYS * kind.events_per_day * (1.0 - kind.loss)

    def chance(waits: float) -> float:
        lost = (exp(-(1.0 - kind.stay) * waits) - (1.0 - kind.stay) * exp(-waits)) / kind.stay
        return (1.0 - kind.begin) * exp(-waits) + kind.begin * lost

    low, high = 0.0, 200.0 * log(gaps / beta)
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if gaps * chance(middle) > beta else (low, middle)
    return high * mean_s


@cache
def _calibrated(kind: Kind) -> dict[float, tuple[float, float]]:
    """Return, by budget, the limits in real and in operational seconds that a long simulation holds."""
    lengths: list[list[Seconds]] = [[], []]
    for part in range(_SIMULATED_YEARS // _YEARS_AT_ONCE):
        rng = np.random.default_rng([11, part])
        at_s = sent(kind, _YEARS_AT_ONCE * YEAR_DAYS, rng)
        heard_s = at_s[received(len(at_s), kind, rng)]
        for found, clock in zip(lengths, _clocks(kind), strict=True):
            shown = clock.read(heard_s)
            gaps = np.diff(shown)
            found.append(np.sort(gaps)[-2000:])
    longest = [np.sort(np.concatenate(found)) for found in lengths]
    return {
        beta: (float(longest[0][-int(beta * _SIMULATED_YEARS)]), float(longest[1][-int(beta * _SIMULATED_YEARS)]))
        for beta in (0.1, 1.0)
    }
