"""The most probable field given observations that are not Gaussian.

Laplace's approximation by Newton's method: the posterior is log-concave, so the mode is one, from wherever the
search starts. Source: Rasmussen and Williams 2006, section 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lora_registry.coverage import kernel
from lora_registry.coverage.field import Posterior, before, condition
from lora_registry.coverage.kernel import Shadowing
from lora_registry.coverage.layout import Layout
from lora_registry.coverage.observation import Observation
from lora_registry.coverage.pairs import Floats, Pairs

_UNTOLD = 1e-10
"""Precision of a slot that no observation tells of."""
_MOST_STEPS = 30
_CLOSE = 0.02
"""In noises of one observation: below it the mode is found."""
_LEAST_STEP = 0.05
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Mode:
    """The field at its most probable."""

    posterior: Posterior
    line_db: float
    """Intercept of the prior mean line, taken off before."""
    gradient: Floats
    """(m,) of the log-likelihood by the slots."""
    curvature: Floats
    log_marginal: float

    @property
    def slots(self) -> Floats:
        """The field at the slots, (m,)."""
        return self.posterior.mean


def find_mode(
    layout: Layout,
    pairs: Pairs,
    observation: Observation,
    shadowing: Shadowing,
    *,
    line_db: float,
    start: Floats | None = None,
) -> Mode:
    """Return the most probable field.

    Args:
        layout: the unknowns, told by `pairs`.
        pairs: n observations.
        observation: how they are looked at.
        shadowing: the numbers of the network.
        line_db: the prior mean at the pivot distance.
        start: (m,) where to begin; it changes how long the search takes, not where it ends.

    """
    line = line_db + kernel.SLOPE_DB * pairs.l_decades

    def terms(h: Floats) -> tuple[float, Floats, Floats]:
        one = observation.terms(line + h[layout.slot_of_pair], pairs.level_dbm, pairs.demand_db, pairs.heard)
        return (
            float(pairs.weight @ one.log_likelihood),
            layout.summed(pairs.weight * one.gradient),
            np.maximum(layout.summed(pairs.weight * one.curvature), _UNTOLD),
        )

    h, weights = np.zeros(len(layout)) if start is None else start, np.zeros(len(layout))
    _, gradient, curvature = terms(h)
    field = before(layout, shadowing)
    reached = -np.inf
    for _ in range(_MOST_STEPS):
        posterior = condition(field, curvature, curvature * h + gradient)
        towards, towards_weights, step = posterior.mean - h, posterior.weights - weights, 1.0
        while True:
            likelihood, gradient, curvature = terms(h + step * towards)
            value = likelihood - 0.5 * float((weights + step * towards_weights) @ (h + step * towards))
            if value >= reached - _ROUNDING * abs(value) or step < _LEAST_STEP:
                break
            step /= 2.0
        h, weights, reached = h + step * towards, weights + step * towards_weights, value
        if step * float(np.abs(towards).max(initial=0.0)) < _CLOSE * observation.noise_db:
            break
    return Mode(posterior, line_db, gradient, curvature, reached - 0.5 * posterior.log_determinant)
