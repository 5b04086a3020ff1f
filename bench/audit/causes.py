"""How early a gateway outage of a hundred devices is found, what strays, and what is accused wrongly.

    python -m bench.audit.causes --seeds 1 2 3 4

A town of two gateways: 110 devices depend on one of them, 150 on the other; 5 % is lost; one device of the area
died two days before. Checks every eighth of a period for five periods after the outage, and at a hundred instants
of ordinary times before it. Then the time that a large fleet takes.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from lora_registry.audit.cause_evidence import Devices, Links, merge, summarise
from lora_registry.audit.causes import find_causes
from tests.unit.audit.outage_city import DAY, HOUR, LEARNT, Sensor, Town

OUTAGE = LEARNT + 3 * DAY


def town(period_s: float, seed: int) -> Town:
    """Return the town, its first gateway failing."""
    first = 10_000 * seed
    sensors = [Sensor(first + n, period_s, {"A": 0.95}) for n in range(100)]
    sensors += [Sensor(first + 200 + n, period_s, {"A": 0.9, "B": 0.5}) for n in range(10)]
    sensors += [Sensor(first + 300 + n, period_s, {"B": 0.95}) for n in range(150)]
    sensors[7].dies_s = OUTAGE - 2 * DAY
    return Town(sensors, down={"A": OUTAGE})


def outage(period_s: float, seeds: list[int]) -> None:
    """Print one line: when it is found, in periods, and how many alarms stray."""
    first, strays, most, false, checks = [], [], 0, 0, 0
    for seed in seeds:
        here, noticed, alone = town(period_s, seed), None, set[int]()
        for step in range(1, 41):
            devices, links = here.seen(OUTAGE + step * period_s / 8)
            causes = find_causes(summarise(devices, links), {})
            most = max(most, len(causes.incidents))
            if causes.incidents and noticed is None:
                noticed = step / 8
            alone |= set(devices.dev_eui[devices.silent].tolist()) - set(causes.explained)
        first.append(float("inf") if noticed is None else noticed)
        strays.append(len(alone - {10_000 * seed + 7}))
        for step in range(100):
            devices, links = here.seen(OUTAGE - (0.1 + step * 0.29) * min(period_s, HOUR))
            false += len(find_causes(summarise(devices, links), {}).incidents)
            checks += 1
    print(
        f"{period_s / 60:5.0f} min: found after {min(first)} to {max(first)} periods, {most} incident at most, "
        f"{max(strays)} stray alarms at most; {false} incidents in {checks} checks of ordinary times",
        flush=True,
    )


def large(devices: int) -> None:
    """Print the seconds that a fleet takes in partitions of 10,000, a tenth of it silent at one gateway."""
    rng = np.random.default_rng(1)
    began, joined, parts = time.process_time(), 0.0, []
    for start in range(0, devices, 10_000):
        n = min(10_000, devices - start)
        age_s = rng.uniform(0, 13 * HOUR, n)
        names = np.char.add("g", rng.integers(0, 60, 3 * n).astype(str))
        silent = names[:n] == "g1"
        age_s[silent] += 40 * HOUR
        heard = rng.uniform(0.3, 1, 3 * n)
        part = Devices(
            start + np.arange(n), 1e9 - age_s, age_s, np.full(n, 14.4 * HOUR), np.full(n, 1 / (12 * HOUR)),
            np.where(silent, -9.0, np.where(rng.uniform(size=n) < 0.02, -3.0, 0.0)), silent,
            np.full(n, "chirpstack"), np.char.add("app", rng.integers(0, 100, n).astype(str)),
            np.char.add("batch", rng.integers(0, 200, n).astype(str)),
        )  # fmt: skip
        of = np.tile(np.arange(n), 3)
        links = Links(of, names, heard, np.where(names == "g1", 0.9, 0.05), 1e9 - age_s[of], age_s[of])
        parts.append(summarise(part, links))
    joined = time.process_time()
    causes = find_causes(merge(parts), {})
    done = time.process_time()
    print(f"{devices} devices: summaries {joined - began:.1f} s, joining {done - joined:.1f} s,", end=" ")
    print(f"{len(causes.explained)} devices explained by {len(causes.incidents)} incidents")


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--devices", type=int, nargs="+", default=[40_000, 1_000_000])
    options = parser.parse_args()
    for period_s in (600.0, HOUR, 6 * HOUR, 12 * HOUR):
        outage(period_s, options.seeds)
    for devices in options.devices:
        large(devices)


if __name__ == "__main__":
    main()
