"""What the tiles' approximations cost: Brno held out in squares, predicted whole and predicted by tiles.

    python -m bench.coverage.tiling ../shared/data --halo 2 4 8

By tiles the evidence is summed over squares of 400 m, far evidence over larger ones, and what lies beyond the halo
is not looked at; gateways that nobody heard around a tile are not counted on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.special import ndtr

from bench.coverage import files
from bench.coverage.evaluate import read
from lora_registry.coverage import scores, tiles
from lora_registry.coverage.folds import blocks, folds, groups, halves
from lora_registry.coverage.heads import Ground, Network, learn
from lora_registry.coverage.links import by_area
from lora_registry.coverage.pairs import Floats, Pairs


def by_tiles(network: Network, train: Pairs, test: Pairs, mast_km: Floats) -> Floats:
    """Return probabilities for test pairs (n,), each place taken for a cell."""
    places, place = np.unique(test.xy_km, axis=0, return_inverse=True)
    chance = np.zeros((len(places), len(mast_km)))
    for found in tiles.predict_all(network, places, mast_km, by_area(train)):
        chance[np.ix_(found.cell, found.gateways)] = ndtr(found.reception.margin)
    told: Floats = chance[place.ravel(), test.gateway]
    return told


def main() -> None:
    """Print AUC, Brier score and calibration error, whole and by tiles, for each halo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--block-km", type=float, default=2.0)
    parser.add_argument("--halo", type=float, nargs="+", default=[tiles.HALO_KM])
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        pairs = read(files.brno(options.data), Path(folder), "brno").pairs
    block = blocks(pairs.xy_km, options.block_km)
    half = halves(block, 0)
    fold = folds(half, 0)[block]
    mast_km = _masts(pairs)
    ground, views = Ground(pairs, groups(block)), [learn(pairs.take(half[block] != one)) for one in (0, 1)]
    whole = np.empty(len(pairs))
    tiled = {halo: np.empty(len(pairs)) for halo in options.halo}
    for number in np.unique(fold):
        out = fold == number
        known = views[half[block[out][0]]]
        predicted, corrections = ground.predict(known, out)
        whole[out] = predicted.probability[out]
        for halo, chance in tiled.items():
            tiles.HALO_KM = halo
            chance[out] = by_tiles(Network(known, corrections), pairs.take(~out), pairs.take(out), mast_km)
    told = {"whole": whole} | {f"tiles, halo {halo:g} km": chance for halo, chance in tiled.items()}
    for name, chance in told.items():
        print(
            f"{name:22} auc {scores.auc(pairs.heard, chance):.4f}  brier {scores.brier(pairs.heard, chance):.4f}  "
            f"ece {scores.calibration_error(pairs.heard, chance):.4f}"
        )


def _masts(pairs: Pairs) -> Floats:
    """Return each gateway's place from its distances to the points: least squares, as none is kept."""
    masts = np.empty((int(pairs.gateway.max()) + 1, 2))
    for gateway in range(len(masts)):
        mine = pairs.take(pairs.gateway == gateway)
        # |x - m|^2 = d^2 is linear in m and |m|^2.
        columns = np.column_stack((2.0 * mine.xy_km, -np.ones(len(mine))))
        right = (mine.xy_km**2).sum(axis=1) - mine.distance_km**2
        masts[gateway] = np.linalg.lstsq(columns, right, rcond=None)[0][:2]
    return masts


if __name__ == "__main__":
    main()
