"""How fast the level falls with distance: one line for all, that knows what was not heard.

level = level at 1 km - 10 n log10(km) + noise. From received frames alone the far ones that are left are the lucky
ones: the exponent n and the noise come out too small (science note, 0.2). Maximum likelihood of a censored (Tobit)
model: Gustafson et al. 2015.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from lora_registry.coverage.kernel import NEAREST_KM
from lora_registry.coverage.observation import Censored
from lora_registry.coverage.pairs import Floats, Pairs

_FEWEST = 10
_HARD_DB = 0.1
_SOFTNESS = (float(np.log(_HARD_DB)), float(np.log(20.0)))
"""Logarithms: between a threshold as sharp as it may be and one that is none."""
_LIMIT = 500


class PathLoss(NamedTuple):
    """A line through levels."""

    at_1km_dbm: float
    exponent: float
    """n: 2 in free space, about 3 in town."""
    sd_db: float
    """Of a frame about the line: shadowing and noise together."""


def censored_line(pairs: Pairs, *, threshold_dbm: float | None = None) -> PathLoss | None:
    """Return the line of all pairs, heard or not; None with fewer than ten levels.

    `threshold_dbm` is the level under which nothing is received; unknown, it is found with the rest.
    """
    plain = received_line(pairs)
    if plain is None:
        return None
    l_decades = _decades(pairs)
    weakest = float(np.quantile(pairs.level_dbm[pairs.measured], 0.05))

    def observation(v: Floats) -> Censored:
        if threshold_dbm is not None:
            return Censored(float(np.exp(v[2])), threshold_dbm, _HARD_DB)
        return Censored(float(np.exp(v[2])), float(v[3]), float(np.exp(np.clip(v[4], *_SOFTNESS))))

    def cost(v: Floats) -> float:
        mean = v[0] - 10.0 * v[1] * l_decades
        told = observation(v).terms(mean, pairs.level_dbm, pairs.demand_db, pairs.heard)
        return -float(pairs.weight @ told.log_likelihood)

    start = [plain.at_1km_dbm, plain.exponent, np.log(plain.sd_db)]
    if threshold_dbm is None:
        start += [weakest, 0.0]
    simplex = minimize(cost, np.array(start), method="Nelder-Mead", options={"maxiter": _LIMIT})
    v = minimize(cost, simplex.x, method="L-BFGS-B").x
    return PathLoss(float(v[0]), float(v[1]), float(np.exp(v[2])))


def received_line(pairs: Pairs) -> PathLoss | None:
    """Return the least-squares line of received frames alone, survivors' bias and all; None below ten."""
    received = pairs.take(pairs.measured)
    if len(received) < _FEWEST:
        return None
    root = np.sqrt(received.weight)
    columns = np.column_stack((np.ones(len(received)), -10.0 * _decades(received)))
    line = np.linalg.lstsq(columns * root[:, None], received.level_dbm * root, rcond=None)[0]
    off = received.level_dbm - columns @ line
    sd_db = float(np.sqrt(np.average(off**2, weights=received.weight)))
    return PathLoss(float(line[0]), float(line[1]), max(sd_db, _HARD_DB))


def _decades(pairs: Pairs) -> Floats:
    l_decades: Floats = np.log10(np.maximum(pairs.distance_km, NEAREST_KM))
    return l_decades
