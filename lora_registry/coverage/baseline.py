"""What anybody would try first, to be compared with: a line and a logistic curve for each gateway."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from lora_registry.coverage.kernel import NEAREST_KM
from lora_registry.coverage.pairs import Flags, Floats, Indices, Pairs

FEWEST_RECEPTIONS = 5
_L2 = 0.5
_NEWTON_STEPS = 50
_CLOSE = 1e-8


def level_dbm(train: Pairs, test: Pairs) -> Floats:
    """Return levels (n,): least squares on log distance with an offset a gateway.

    A gateway with fewer than five receptions takes the line of all. NaN where nothing was received to learn from.
    """
    train = train.take(train.measured)
    if not len(train):
        return np.full(len(test), np.nan)
    one = np.ones((len(train), 1))
    both = np.column_stack((one, train.l_decades))
    everyone = np.linalg.lstsq(both, train.level_dbm, rcond=None)[0]
    level = np.column_stack((np.ones(len(test)), test.l_decades)) @ everyone
    gateways, count = np.unique(train.gateway, return_counts=True)
    known = gateways[count >= FEWEST_RECEPTIONS]
    inside, asked = np.isin(train.gateway, known), np.isin(test.gateway, known)
    if inside.any():
        columns = np.column_stack((train.l_decades, _indicators(train.gateway, known)))[inside]
        found = np.linalg.lstsq(columns, train.level_dbm[inside], rcond=None)[0]
        level[asked] = (np.column_stack((test.l_decades, _indicators(test.gateway, known))) @ found)[asked]
    return level


def probability(train: Pairs, test: Pairs) -> Floats:
    """Return probabilities of reception (n,): logistic in 1, log distance, gateway, gateway x log distance.

    All coefficients are drawn towards 0 by 0.5 times the sum of their squares.
    """
    gateways = np.unique(train.gateway)
    weights = _logistic(_columns(train, gateways), train.heard)
    chance: Floats = expit(_columns(test, gateways) @ weights)
    return chance


def _columns(pairs: Pairs, gateways: Indices) -> Floats:
    l_decades = np.log10(np.maximum(pairs.distance_km, NEAREST_KM))
    own = _indicators(pairs.gateway, gateways)
    return np.column_stack((np.ones(len(pairs)), l_decades, own, own * l_decades[:, None]))


def _indicators(gateway: Indices, gateways: Indices) -> Floats:
    columns: Floats = (gateway[:, None] == gateways[None, :]).astype(np.float64)
    return columns


def _logistic(columns: Floats, heard: Flags) -> Floats:
    weights = np.zeros(columns.shape[1])
    for _ in range(_NEWTON_STEPS):
        chance = expit(columns @ weights)
        gradient = columns.T @ (heard - chance) - 2.0 * _L2 * weights
        hessian = (columns.T * (chance * (1.0 - chance))) @ columns + 2.0 * _L2 * np.eye(len(weights))
        step = np.linalg.solve(hessian, gradient)
        weights += step
        if float(np.abs(step).max()) < _CLOSE:
            break
    return weights
