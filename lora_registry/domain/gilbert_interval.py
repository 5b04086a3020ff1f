"""How sure a loss is, when losses come in bursts: the posterior of a Gilbert model.

A loss begins with probability a after a frame heard, and stops with probability s after a frame lost; a share
a / (a + s) of all frames is lost. What is unknown is how often bursts begin and how long they last, and few bursts
tell little of either: both posteriors (Jeffreys' priors) enter the interval. It is read off 1,024 points that are
the same for every device, so that the same counts give the same interval.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_POINTS = 1024
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19)
_PRIOR = 0.5


class _Draws(NamedTuple):
    """Evenly spread points of eight dimensions (Halton, 1960): four normal, four uniform."""

    normal: tuple[Floats, ...]
    uniform: tuple[Floats, ...]


def heard_share(*, runs: float, lost: float, gaps: float, level: float) -> tuple[float, float]:
    """Return the interval of the share of frames heard that holds `level` of the posterior.

    Args:
        runs: of one loss or more between two frames heard.
        lost: frames, in these runs.
        gaps: stretches between consecutive frames heard, with or without a loss.
        level: 0.9 for nine in ten.

    """
    begins = _beta(_PRIOR + runs, _PRIOR + gaps - runs, 0)
    stops = _beta(_PRIOR + runs, _PRIOR + lost - runs, 2)
    low, high = np.quantile(stops / (begins + stops), [(1.0 - level) / 2, (1.0 + level) / 2])
    return float(low), float(high)


def _beta(a: float, b: float, first: int) -> Floats:
    """Return draws of law Beta(a, b), a and b > 0: one gamma variate among two."""
    one, other = _gamma(a, first), _gamma(b, first + 1)
    share: Floats = one / (one + other)
    return share


def _gamma(shape: float, dimension: int) -> Floats:
    """Return draws of law Gamma(shape): Wilson and Hilferty's cube (1931) one above, then times U^(1/shape)."""
    draws = _draws()
    above = shape + 1.0
    cube = np.maximum(1.0 - 1.0 / (9.0 * above) + draws.normal[dimension] / (3.0 * np.sqrt(above)), 1e-6) ** 3
    found: Floats = above * cube * draws.uniform[dimension] ** (1.0 / shape)
    return np.maximum(found, 1e-300)


@cache
def _draws() -> _Draws:
    spread = [np.array([_halton(number, prime) for number in range(1, _POINTS + 1)]) for prime in _PRIMES]
    normal = NormalDist()
    return _Draws(
        tuple(np.array([normal.inv_cdf(float(x)) for x in column]) for column in spread[:4]), tuple(spread[4:])
    )


def _halton(number: int, prime: int) -> float:
    """Return the digits of `number` in base `prime`, mirrored behind the point."""
    place, found = 1.0, 0.0
    while number:
        place /= prime
        found += place * (number % prime)
        number //= prime
    return found
