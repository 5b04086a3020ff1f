"""Time and memory of building a metropolis's cells: learning the network, every tile, every state.

    python -m bench.coverage.build --devices 40000 --gateways 100 --side-km 21

A simulated city (log-distance, shared and own shadowing, 50 frames a device); the defaults make some 11,000 cells
of 200 m. Tiles are spread over processes as a worker would; one tile needs nothing but its own evidence.
"""

from __future__ import annotations

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from bench.coverage.city import FRAMES, city
from lora_registry.coverage.cells import CellState, Evidence, judge
from lora_registry.coverage.heads import Network, learn_network
from lora_registry.coverage.links import by_area
from lora_registry.coverage.pairs import Floats, Indices, Pairs
from lora_registry.coverage.tiles import around, predict, tiles_of
from lora_registry.coverage.view import sample

CELL_KM = 0.2


def one_tile(
    work: tuple[tuple[int, int], Indices, Pairs], *, network: Network, cell_km: Floats, mast_km: Floats
) -> tuple[Indices, Floats, Floats, Floats]:
    """Return a tile's cells with mean and variance of their delivery ratio, and the expected gateways."""
    tile, cell, pairs = work
    found = predict(network, tile, cell, cell_km=cell_km, mast_km=mast_km, pairs=pairs)
    return cell, *found.reception.delivery(), found.reception.expected()


def main() -> None:
    """Print seconds for each stage, peak memory, and how the states agree with the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--devices", type=int, default=40_000)
    parser.add_argument("--gateways", type=int, default=100)
    parser.add_argument("--side-km", type=float, default=21.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-1km", type=float, default=-124.0, help="mean level at 1 km, dBm")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    at, masts, links, truth = city(
        options.devices, options.gateways, options.side_km, options.seed, options.at_1km
    )
    side = int(options.side_km / CELL_KM)
    grid = (np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2) + 0.5) * CELL_KM
    began, began_cpu = time.perf_counter(), time.process_time()
    pairs = links.pairs()
    areas = by_area(pairs)
    summed = time.perf_counter()
    network = learn_network(pairs.take(sample(pairs, 400)))
    learnt = time.perf_counter()
    tiles = tiles_of(grid)
    work = ((tile, cell, around(tile, areas)) for tile, cell in tiles.items())
    mean, variance, expected = (np.zeros(len(grid)) for _ in range(3))
    run = partial(one_tile, network=network, cell_km=grid, mast_km=masts)
    with ProcessPoolExecutor(options.processes) as workers:
        for cell, *values in workers.map(run, work):
            mean[cell], variance[cell], expected[cell] = values
    drawn = time.perf_counter()
    cell_of = np.floor(at / CELL_KM).astype(int)
    inside = (cell_of < side).all(axis=1)
    cell = cell_of[inside, 1] * side + cell_of[inside, 0]
    rng = np.random.default_rng(options.seed)
    evidence = Evidence(
        cell=cell, sent=np.full(len(cell), float(FRAMES)), heard=rng.binomial(FRAMES, truth[inside]).astype(float),
        day=np.zeros(len(cell), dtype=np.int64), household=np.zeros(len(cell), dtype=bool),
        trust=np.ones(len(cell)),
    )  # fmt: skip
    judged = judge(mean, variance, expected, evidence)
    done = time.perf_counter()
    here, workers_too = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    own, child = here.ru_maxrss / 1024, workers_too.ru_maxrss / 1024
    cpu = time.process_time() - began_cpu + workers_too.ru_utime + workers_too.ru_stime
    print(
        f"{len(grid)} cells, {options.gateways} gateways, {options.devices} devices, {len(pairs)} pairs, "
        f"{len(areas)} by area, {len(tiles)} tiles\n"
        f"by area {summed - began:.1f} s, network {learnt - summed:.1f} s, tiles {drawn - learnt:.1f} s, "
        f"states {done - drawn:.1f} s: {done - began:.1f} s in all\n"
        f"{cpu:.0f} s of processor time, peak {own:.0f} MB, and {child:.0f} MB in a worker"
    )
    true_mean = np.bincount(cell, weights=truth[inside], minlength=len(grid)) / np.maximum(
        np.bincount(cell, minlength=len(grid)), 1
    )
    seen = np.bincount(cell, minlength=len(grid)) > 0
    for state in CellState:
        flags = (judged.state == state.value) & seen
        good = true_mean[flags] >= 0.95
        print(
            f"{state}: {int((judged.state == state.value).sum())} cells, of those with devices "
            f"{good.mean() if flags.any() else float('nan'):.3f} truly deliver 0.95 on average"
        )


if __name__ == "__main__":
    main()
