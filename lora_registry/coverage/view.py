"""The three ways in which a network's pairs are looked at, and their numbers learnt from a sample of places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from lora_registry.coverage import kernel
from lora_registry.coverage.kernel import Shadowing
from lora_registry.coverage.layout import Layout, lay_out
from lora_registry.coverage.marginal import SHADOWING, Prior, most_probable, shadowing_of
from lora_registry.coverage.mode import Mode, find_mode
from lora_registry.coverage.observation import Censored, Decoded, Levels, Observation
from lora_registry.coverage.pairs import Flags, Floats, Pairs

_NOISE_DB, _NOISE_SPREAD = 5.0, 0.5
"""From frame to frame at one place, and as the logarithm's standard deviation."""
_DECODED_NOISE_DB, _DECODED_SPREAD = 6.0, 0.35
_SOFTNESS_DB, _SOFTNESS_SPREAD = 3.0, 0.6
_THRESHOLD_SHARE, _THRESHOLD_SD_DB = 0.05, 6.0
_NO_LEVEL_DBM = -120.0
"""Where nothing was ever received the mean line starts here, give or take its prior's 20 dB."""
SAMPLE_PLACES = 160
"""Enough for the numbers of a network: with 60 places scores moved by 0.001 against all 291 (docs/truth.md)."""
_BUDGET = 1.2e8
"""Places cubed times gateways: a search for a network's numbers that takes seconds."""
_NEIGHBOURS = 2
_SEED = 1


@dataclass(frozen=True, slots=True)
class View:
    """One way of looking, with its numbers."""

    observation: Observation
    shadowing: Shadowing
    line_db: float

    def mode(self, layout: Layout, pairs: Pairs, *, start: Floats | None = None) -> Mode:
        """Return the most probable field of these pairs seen this way."""
        return find_mode(layout, pairs, self.observation, self.shadowing, line_db=self.line_db, start=start)

    def line(self, l_decades: Floats) -> Floats:
        """Return the prior mean line that the field is relative to, dB, (n,)."""
        return self.line_db + kernel.SLOPE_DB * l_decades


def learn_levels(pairs: Pairs) -> View:
    """Learn from the levels of received frames alone; `pairs` all have one."""
    prior = SHADOWING.then(Prior(np.array([np.log(_NOISE_DB)]), np.array([_NOISE_SPREAD])))
    return _learn(pairs, prior, lambda v: Levels(float(np.exp(v[0]))), level_line(pairs))


def learn_censored(pairs: Pairs) -> View:
    """Learn from levels and from what was not heard."""
    levels = pairs.level_dbm[pairs.measured]
    threshold = float(np.quantile(levels, _THRESHOLD_SHARE)) if len(levels) else _NO_LEVEL_DBM
    centre = np.array([np.log(_NOISE_DB), threshold, np.log(_SOFTNESS_DB)])
    spread = np.array([_NOISE_SPREAD, _THRESHOLD_SD_DB, _SOFTNESS_SPREAD])

    def observation(v: Floats) -> Censored:
        return Censored(float(np.exp(v[0])), float(v[1]), float(np.exp(v[2])))

    return _learn(pairs, SHADOWING.then(Prior(centre, spread)), observation, level_line(pairs))


def learn_decoded(pairs: Pairs) -> View:
    """Learn from heard or not; the slope of the mean line, whose prior is in dB, gives the scale."""
    prior = SHADOWING.then(Prior(np.array([np.log(_DECODED_NOISE_DB)]), np.array([_DECODED_SPREAD])))
    return _learn(pairs, prior, lambda v: Decoded(float(np.exp(v[0]))), 0.0)


def level_line(pairs: Pairs) -> float:
    """Return the level at the pivot distance, dBm, of the line with the prior's slope."""
    measured = pairs.take(pairs.measured)
    if not len(measured):
        return _NO_LEVEL_DBM
    return float(np.median(measured.level_dbm - kernel.SLOPE_DB * measured.l_decades))


def sample(pairs: Pairs, places: int = SAMPLE_PLACES) -> Flags:
    """Return the pairs of a sample of places, (n,): spread over the area, each with its nearest neighbours.

    Scattered places alone would tell nothing of short ranges, neighbours alone nothing of long ones.
    """
    places = min(places, int((_BUDGET / max(len(np.unique(pairs.gateway)), 1)) ** (1 / 3)))
    where, place = np.unique(pairs.xy_km, axis=0, return_inverse=True)
    if len(where) <= places:
        return np.ones(len(pairs), dtype=bool)
    rng = np.random.default_rng(_SEED)
    seeds = rng.permutation(len(where))[: max(places // _NEIGHBOURS, 1)]
    _, near = cKDTree(where).query(where[seeds], k=_NEIGHBOURS)
    flags: Flags = np.isin(place.ravel(), near)
    return flags


def _learn(pairs: Pairs, prior: Prior, observation: Callable[[Floats], Observation], line_db: float) -> View:
    v = most_probable(lay_out(pairs), pairs, observation, prior, line_db=line_db)
    return View(observation(v[len(kernel.CENTRE) :]), shadowing_of(v), line_db)
