"""The fewest gateways that still serve a city: time, proof, and what recorded frames would have been lost.

    python -m bench.coverage.switch_off --cells 10000 --gateways 200 --limit 60

A simulated city; a gateway serves a cell when four frames in five arrive. Frames are then drawn from the same
probabilities and replayed without the gateways that would go. The stronger the gateways (--at-1km), the fewer are
needed and the harder the proof.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.special import ndtr

from bench.coverage.city import smooth
from lora_registry.coverage.replay import without
from lora_registry.coverage.switch_off import fewest


def main() -> None:
    """Print one line a need (1 gateway a cell, and 2)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--gateways", type=int, default=200)
    parser.add_argument("--side-km", type=float, default=20.0)
    parser.add_argument("--at-1km", type=float, default=-120.0, help="mean level at 1 km, dBm")
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--needs", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    row = round(options.cells**0.5)
    at = np.stack(np.meshgrid(np.arange(row), np.arange(row)), axis=-1).reshape(-1, 2) * options.side_km / row
    masts = rng.uniform(0, options.side_km, (options.gateways, 2))
    km = np.maximum(np.hypot(*(at[:, None] - masts[None]).transpose(2, 0, 1)), 0.02)
    level = options.at_1km - 30.0 * np.log10(km) + 4 * rng.normal(size=options.gateways)
    level += smooth(at, 4.0, 0.5, options.side_km, rng)[:, None]
    level += np.column_stack([smooth(at, 6.0, 1.5, options.side_km, rng) for _ in masts])
    chance = ndtr((level + 132.0) / 5.0)
    weight = rng.integers(1, 40, len(at)).astype(float)
    own = np.ones(options.gateways, dtype=bool)
    for need in options.needs:
        began = time.perf_counter()
        cover = fewest(chance >= 0.8, weight, own, each_needs=need, limit_s=options.limit)
        spent = time.perf_counter() - began
        device = np.repeat(np.arange(len(at)), 20)
        frame, gateway = np.nonzero(rng.uniform(size=(len(device), options.gateways)) < chance[device])
        off = np.zeros(options.gateways, dtype=bool)
        off[cover.candidates] = True
        loss = without(frame, device[frame], gateway, off, own=own)
        print(
            f"need {need}, cells served by {(chance >= 0.8).sum(axis=1).mean():.1f}: keep {len(cover.kept)} of "
            f"{options.gateways}, bound {cover.bound}, gap {cover.gap:.3f}, "
            f"proven {cover.exact}, {spent:.1f} s; cells lost {cover.lost_share:.4f}; "
            f"replayed {loss.frames} frames: "
            f"lost {loss.lost_share:.4f}, devices lost {len(loss.devices_lost)}, on one {len(loss.devices_on_one)}"
        )


if __name__ == "__main__":
    main()
