"""Setting predictions right by those made for evidence that was left out: means, spreads and probabilities.

Each correction is drawn towards "none" by a prior worth a few dozen observations: a small file is not corrected
by its own accidents. Source of the idea: Platt 1999; the probit link instead of the logistic keeps a probability's
margin a normal variable, which is what makes gateways that share shadowing add up (`together`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtr

from lora_registry.coverage.observation import hazard
from lora_registry.coverage.pairs import Flags, Floats

Z90 = 1.6448536269514722
"""Standard normal quantile of 95 %: a 90 % interval has as much on either side."""
_INTERCEPT_SD, _SLOPE_SD = 0.5, 0.3
_NEWTON_STEPS = 25
_CLOSE = 1e-8
_PRIOR_PAIRS = 40.0
_BLEND_SD = 0.25
_OFFSET_SD_DB = 1.0
_MOST_BLEND = 1.0


class Link(NamedTuple):
    """Probability of reception from a margin in standard deviations: Phi(intercept + slope z)."""

    intercept: float
    slope: float

    def margin(self, z: Floats) -> Floats:
        """Return the corrected margin, (n,)."""
        return self.intercept + self.slope * z

    def probability(self, z: Floats) -> Floats:
        """Return the probability of reception, 0 to 1, (n,)."""
        probability: Floats = ndtr(self.margin(z))
        return probability


AS_IT_IS = Link(0.0, 1.0)


def fit_link(z: Floats, heard: Flags, weight: Floats) -> Link:
    """Return the link under which pairs left out are most probable; `z` (n,) was predicted without them."""
    columns = np.column_stack((np.ones_like(z), z))
    precision = np.array([_INTERCEPT_SD**-2, _SLOPE_SD**-2])
    sign = np.where(heard, 1.0, -1.0)
    centre = np.array(AS_IT_IS)
    w = centre.copy()

    def objective(candidate: Floats) -> float:
        gone = candidate - centre
        return float(weight @ log_ndtr(sign * (columns @ candidate)) - 0.5 * precision @ gone**2)

    for _ in range(_NEWTON_STEPS):
        signed = sign * (columns @ w)
        ratio = hazard(signed)
        gradient = columns.T @ (weight * sign * ratio) - precision * (w - centre)
        hessian = (columns.T * (weight * ratio * (ratio + signed))) @ columns + np.diag(precision)
        step, scale, here = np.linalg.solve(hessian, gradient), 1.0, objective(w)
        while objective(w + scale * step) < here and scale > _CLOSE:
            scale /= 2.0
        w = w + scale * step
        if float(np.abs(step).max()) < _CLOSE:
            break
    return Link(float(w[0]), float(max(w[1], 0.0)))


class Blend(NamedTuple):
    """The level of a received frame from two predictions of it, and by how much its spread is widened."""

    weight: float
    """Of the second prediction, 0 to 1."""
    offset_db: float
    widening: float

    def level(self, received_dbm: Floats, censored_dbm: Floats) -> Floats:
        """Return the expected level of a received frame, dBm, (n,)."""
        return received_dbm + self.weight * (censored_dbm - received_dbm) + self.offset_db


NO_BLEND = Blend(0.0, 0.0, 1.0)


def fit_blend(measured_dbm: Floats, received_dbm: Floats, censored_dbm: Floats, sd_db: Floats) -> Blend:
    """Return the blend that predicts levels left out best, and the widening that makes its 90 % intervals true."""
    if not len(measured_dbm):
        return NO_BLEND
    columns = np.column_stack((censored_dbm - received_dbm, np.ones_like(sd_db))) / sd_db[:, None]
    target = (measured_dbm - received_dbm) / sd_db
    ridge = np.diag([_BLEND_SD**-2, _OFFSET_SD_DB**-2])
    weight, offset = np.linalg.solve(columns.T @ columns + ridge, columns.T @ target)
    weight = min(max(float(weight), 0.0), _MOST_BLEND)
    blend = Blend(weight, float(offset), 1.0)
    z = np.abs(measured_dbm - blend.level(received_dbm, censored_dbm)) / sd_db
    quantile = float(np.quantile(z, 0.9))
    widening = (len(z) * quantile / Z90 + _PRIOR_PAIRS) / (len(z) + _PRIOR_PAIRS)
    return blend._replace(widening=widening)
