"""False alarms per device-year, and periods before a true death is noticed, on simulated devices.

    python -m bench.audit.false_alarms --beta 0.1 1 --seeds 1 2 3 --devices 20

Each device of each kind is learnt over 60 days, watched for 300 more, then dies; alarms of the first 60 days do
not count. Kinds and losses are those of the science note (3.4), then some that it did not try. `achieved` is the
rate per device-year, to be compared with beta; delays are in nominal periods (heartbeat, mean gap of events).
"""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lora_registry.audit.evaluate import alarms_of
from lora_registry.domain.history import History

Seconds = NDArray[np.float64]

HOUR = 3600.0
DAY = 24 * HOUR
START = 1_672_531_200.0  # 2023-01-01
LEARNT_DAYS, WATCHED_DAYS, AFTER_DAYS = 60, 300, 120


class Kind(NamedTuple):
    """A way to send, and to lose."""

    name: str
    period_s: float
    loss: float
    burst: float = 1.0
    """Mean length of a run of losses; independent losses when equal to 1 / (1 - loss) or below."""
    events_per_day: float = 0.0
    profile: str = "flat"
    heartbeat: str = "none"
    """`timer`: period_s after the last frame of any sort; `phase`: every period_s; `none`: events only."""
    jitter: float = 0.002


KINDS = (
    Kind("10 min, p 2 %", 600, 0.02, heartbeat="phase"),
    Kind("1 h, p 10 %", HOUR, 0.10, heartbeat="phase"),
    Kind("1 h, p 30 %, burst 3", HOUR, 0.30, 3.0, heartbeat="phase"),
    Kind("12 h, p 2 %", 12 * HOUR, 0.02, heartbeat="phase"),
    Kind("parking + 24 h", DAY, 0.02, 1.0, 12.0, "day", "timer"),
    Kind("leak + 24 h, p 10 %", DAY, 0.10, 1.0, 0.1, "flat", "timer"),
    Kind("Poisson 4/d, diurnal", DAY / 4, 0.02, 1.0, 4.0, "day", "none"),
    # not in the note
    Kind("10 min, p 0.3 %", 600, 0.003, heartbeat="phase"),
    Kind("15 min, p 5 %, burst 2", 900, 0.05, 2.0, heartbeat="phase"),
    Kind("30 min, p 1 %, burst 6", 1800, 0.01, 6.0, heartbeat="phase"),
    Kind("24 h, p 5 %", DAY, 0.05, heartbeat="phase"),
    Kind("1 h, jitter 4 %", HOUR, 0.05, heartbeat="phase", jitter=0.04),
    Kind("leak + 24 h, fixed hour", DAY, 0.10, 1.0, 0.1, "flat", "phase"),
    Kind("door 6/d + 6 h", 6 * HOUR, 0.05, 1.0, 6.0, "day", "timer"),
    Kind("office days, 20/d", DAY / 20, 0.05, 1.0, 20.0, "office", "none"),
    Kind("Poisson 30/d, flat", DAY / 30, 0.05, 1.0, 30.0, "flat", "none"),
)


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
    """Return which of `count` frames arrive, with losses in Gilbert bursts."""
    stay = 1 - 1 / kind.burst
    if stay <= kind.loss:
        return rng.uniform(size=count) >= kind.loss
    begin = kind.loss * (1 - stay) / (1 - kind.loss)
    draws = rng.uniform(size=count)
    heard = np.empty(count, dtype=bool)
    lost = False
    for i in range(count):
        lost = draws[i] < (stay if lost else begin)
        heard[i] = not lost
    return heard


def simulate(kind: Kind, rng: np.random.Generator, *, counters: bool) -> History:
    """Return the history of a device that dies after the watched days."""
    at_s = sent(kind, LEARNT_DAYS + WATCHED_DAYS, rng)
    heard = received(len(at_s), kind, rng)
    return History.of(at_s[heard], np.flatnonzero(heard).astype(np.int64) if counters else None)


def main() -> None:
    """Print one line a kind, for each beta, with and without frame counters."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--beta", type=float, nargs="+", default=[0.1, 1.0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--devices", type=int, default=20, help="of each kind, for each seed")
    parser.add_argument("--no-counters", action="store_true", help="hide f_cnt")
    parser.add_argument("--kinds", nargs="*", help="only those whose name contains one of these words")
    options = parser.parse_args()
    began = time.perf_counter()
    counted_from = START + LEARNT_DAYS * DAY
    death = START + (LEARNT_DAYS + WATCHED_DAYS) * DAY
    for beta in options.beta:
        rates: list[float] = []
        delays: list[float] = []
        print(f"beta {beta}: {'kind':26} achieved  median delay  p90    missed  classes")
        for kind in KINDS:
            if options.kinds and not any(word in kind.name for word in options.kinds):
                continue
            false, late, missed, classes = 0, [], 0, dict[str, int]()
            for seed in options.seeds:
                for device in range(options.devices):
                    rng = np.random.default_rng([seed, device, KINDS.index(kind)])
                    history = simulate(kind, rng, counters=not options.no_counters)
                    learnt, alarms = alarms_of(history, death + AFTER_DAYS * DAY, beta=beta)
                    classes[learnt.kind.value] = classes.get(learnt.kind.value, 0) + 1
                    false += sum(a.at_s >= counted_from and a.cleared_s is not None for a in alarms)
                    open_at = [a.at_s for a in alarms if a.cleared_s is None]
                    if open_at:
                        late.append((open_at[0] - death) / kind.period_s)
                    else:
                        missed += 1
            devices = len(options.seeds) * options.devices
            rates.append(false / (devices * WATCHED_DAYS / 365.25))
            delays.append(float(np.median(late)) if late else float("nan"))
            p90 = float(np.quantile(late, 0.9)) if late else float("nan")
            print(f"  {kind.name:34} {rates[-1]:8.2f} {delays[-1]:12.1f} {p90:8.1f} {missed:6}  {classes}")
        print(f"  {'mean':34} {np.mean(rates):8.2f} {np.mean(delays):12.1f}")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
