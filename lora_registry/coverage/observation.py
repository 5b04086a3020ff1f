"""What an observation says of the level behind it: log-likelihood, and its first two derivatives.

A frame's level is the mean level of its place plus a noise of its own; a gateway decodes it when that level is
above a threshold that itself varies a little. Three ways of looking at the same pairs:

    Levels      received frames alone, their level                        (what a received frame measures)
    Censored    levels of those received; of the others, that they fell   (Tobit: no survivors' bias)
                below the threshold
    Decoded     heard or not, no level                                    (probit)

Source of the second: Gustafson et al. 2015, "Statistical modelling of censored path loss"; the threshold of a
received frame's own level says nothing of the mean and drops out of the derivatives.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

Floats = NDArray[np.float64]
_HALF_LOG_2PI = 0.5 * float(np.log(2.0 * np.pi))
_LEAST_CURVATURE = 1e-8


class Terms(NamedTuple):
    """One value an observation, derivatives by the mean level of its place."""

    log_likelihood: Floats
    gradient: Floats
    curvature: Floats
    """Minus the second derivative; above 0."""


class Observation(Protocol):
    """A way of looking at pairs."""

    @property
    def noise_db(self) -> float:
        """The noise of one observation: a step of the search for the mode is small or large by it."""

    def terms(self, mean_db: Floats, level_db: Floats, demand_db: Floats, heard: NDArray[np.bool_]) -> Terms:
        """Return the terms of each observation, (n,) each.

        Args:
            mean_db: the mean level at the place.
            level_db: the level measured, NaN where there is none.
            demand_db: how much more than the reference a frame of that spreading factor needs.
            heard: whether the gateway decoded the frame.

        """


class Levels(NamedTuple):
    """Received frames alone."""

    noise_db: float

    def terms(self, mean_db: Floats, level_db: Floats, demand_db: Floats, heard: NDArray[np.bool_]) -> Terms:
        """See `Observation`; a level is required."""
        del demand_db, heard
        return _gauss(mean_db, level_db, self.noise_db)


class Decoded(NamedTuple):
    """Heard or not: the threshold is the zero of the scale."""

    noise_db: float

    def terms(self, mean_db: Floats, level_db: Floats, demand_db: Floats, heard: NDArray[np.bool_]) -> Terms:
        """See `Observation`; levels are not looked at."""
        del level_db
        return _probit(mean_db - demand_db, self.noise_db, heard)


class Censored(NamedTuple):
    """Levels of received frames, and that the others were below `threshold_dbm`, give or take `softness_db`."""

    noise_db: float
    threshold_dbm: float
    softness_db: float

    def terms(self, mean_db: Floats, level_db: Floats, demand_db: Floats, heard: NDArray[np.bool_]) -> Terms:
        """See `Observation`; a heard frame without a level says only that it was above the threshold."""
        threshold = self.threshold_dbm + demand_db
        result = _probit(mean_db - threshold, float(np.hypot(self.noise_db, self.softness_db)), heard)
        measured = heard & np.isfinite(level_db)
        gauss = _gauss(mean_db[measured], level_db[measured], self.noise_db)
        passed = log_ndtr((level_db[measured] - threshold[measured]) / self.softness_db)
        result.log_likelihood[measured] = gauss.log_likelihood + passed
        result.gradient[measured] = gauss.gradient
        result.curvature[measured] = gauss.curvature
        return result


def hazard(z: Floats) -> Floats:
    """Return phi(z) / Phi(z), stable far below zero."""
    ratio: Floats = np.exp(-0.5 * z**2 - _HALF_LOG_2PI - log_ndtr(z))
    return ratio


def _gauss(mean_db: Floats, level_db: Floats, noise_db: float) -> Terms:
    z = (level_db - mean_db) / noise_db
    log_likelihood = -0.5 * z**2 - _HALF_LOG_2PI - np.log(noise_db)
    return Terms(log_likelihood, z / noise_db, np.full(len(z), noise_db**-2))


def _probit(margin_db: Floats, noise_db: float, heard: NDArray[np.bool_]) -> Terms:
    sign = np.where(heard, 1.0, -1.0)
    z = sign * margin_db / noise_db
    ratio = hazard(z)
    curvature = ratio * (ratio + z) / noise_db**2
    return Terms(log_ndtr(z), sign * ratio / noise_db, np.maximum(curvature, _LEAST_CURVATURE))
