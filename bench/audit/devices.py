"""Simulated devices that live and then die: ways to send, ways to lose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain.history import History

Seconds = NDArray[np.float64]

HOUR = 3600.0
DAY = 24 * HOUR
START = 1_672_531_200.0  # 2023-01-01
LEARNT_DAYS, WATCHED_DAYS, AFTER_DAYS = 60, 300, 120
DEATH = START + (LEARNT_DAYS + WATCHED_DAYS) * DAY


class Kind(NamedTuple):
    """A way to send, and to lose."""

    name: str
    period_s: float
    """The heartbeat; of events alone, their mean gap."""
    loss: float
    burst: float = 1.0
    """Mean length of a run of losses; independent losses when equal to 1 / (1 - loss) or below."""
    events_per_day: float = 0.0
    profile: str = "flat"
    heartbeat: str = "phase"
    """`timer`: period_s after the last frame of any sort; `phase`: every period_s; `none`: events only."""
    jitter: float = 0.002
    overlaid: float = 0.0
    """Chance per frame that a second burst process, of mean length 10, begins on top of the losses."""

    @property
    def stay(self) -> float:
        """P(lost | the one before was lost)."""
        return max(1.0 - 1.0 / self.burst, self.loss)

    @property
    def begin(self) -> float:
        """P(lost | the one before was heard)."""
        return self.loss * (1.0 - self.stay) / (1.0 - self.loss)


NOTE = (
    Kind("10 min, p 2 %", 600, 0.02),
    Kind("1 h, p 10 %", HOUR, 0.10),
    Kind("1 h, p 30 %, burst 3", HOUR, 0.30, 3.0),
    Kind("12 h, p 2 %", 12 * HOUR, 0.02),
    Kind("parking + 24 h", DAY, 0.02, 1.0, 12.0, "day", "timer"),
    Kind("leak + 24 h, p 10 %", DAY, 0.10, 1.0, 0.1, "flat", "timer"),
    Kind("Poisson 4/d, diurnal", DAY / 4, 0.02, 1.0, 4.0, "day", "none"),
)
"""The seven of the science note (3.4)."""
BURSTY = tuple(kind._replace(burst=max(kind.burst, 1.5)) for kind in NOTE)
"""The same with losses in bursts of 1.5 frames on average, where the note has none."""
OTHERS = (
    Kind("10 min, p 0.3 %", 600, 0.003),
    Kind("15 min, p 5 %, burst 2", 900, 0.05, 2.0),
    Kind("24 h, p 5 %", DAY, 0.05),
    Kind("1 h, jitter 4 %", HOUR, 0.05, jitter=0.04),
    Kind("leak + 24 h, fixed hour", DAY, 0.10, 1.0, 0.1),
    Kind("door 6/d + 6 h", 6 * HOUR, 0.05, 1.0, 6.0, "day", "timer"),
    Kind("office days, 20/d", DAY / 20, 0.05, 1.0, 20.0, "office", "none"),
    Kind("Poisson 30/d, flat", DAY / 30, 0.05, 1.0, 30.0, "flat", "none"),
)
"""Ways that the note did not try."""
RARE = (
    Kind("30 min, p 1 %, burst 6", 1800, 0.01, 6.0),
    Kind("10 min, p 0.3 %, burst 6", 600, 0.003, 6.0),
    Kind("30 min, p 0.1 %, burst 6", 1800, 0.001, 6.0),
    Kind("1 h, p 2 %, burst 10", HOUR, 0.02, 10.0),
    Kind("6 h, p 3 %, burst 5", 6 * HOUR, 0.03, 5.0),
    Kind("24 h, p 2 %, burst 2", DAY, 0.02, 2.0),
    Kind("1 h, p 10 % + rare of 10", HOUR, 0.10, overlaid=0.002),
    Kind("6 h, p 5 % + rare of 10", 6 * HOUR, 0.05, overlaid=0.002),
)
"""Few, long bursts: what a short memory has never seen."""
SETS = {"note": NOTE, "bursty": BURSTY, "others": OTHERS, "rare": RARE}


def profile(name: str) -> NDArray[np.float64]:
    """Return the activity of the 168 hours of the week (from Thursday 0 h, the epoch's), mean 1."""
    hour = np.arange(168) % 24
    day = np.arange(168) // 24  # 2: Saturday, 3: Sunday
    shapes = {
        "flat": np.ones(168),
        "day": np.where((hour >= 7) & (hour < 21), 1.0, 0.1),
        "office": np.where((hour >= 8) & (hour < 18) & (day != 2) & (day != 3), 1.0, 0.01),
    }
    shape: NDArray[np.float64] = shapes[name] / shapes[name].mean()
    return shape


def sent(kind: Kind, days: float, rng: np.random.Generator) -> Seconds:
    """Return the instants at which the device sends, ascending."""
    phase = START + rng.uniform(0, kind.period_s)
    events = np.empty(0)
    if kind.events_per_day:
        weekly = profile(kind.profile)
        peak = float(weekly.max())
        candidates = START + rng.uniform(0, days * DAY, rng.poisson(peak * kind.events_per_day * days))
        hour = (candidates // HOUR).astype(int) % 168
        events = np.sort(candidates[rng.uniform(0, peak, len(candidates)) < weekly[hour]])
    if kind.heartbeat == "none":
        return events
    if kind.heartbeat == "phase":
        beats = phase + kind.period_s * np.arange(int(days * DAY / kind.period_s))
        beats = beats + rng.normal(0, kind.jitter * kind.period_s, len(beats))
        return np.sort(np.concatenate((beats, events)))
    times: list[float] = []
    at = phase
    for event in [*events.tolist(), START + days * DAY]:
        while at < event:
            times.append(at)
            at += kind.period_s * (1 + rng.normal(0, kind.jitter))
        times.append(event)
        at = event + kind.period_s * (1 + rng.normal(0, kind.jitter))
    return np.array(times[:-1])


def received(count: int, kind: Kind, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which of `count` frames arrive."""
    heard = rng.uniform(size=count) >= kind.loss if kind.stay <= kind.loss else _runs(count, kind, rng)
    if kind.overlaid:
        for start in np.flatnonzero(rng.uniform(size=count) < kind.overlaid).tolist():
            heard[start : start + int(rng.geometric(0.1))] = False
    return heard


def _runs(count: int, kind: Kind, rng: np.random.Generator) -> NDArray[np.bool_]:
    pairs = max(16, int(2 * count * kind.begin) + 64)
    lengths = np.empty(2 * pairs, dtype=np.int64)
    lengths[0::2] = rng.geometric(kind.begin, pairs)
    lengths[1::2] = rng.geometric(1.0 - kind.stay, pairs)
    state = np.repeat(np.arange(2 * pairs) % 2 == 0, lengths)
    while len(state) < count:
        state = np.concatenate((state, _runs(count, kind, rng)))
    return state[:count]


def simulate(kind: Kind, rng: np.random.Generator, *, counters: bool) -> History:
    """Return the history of a device that dies after the watched days."""
    at_s = sent(kind, LEARNT_DAYS + WATCHED_DAYS, rng)
    heard = received(len(at_s), kind, rng)
    return History.of(at_s[heard], np.flatnonzero(heard).astype(np.int64) if counters else None)
