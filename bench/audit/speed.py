"""Time and memory of `audit evaluate` on a file of N rows, reading included.

    python -m bench.audit.speed --rows 1000000 --period 600 --devices 100

Rows are spread evenly: devices of one period, 5 % lost, one device in four event-driven.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from lora_registry.audit.evaluate import evaluate
from lora_registry.audit.history_csv import read_history


def lines(rows: int, devices: int, period_s: float, seed: int) -> Iterator[str]:
    """Yield a CSV of `rows` uplinks."""
    yield "dev_eui,time,f_cnt\n"
    rng = np.random.default_rng(seed)
    for device in range(devices):
        count = rows // devices
        steps = rng.geometric(0.95, count)
        gaps = rng.exponential(period_s, count) if device % 4 == 0 else steps * period_s
        f_cnt = np.cumsum(steps)
        for at, counter in zip((1.6e9 + np.cumsum(gaps)).tolist(), f_cnt.tolist(), strict=True):
            yield f"70b3d5{device:010x},{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}Z,{counter}\n"


def main() -> None:
    """Print seconds to read, seconds to judge, the process's peak memory, and its processor seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--period", type=float, default=600.0, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began, began_cpu = time.perf_counter(), time.process_time()
    histories = read_history(lines(options.rows, options.devices, options.period, options.seed))
    read = time.perf_counter()
    judged = evaluate(histories)
    done = time.perf_counter()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    alarms = sum(len(device["alarms"]) for device in judged)
    print(f"{options.rows} rows, {len(judged)} devices, {alarms} alarms: ", end="")
    print(f"read (and made) {read - began:.1f} s, judged {done - read:.1f} s, {peak_mb:.0f} MB; ", end="")
    print(f"{time.process_time() - began_cpu:.1f} s of processor")


if __name__ == "__main__":
    main()
