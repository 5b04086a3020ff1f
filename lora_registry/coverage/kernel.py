"""How shadowing varies from place to place: the few numbers of a network, and what is thought of them beforehand.

The level of a frame at a gateway, in dB about the mean line, is the sum of

    f(x)          shared by all gateways: what stands around the device   exponential kernel: sd, range
    f_g(x)        of one gateway: what stands between                     exponential kernel: sd, range
    a_g + b_g l   of one gateway: its antenna and height                  l: decades of distance from `PIVOT_KM`
    u             of one place at one gateway: finer than can be told     sd

and of what differs from frame to frame (`lora_registry.coverage.observation`). The mean line is
intercept + slope l + bend l^2. Source of the form and of the centres: science note, sections 6.2 and 6.3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PIVOT_KM = 3.0
"""Where gateway slopes turn: in the middle, by logarithm, of the distances a city has."""
NEAREST_KM = 0.02
"""Below it the distance along the ground no longer says how far the antenna on its mast is."""


class Shadowing(NamedTuple):
    """Sizes and ranges of what departs from the mean line."""

    shared_db: float
    shared_km: float
    own_db: float
    own_km: float
    offset_db: float
    slope_db: float
    """Per decade of distance."""
    place_db: float


CENTRE = Shadowing(2.5, 0.5, 3.0, 1.5, 4.0, 5.0, 3.0)
"""Medians of the log-normal priors. The two fields begin at some 60 % of what cities show (4 and 5.5 dB, science
6.3): few pairs are better told by a line a gateway than by a field they cannot carry."""
SPREAD = 0.7
"""Standard deviation of the logarithms: a factor of two either way is nothing unusual."""

SLOPE_DB, SLOPE_SD_DB = -25.0, 15.0
"""Per decade: an exponent of 2.5 (published: 1.6 to 3.5, the low ones from received frames alone; RSSI without SNR
flattens at the noise and shows less still)."""
INTERCEPT_SD_DB = 20.0
BEND_SD_DB = 4.0
"""Per decade squared."""


def decades(distance_km: Floats) -> Floats:
    """Return l, the decades of distance from the pivot, (n,)."""
    return np.log10(np.maximum(distance_km, NEAREST_KM) / PIVOT_KM)


def trend(l_decades: Floats) -> Floats:
    """Return the columns of the mean line (n, 3): 1, l, l squared."""
    return np.column_stack((np.ones_like(l_decades), l_decades, l_decades**2))


TREND_SD = np.array([INTERCEPT_SD_DB, SLOPE_SD_DB, BEND_SD_DB])


def shared(shadowing: Shadowing, apart_km: Floats) -> Floats:
    """Return the covariance of f, dB squared, between places `apart_km`."""
    covariance: Floats = shadowing.shared_db**2 * np.exp(-apart_km / shadowing.shared_km)
    return covariance


def own(shadowing: Shadowing, apart_km: Floats, l_rows: Floats, l_columns: Floats) -> Floats:
    """Return the covariance, within one gateway, of f_g + a_g + b_g l (not of u), dB squared."""
    covariance: Floats = shadowing.own_db**2 * np.exp(-apart_km / shadowing.own_km)
    covariance += shadowing.offset_db**2
    covariance += shadowing.slope_db**2 * np.outer(l_rows, l_columns)
    return covariance


def shared_derivatives(shadowing: Shadowing, apart_km: Floats) -> tuple[Floats, Floats]:
    """Return the derivatives of `shared` by the logarithms of its sd and range."""
    covariance = shared(shadowing, apart_km)
    return 2.0 * covariance, covariance * apart_km / shadowing.shared_km


def own_derivatives(shadowing: Shadowing, apart_km: Floats, l_decades: Floats) -> tuple[Floats, ...]:
    """Return those of `own`, plus u on the diagonal, by the logarithms of the other five, in their order."""
    field = shadowing.own_db**2 * np.exp(-apart_km / shadowing.own_km)
    return (
        2.0 * field,
        field * apart_km / shadowing.own_km,
        np.full_like(field, 2.0 * shadowing.offset_db**2),
        2.0 * shadowing.slope_db**2 * np.outer(l_decades, l_decades),
        2.0 * shadowing.place_db**2 * np.eye(len(field)),
    )


def own_variance(shadowing: Shadowing, l_decades: Floats) -> Floats:
    """Return the variance of f_g + a_g + b_g l + u where nothing is known, dB squared, (n,)."""
    known_shape = shadowing.own_db**2 + shadowing.offset_db**2 + shadowing.place_db**2
    variance: Floats = known_shape + shadowing.slope_db**2 * l_decades**2
    return variance


def distances_km(rows_km: Floats, columns_km: Floats) -> Floats:
    """Return how far apart points of a plane are: (n, 2) and (m, 2) in, (n, m) out."""
    apart: Floats = np.hypot(
        rows_km[:, None, 0] - columns_km[None, :, 0], rows_km[:, None, 1] - columns_km[None, :, 1]
    )
    return apart
