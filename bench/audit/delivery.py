"""Bias of the delivery ratio, and how often its 90 % interval holds the truth, on simulated Gilbert streams.

    python -m bench.audit.delivery --devices 1000

One line for each mean loss and mean burst length (1: independent losses): 1,000 devices of 2,000 frames each,
unless told otherwise. `judged` is the share of devices that get a ratio at all. The aims: a bias of half a point
at most, and the truth inside 87 to 93 intervals of a hundred.
"""

from __future__ import annotations

import argparse
import time
from typing import NamedTuple

import numpy as np

from bench.audit.devices import Kind, received
from lora_registry.domain.delivery import measure
from lora_registry.domain.history import History

PERIOD_S = 600.0


class Measured(NamedTuple):
    """One loss and burst."""

    judged: float
    bias: float
    inside: float
    width: float


def streams(loss: float, burst: float, options: argparse.Namespace) -> Measured:
    """Return how well the ratio of many devices of one kind is measured."""
    kind, errors, inside, widths = Kind("", PERIOD_S, loss, burst), [], 0, []
    for device in range(options.devices):
        rng = np.random.default_rng([options.seed, device, round(1000 * loss), round(10 * burst)])
        # Warmed up, so that the first frame is lost as often as any other.
        heard = np.flatnonzero(received(options.frames + 200, kind, rng)[200:])
        found = measure(History.of(heard * PERIOD_S, heard))
        if found.ratio is None or found.low is None or found.high is None:
            continue
        errors.append(found.ratio - (1.0 - loss))
        inside += found.low <= 1.0 - loss <= found.high
        widths.append(found.high - found.low)
    judged = len(errors)
    if not judged:
        return Measured(0.0, float("nan"), float("nan"), float("nan"))
    return Measured(judged / options.devices, float(np.mean(errors)), inside / judged, float(np.median(widths)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--loss", type=float, nargs="+", default=[0.02, 0.05, 0.1, 0.2, 0.3, 0.4])
    parser.add_argument("--burst", type=float, nargs="+", default=[1, 1.5, 2, 3, 5])
    options = parser.parse_args()
    began, missed = time.perf_counter(), 0
    print("  loss  burst  judged  bias (points)  inside 90 %  median width (points)")
    for loss in options.loss:
        for burst in options.burst:
            one = streams(loss, burst, options)
            short = abs(one.bias) > 0.005 or not 0.87 <= one.inside <= 0.93
            missed += short
            print(
                f"{loss:6.2f} {burst:6.1f} {one.judged:7.2f} {100 * one.bias:14.2f} {100 * one.inside:12.1f} "
                f"{100 * one.width:22.1f}{'   *' if short else ''}",
                flush=True,
            )
    print(f"{missed} of {len(options.loss) * len(options.burst)} lines miss an aim (*); ", end="")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
