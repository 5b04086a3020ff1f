"""How probable the numbers of a network are, given its pairs, and the numbers that are most so.

The marginal likelihood of Laplace's approximation, with its derivatives (Rasmussen and Williams 2006, section
5.5.1), times priors wide enough to be moved by a few dozen pairs and narrow enough to stand where there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from lora_registry.coverage import kernel
from lora_registry.coverage.kernel import Shadowing
from lora_registry.coverage.layout import Layout
from lora_registry.coverage.mode import Mode, find_mode
from lora_registry.coverage.observation import Observation
from lora_registry.coverage.pairs import Floats, Pairs

_FARTHEST = 3.0
"""Prior standard deviations that the search may go."""
_ROUNDS = 20
_TOLERANCE = 1e-5
_STEP_DB, _STEP = 1e-2, 1e-4
"""Of differences, by the mean level and by a noise's number."""


class Prior(NamedTuple):
    """What is thought of a vector of numbers beforehand: independent normals, some of them of logarithms."""

    centre: Floats
    spread: Floats

    def then(self, other: Prior) -> Prior:
        """Return the prior of the numbers of both."""
        return Prior(np.concatenate((self.centre, other.centre)), np.concatenate((self.spread, other.spread)))


SHADOWING = Prior(np.log(kernel.CENTRE), np.full(len(kernel.CENTRE), kernel.SPREAD))
_SIZE = len(kernel.CENTRE)


def most_probable(
    layout: Layout, pairs: Pairs, observation: Callable[[Floats], Observation], prior: Prior, *, line_db: float
) -> Floats:
    """Return the most probable numbers: logarithms of the shadowing's, then those that `observation` takes.

    Deterministic: a quasi-Newton search from the prior's centre.
    """
    last: Floats | None = None

    def minus_log_posterior(u: Floats) -> tuple[float, Floats]:
        nonlocal last
        v = prior.centre + prior.spread * u
        shadowing = shadowing_of(v)
        mode = find_mode(layout, pairs, observation(v[_SIZE:]), shadowing, line_db=line_db, start=last)
        last = mode.slots
        slope = gradient(mode, layout, pairs, observation, v)
        return 0.5 * float(u @ u) - mode.log_marginal, u - prior.spread * slope

    found = minimize(
        minus_log_posterior,
        np.zeros_like(prior.centre),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_FARTHEST, _FARTHEST)] * len(prior.centre),
        options={"maxiter": _ROUNDS, "ftol": _TOLERANCE},
    )
    best: Floats = prior.centre + prior.spread * np.asarray(found.x, dtype=np.float64)
    return best


def shadowing_of(v: Floats) -> Shadowing:
    """Return the shadowing whose logarithms a vector begins with."""
    return Shadowing(*np.exp(v[:_SIZE]).tolist())


def gradient(
    mode: Mode, layout: Layout, pairs: Pairs, observation: Callable[[Floats], Observation], v: Floats
) -> Floats:
    """Return the derivatives of a mode's log marginal likelihood by the numbers `v` it was found with."""
    line = mode.line_db + kernel.SLOPE_DB * pairs.l_decades

    def terms(h: Floats, noise: Floats) -> tuple[float, Floats, Floats]:
        one = observation(noise).terms(
            line + h[layout.slot_of_pair], pairs.level_dbm, pairs.demand_db, pairs.heard
        )
        return (
            float(pairs.weight @ one.log_likelihood),
            layout.summed(pairs.weight * one.gradient),
            layout.summed(pairs.weight * one.curvature),
        )

    field, noise = mode.posterior, v[_SIZE:]
    h, variance = field.mean, field.variance()
    less, more = terms(h - _STEP_DB, noise)[2], terms(h + _STEP_DB, noise)[2]
    pull = -0.5 * variance * (more - less) / (2.0 * _STEP_DB)
    indirect = pull - field.times_precision(field.times_prior(pull))
    moved = field.times_prior(indirect)
    by_noise = np.empty(len(noise))
    for number in range(len(noise)):
        step = np.zeros_like(noise)
        step[number] = _STEP
        (low, low_slope, low_curvature), (high, high_slope, high_curvature) = (
            terms(h, noise - step),
            terms(h, noise + step),
        )
        change = high - low - 0.5 * variance @ (high_curvature - low_curvature) + moved @ (high_slope - low_slope)
        by_noise[number] = change / (2.0 * _STEP)
    return np.concatenate((_by_shadowing(mode, indirect), by_noise))


def _by_shadowing(mode: Mode, indirect: Floats) -> Floats:
    """Return the derivatives by the logarithms of the shadowing's numbers, in their order."""
    field = mode.posterior
    layout, shadowing, a = field.before.layout, field.before.shadowing, field.weights
    places = len(layout.place_km)
    a_place = np.bincount(layout.slot_place, weights=a, minlength=places)
    b_place = np.bincount(layout.slot_place, weights=indirect, minlength=places)
    seen = field.information[:places] @ field.shared_root
    outer = np.outer(a_place, 0.5 * a_place + b_place) - 0.5 * (
        field.information[:places, :places] - seen @ seen.T
    )
    shared = [float(np.vdot(outer, d)) for d in kernel.shared_derivatives(shadowing, layout.apart_km)]
    own = np.zeros(_SIZE - len(shared))
    for gateway, one in field.before.own.items():
        a_g, b_g, precision = a[one.slots], indirect[one.slots], field.precisions[gateway]
        seen = precision @ one.of_shared(field.shared_root)
        outer = np.outer(a_g, 0.5 * a_g + b_g) - 0.5 * (precision - seen @ seen.T)
        apart = layout.apart_km[np.ix_(one.place, one.place)]
        derivatives = kernel.own_derivatives(shadowing, apart, layout.slot_l[one.slots])
        own += [float(np.vdot(outer, d)) for d in derivatives]
    return np.concatenate((shared, own))
