"""Two answers from the field: at what level a frame would be received, and whether it would be.

The level of a received frame is mostly told by received frames; but those are survivors, and a view that knows
what was not heard adds a share to it, found from pairs left out. Whether a frame is heard is told by heard and not
heard alone: levels added nothing there, as gateways differ in what they decode at one level (docs/truth.md).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from lora_registry.coverage import baseline
from lora_registry.coverage.asked import left_out
from lora_registry.coverage.calibration import NO_BLEND, Blend, Link, fit_blend, fit_link
from lora_registry.coverage.folds import blocks, groups
from lora_registry.coverage.layout import Layout, lay_out
from lora_registry.coverage.observation import Censored, hazard
from lora_registry.coverage.pairs import Flags, Floats, Indices, Pairs
from lora_registry.coverage.view import View, learn_censored, learn_decoded, learn_levels, sample

_CERTAIN = 1e-6
_WORTH_PLACES = 15.0
_NETWORK_PLACES = 400
_LEVEL_PLACES = 300
"""Received frames alone are few and quick to learn from."""


class Views(NamedTuple):
    """A network's numbers; the first two are None where no level was ever measured."""

    levels: View | None
    censored: View | None
    decoded: View


class Corrections(NamedTuple):
    """What predictions of pairs left out say about the others."""

    link: Link
    blend: Blend


class Network(NamedTuple):
    """All that is learnt of a network once, and used square by square."""

    views: Views
    corrections: Corrections


class Predicted(NamedTuple):
    """For pairs, (n,) each."""

    probability: Floats
    """That the frame is heard."""
    level_dbm: Floats
    """Of the frame if it is received; NaN without a level to learn from, or where it was not asked."""
    sd_db: Floats


class Told(NamedTuple):
    """The field at pairs, told by other pairs alone; (n,) each."""

    mean_db: Floats
    variance: Floats
    left_out: Flags
    """Which pairs are of use for corrections: predicted as if their group had not been observed."""


def learn(pairs: Pairs) -> Views:
    """Learn a network's numbers from a sample of its places."""
    some, measured = pairs.take(sample(pairs)), pairs.take(pairs.measured)
    if not len(measured):
        return Views(None, None, learn_decoded(some))
    levels = learn_levels(measured.take(sample(measured, _LEVEL_PLACES)))
    return Views(levels, learn_censored(some), learn_decoded(some))


def learn_network(pairs: Pairs, *, block_km: float = 1.0) -> Network:
    """Learn a network's numbers and corrections, the latter from squares of `block_km` each left out in turn."""
    some = pairs.take(sample(pairs, _NETWORK_PLACES))
    views = learn(some)
    nothing = np.zeros(len(some), dtype=bool)
    _, corrections = Ground(some, groups(blocks(some.xy_km, block_km))).predict(views, nothing)
    return Network(views, corrections)


def lean(places: int) -> float:
    """Return how far a file leans on a line and a curve a gateway: 1/3 with 30 places, 5 % with 300.

    What the field adds has to be learnt; until it is, the two err differently, and their mean errs less.
    """
    return _WORTH_PLACES / (places + _WORTH_PLACES)


class Ground:
    """Pairs with their unknowns laid out once: pairs that are left out are slots that nobody tells of."""

    def __init__(self, pairs: Pairs, group: Indices) -> None:
        """Take pairs and the group (n,) that each is left out with: a block of the ground."""
        self.pairs = pairs
        self._group = group
        self._measured = np.flatnonzero(pairs.measured)
        self._received = pairs.take(self._measured)
        self._layout = lay_out(pairs)
        self._received_layout = lay_out(self._received) if len(self._received) else None
        self._starts: dict[View, Floats] = {}

    def predict(self, views: Views, out: Flags) -> tuple[Predicted, Corrections]:
        """Predict all pairs from those that are not left `out` (n,), each without its own group."""
        decoded = self._told(views.decoded, self._layout, self.pairs, self._group, out)
        z = margin(views.decoded, decoded.mean_db, decoded.variance, self.pairs.demand_db)
        use = decoded.left_out
        link = fit_link(z[use], self.pairs.heard[use], self.pairs.weight[use])
        level, sd, blend = self._levels(views, out)
        if not out.any():
            return Predicted(link.probability(z), level, sd), Corrections(link, blend)
        told, asked = self.pairs.take(~out), self.pairs.take(out)
        share = lean(len(np.unique(told.xy_km, axis=0)))
        curve = np.clip(baseline.probability(told, asked), _CERTAIN, 1.0 - _CERTAIN)
        probability = link.probability(z)
        probability[out] = ndtr((1.0 - share) * link.margin(z[out]) + share * ndtri(curve))
        level[out] += share * (baseline.level_dbm(told, asked) - level[out])
        return Predicted(probability, level, sd), Corrections(link, blend)

    def _levels(self, views: Views, out: Flags) -> tuple[Floats, Floats, Blend]:
        level, sd = np.full(len(self.pairs), np.nan), np.full(len(self.pairs), np.nan)
        if views.levels is None or views.censored is None or self._received_layout is None:
            return level, sd, NO_BLEND
        at, received = self._measured, self._received
        plain = self._told(views.levels, self._received_layout, received, self._group[at], out[at])
        all_pairs = self._told(views.censored, self._layout, self.pairs, self._group, out)
        censored = received_level(
            views.censored, all_pairs.mean_db[at], all_pairs.variance[at], received.demand_db
        )
        spread = np.sqrt(plain.variance + views.levels.observation.noise_db**2)
        use = plain.left_out & all_pairs.left_out[at]
        blend = fit_blend(received.level_dbm[use], plain.mean_db[use], censored[use], spread[use])
        level[at], sd[at] = blend.level(plain.mean_db, censored), spread * blend.widening
        return level, sd, blend

    def _told(self, view: View, layout: Layout, pairs: Pairs, group: Indices, out: Flags) -> Told:
        mode = view.mode(layout.told_by(~out), pairs.take(~out), start=self._starts.get(view))
        self._starts[view] = mode.slots
        slot = layout.slot_of_pair
        asked = np.bincount(slot[out], minlength=len(layout)) > 0
        slot_group = np.zeros(len(layout), dtype=np.int64)
        slot_group[slot] = group
        mean, variance = left_out(
            mode.posterior, slot_group, np.where(asked, 0.0, mode.gradient), np.where(asked, 0.0, mode.curvature)
        )
        return Told(view.line(pairs.l_decades) + mean[slot], variance[slot], ~asked[slot])


def margin(view: View, mean_db: Floats, variance: Floats, demand_db: Floats) -> Floats:
    """Return by how many standard deviations a frame is above what its gateway needs, before correction, (n,)."""
    z: Floats = (mean_db - demand_db) / np.sqrt(variance + view.observation.noise_db**2)
    return z


def received_level(view: View, mean_db: Floats, variance: Floats, demand_db: Floats) -> Floats:
    """Return the expected level of a frame that is received, dBm, from the field of all: a truncated mean, (n,).

    Source: the mean of a normal variable given that another, correlated with it, is above 0.
    """
    seen = view.observation
    if not isinstance(seen, Censored):
        raise TypeError(f"{seen} knows no threshold: the level of a received frame needs the censored view")
    of_frame = variance + seen.noise_db**2
    spread = np.sqrt(of_frame + seen.softness_db**2)
    above = hazard((mean_db - seen.threshold_dbm - demand_db) / spread)
    level: Floats = mean_db + of_frame / spread * above
    return level
