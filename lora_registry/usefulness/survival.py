"""How long the objects of a model last: Kaplan and Meier's estimate, by scipy.

Time runs from the first message heard to the last one of an object that died, and to the present of one that
lives: what died before we listened is in nobody's registry, so an age counted from the purchase would flatter.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import isnan
from typing import Any, Final, NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE: Final = 0.9
HORIZONS_YEARS: Final = (1.0, 3.0, 5.0)


class Surviving(NamedTuple):
    """The share that still works after a time, with its 90 % interval."""

    years: float
    at_risk: int
    """Objects that were followed for that long."""
    share: float
    low: float
    high: float


def survival(
    years: Sequence[float], died: Sequence[bool], horizons: Sequence[float] = HORIZONS_YEARS
) -> list[Surviving]:
    """Return the survival at some horizons; those that nobody was followed to are left out.

    Args:
        years: how long each object was followed.
        died: whether it died then.
        horizons: years.

    The interval is the log-log one, and from 0 to 1 where that is undefined; where nothing died it is the exact
    binomial bound of those at risk.

    """
    followed, dead = np.asarray(years, dtype=np.float64), np.asarray(died, dtype=np.bool_)
    told = []
    curve: Any = None  # scipy's stubs know neither its steps nor its interval
    if dead.any():
        data = stats.CensoredData(uncensored=followed[dead], right=followed[~dead])
        curve = stats.ecdf(data).sf
    for horizon in horizons:
        at_risk = int(np.count_nonzero(followed >= horizon))
        if not at_risk:
            continue
        share, low, high = 1.0, (1 - CONFIDENCE) ** (1 / at_risk), 1.0
        if curve is not None:
            share = float(curve.evaluate(np.array([horizon]))[0])
            if share < 1:
                low, high = _interval(curve, horizon)
        told.append(Surviving(horizon, at_risk, share, min(low, share), max(high, share)))
    return told


def _interval(curve: Any, horizon: float) -> tuple[float, float]:  # noqa: ANN401 - as above
    with warnings.catch_warnings():
        # Where all have died, or at the first step, the formula has no value: said below, by 0 and 1.
        warnings.simplefilter("ignore", RuntimeWarning)
        bounds = curve.confidence_interval(confidence_level=CONFIDENCE, method="log-log")
    low, high = (float(one.evaluate(np.array([horizon]))[0]) for one in (bounds.low, bounds.high))
    return (0.0 if isnan(low) else low), (1.0 if isnan(high) else high)
