"""What the field says where it is asked: at any pair, or at an observed one as if it had not been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from lora_registry.coverage import kernel
from lora_registry.coverage.field import Posterior
from lora_registry.coverage.pairs import Floats, Indices

_TINY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Pairs to predict."""

    place_km: Floats
    """(T, 2) distinct places."""
    place: Indices
    """(n,) index into them."""
    gateway: Indices
    """(n,)."""
    l_decades: Floats
    """(n,)."""


class Prediction(NamedTuple):
    """What the field is at pairs, dB about the line that was taken off; (n,) each."""

    mean: Floats
    variance: Floats
    """Of the mean level of the place, without the noise of one frame."""
    common: Floats
    """The part of its standard deviation that gateways share there: the covariance of two is their product."""


def at(posterior: Posterior, targets: Targets) -> Prediction:
    """Return the field at pairs, observed or not; a gateway without evidence has its prior."""
    before, shadowing = posterior.before, posterior.before.shadowing
    places = len(before.root)
    to_places = kernel.distances_km(targets.place_km, before.layout.place_km)
    half = solve_triangular(before.root, kernel.shared(shadowing, to_places).T, lower=True, check_finite=False)
    onto = solve_triangular(before.root, half, lower=True, trans="T", check_finite=False).T
    left = np.maximum(shadowing.shared_db**2 - np.einsum("st,st->t", half, half), 0.0)
    onto_root = onto @ posterior.shared_root[:places]
    trend = kernel.trend(targets.l_decades)
    mean = (onto @ posterior.shared_mean[:places])[targets.place] + trend @ posterior.shared_mean[places:]
    root = onto_root[targets.place] + trend @ posterior.shared_root[places:]
    variance = kernel.own_variance(shadowing, targets.l_decades)
    for gateway, own in before.own.items():
        pairs = np.flatnonzero(targets.gateway == gateway)
        if not len(pairs):
            continue
        apart = to_places[np.ix_(targets.place[pairs], own.place)]
        k = kernel.own(shadowing, apart, targets.l_decades[pairs], before.layout.slot_l[own.slots])
        k_r = k @ posterior.precisions[gateway]
        mean[pairs] += k @ posterior.weights[own.slots]
        variance[pairs] -= np.einsum("tk,tk->t", k_r, k)
        root[pairs] -= k_r @ own.of_shared(posterior.shared_root)
    variance += np.einsum("ts,ts->t", root, root) + left[targets.place]
    return Prediction(mean, np.maximum(variance, _TINY), _in_common(root, left, targets.place))


def _in_common(root: Floats, left: Floats, place: Indices) -> Floats:
    """Return each pair's covariance with the mean of its place's shared parts, in that mean's sd, (n,).

    Products of two are their covariance where gateways are many or alike; of a few unlike ones, more than that:
    rather too pessimistic than too sure.
    """
    total = np.zeros((len(left), root.shape[1]))
    np.add.at(total, place, root)
    middle = total / np.maximum(np.bincount(place, minlength=len(left)), 1)[:, None]
    spread = np.sqrt(np.maximum(np.einsum("ts,ts->t", middle, middle) + left, _TINY))
    in_common: Floats = (np.einsum("ts,ts->t", root, middle[place]) + left[place]) / spread[place]
    return np.maximum(in_common, 0.0)


def left_out(posterior: Posterior, groups: Indices, gradient: Floats, curvature: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance at each slot as if its group had not been observed, (m,) each.

    The pseudo-observations of the others stay as they are (the cavity of expectation propagation).

    Args:
        posterior: the field given all.
        groups: (m,) numbers of groups.
        gradient: (m,) of the log-likelihood at the mode; 0 where nothing was observed.
        curvature: (m,) minus its second derivative; 0 where nothing was observed.

    """
    own_of = posterior.before.own
    mean, variance = np.empty_like(posterior.mean), np.empty_like(posterior.mean)
    spread = np.empty((len(mean), len(posterior.shared_mean)))
    for gateway, own in own_of.items():
        spread[own.slots] = posterior.spread(gateway)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        covariance = spread[members] @ spread[members].T
        for gateway, own in own_of.items():
            inside = np.flatnonzero(groups[own.slots] == group)
            if len(inside):
                at_members = np.searchsorted(members, own.slots[inside])
                k = own.covariance[inside]
                told = k @ posterior.precisions[gateway] @ k.T
                covariance[np.ix_(at_members, at_members)] += k[:, inside] - told
        shrunk = -covariance * curvature[members]
        shrunk[np.diag_indices_from(shrunk)] += 1.0
        solved = np.linalg.solve(shrunk, np.column_stack((covariance @ gradient[members], covariance)))
        mean[members] = posterior.mean[members] - solved[:, 0]
        variance[members] = np.diag(solved[:, 1:])
    return mean, np.maximum(variance, 0.0)
