"""False alarms per device-year, and periods before a true death is noticed, on simulated devices.

    python -m bench.audit.false_alarms                     # the seven kinds of the note, also with bursts of 1.5
    python -m bench.audit.false_alarms --sets others rare  # kinds that the note did not try
    python -m bench.audit.false_alarms --held-out          # seeds that nothing was ever tuned on
    python -m bench.audit.false_alarms --peers             # beside ChirpStack's rule and accrual detectors

Each device of each kind is learnt over 60 days, watched for 300 more, then dies: living and dead in one history,
read as `audit evaluate` reads a file. Alarms of the first 60 days do not count. `achieved` is the rate per
device-year, with the number of alarms, to be compared with beta; delays are medians in nominal periods (heartbeat,
mean gap of events), from the death on; the oracle knows how each kind sends and loses.
"""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

import numpy as np

from bench.audit import peers
from bench.audit.devices import AFTER_DAYS, DAY, DEATH, LEARNT_DAYS, SETS, START, WATCHED_DAYS, Kind, simulate
from bench.audit.oracle import oracle
from lora_registry.audit.evaluate import alarms_of
from lora_registry.domain.history import History

COUNTED_FROM = START + LEARNT_DAYS * DAY
SEEDS = (1, 2, 3)
HELD_OUT = (90_001, 90_002, 90_003, 90_004, 90_005)
_YEAR_DAYS = 365.25


class Judged(NamedTuple):
    """One kind at one budget."""

    false_alarms: int
    device_years: float
    delays: list[float]
    oracle_delays: list[float]
    missed: int
    classes: dict[str, int]

    @property
    def rate(self) -> float:
        """False alarms per device-year."""
        return self.false_alarms / self.device_years


def histories(kind: Kind, place: int, options: argparse.Namespace) -> list[History]:
    """Return the devices of one kind."""
    return [
        simulate(kind, np.random.default_rng([seed, device, place]), counters=not options.no_counters)
        for seed in options.seeds
        for device in range(options.devices)
    ]


def judged(kind: Kind, fleet: list[History], beta: float) -> Judged:
    """Judge one kind as `audit evaluate` would, and by the oracle."""
    false, missed, delays, best, classes = 0, 0, list[float](), list[float](), dict[str, int]()
    for history in fleet:
        learnt, alarms = alarms_of(history, DEATH + AFTER_DAYS * DAY, beta=beta)
        classes[learnt.kind.value] = classes.get(learnt.kind.value, 0) + 1
        false += sum(alarm.at_s >= COUNTED_FROM and alarm.cleared_s is not None for alarm in alarms)
        raised = [alarm.at_s for alarm in alarms if alarm.cleared_s is None]
        missed += not raised
        delays += [(at_s - DEATH) / kind.period_s for at_s in raised]
        last_s = float(history.at_s[-1])
        best.append(min((judge.ringing(last_s) - DEATH) / kind.period_s for judge in oracle(kind, beta)))
    return Judged(false, len(fleet) * WATCHED_DAYS / _YEAR_DAYS, delays, best, missed, classes)


def table(name: str, fleets: dict[Kind, list[History]], beta: float) -> None:
    """Print one line a kind, and the means."""
    print(f"{name}, beta {beta:g}:  {'':12} achieved        delay    p90  oracle  missed  classes")
    lines = []
    for kind, fleet in fleets.items():
        one = judged(kind, fleet, beta)
        delay, best = float(np.median(one.delays)), float(np.median(one.oracle_delays))
        lines.append((one.rate, delay, best))
        print(
            f"  {kind.name:28} {one.rate:6.2f} {f'({one.false_alarms})':>7} {delay:9.1f} "
            f"{np.quantile(one.delays, 0.9):6.1f} {best:7.1f} {one.missed:6}   {one.classes}"
        )
    rate, delay, best = np.mean(lines, axis=0)
    worst = max(rate for rate, _, _ in lines) / beta
    print(f"  {'mean':28} {rate:6.2f} {delay:17.2f} {'':6} {best:7.2f}   ", end="")
    print(f"delay {delay / best:.2f} x oracle, worst kind {worst:.2f} x beta\n", flush=True)


def compare(fleets: dict[Kind, list[History]], beta: float) -> None:
    """Print what other methods do on the same devices, each tuned to a mean of `beta` false alarms."""
    for peer in (peers.CHIRPSTACK, *peers.TUNED):
        for setting in peer.settings:
            rates, delays = [], []
            for kind, fleet in fleets.items():
                outcomes = [
                    peers.judge(peer, setting, kind, history, counted_from=COUNTED_FROM, death=DEATH)
                    for history in fleet
                ]
                years = len(fleet) * WATCHED_DAYS / _YEAR_DAYS
                rates.append(sum(outcome.false_alarms for outcome in outcomes) / years)
                delays.append(float(np.median([outcome.noticed_s for outcome in outcomes])) / kind.period_s)
            if np.mean(rates) <= beta:
                break
        print(
            f"  {peer.name:18} setting {setting:6.1f}  achieved mean {np.mean(rates):8.2f} worst {max(rates):8.2f}"
            f"  mean of median delays {np.mean(delays):6.1f}",
            flush=True,
        )
    print()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--beta", type=float, nargs="+", default=[1.0, 0.1])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=["note", "bursty"])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--held-out", action="store_const", dest="seeds", const=list(HELD_OUT))
    parser.add_argument("--devices", type=int, default=20, help="of each kind, for each seed")
    parser.add_argument("--no-counters", action="store_true", help="hide f_cnt")
    parser.add_argument("--peers", action="store_true", help="also what others would do")
    options = parser.parse_args()
    began = time.perf_counter()
    print(f"seeds {options.seeds}, {options.devices} devices of each kind and seed")
    for name in options.sets:
        fleets = {kind: histories(kind, place, options) for place, kind in enumerate(SETS[name])}
        for beta in options.beta:
            table(name, fleets, beta)
            if options.peers:
                compare(fleets, beta)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
