"""Several gateways at one place: they share what stands around the device, so they fail together.

A frame is heard by gateway g when margin_g + e_g > 0, e_g standard normal. Of e_g the part `common_g` (a standard
deviation) is one number for all gateways of the place, `own_g` belongs to the place and the gateway, and the rest
changes from frame to frame. Taking gateways for independent would promise too much (science note, 6.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

from lora_registry.coverage.pairs import Flags, Floats

_NODES = 24
"""Of the Gauss-Hermite quadrature over the common part: exact to 1e-4 or better (tested against draws)."""
_DRAWS = 200
_SEED = 868
_STRONG = 0.8
_MOST_COMMON = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Reception:
    """What is thought of G gateways at C places; (C, G) each. A margin of -inf is a gateway out of play."""

    margin: Floats
    """In standard deviations: a frame is heard with probability Phi(margin)."""
    common: Floats
    """Standard deviation that all gateways of the place share, 0 to 1."""
    own: Floats
    """Standard deviation of the place with this gateway; common^2 + own^2 <= 1."""

    def lacking(self, per_db: Floats, lacks_db: float, spread_db: float = 0.0) -> Reception:
        """Return the same for frames that lack some dB: a faster data rate, a device indoors.

        Args:
            per_db: (C, G) by how much a margin falls for each dB.
            lacks_db: what a frame lacks of the reference.
            spread_db: how much that differs from one building to the next; it is the same for all gateways.

        """
        between = per_db * spread_db
        whole = np.sqrt(1.0 + between**2)
        return Reception(
            (self.margin - per_db * lacks_db) / whole, np.hypot(self.common, between) / whole, self.own / whole
        )

    def probability(self) -> Floats:
        """Return the probability that each gateway hears a frame sent somewhere in the place, (C, G)."""
        probability: Floats = ndtr(self.margin)
        return probability

    def any_hears(self) -> Floats:
        """Return the probability that one gateway at least hears a frame, (C,)."""

        def heard(log_missed: Floats) -> Floats:
            any_one: Floats = 1.0 - np.exp(log_missed.sum(axis=1))
            return any_one

        return self._over_common(heard)

    def any_hears_without(self, counted: Flags) -> Floats:
        """Return the same with the gateway gone whose loss is worst there: N-1, (C,).

        Args:
            counted: (G,) gateways that may be relied on and may fail: one's own, not a third party's.

        """
        missed = self.taking(counted)
        if not counted.any():
            return np.zeros(len(self.margin))

        def without_each(log_missed: Floats) -> Floats:
            by_others: Floats = 1.0 - np.exp(log_missed.sum(axis=1)[:, None] - log_missed)
            return by_others

        worst: Floats = missed._over_common(without_each).min(axis=1)  # noqa: SLF001 - of this very class
        return worst

    def expected(self) -> Floats:
        """Return how many gateways hear a frame, on average, (C,)."""
        expected: Floats = self.probability().sum(axis=1)
        return expected

    def strong(self) -> Floats:
        """Return how many gateways hear at least four frames in five, (C,): the place's k-cover."""
        count: Floats = (self.probability() >= _STRONG).sum(axis=1).astype(np.float64)
        return count

    def taking(self, gateways: Flags) -> Reception:
        """Return the same places with some of the gateways (G,)."""
        return Reception(self.margin[:, gateways], self.common[:, gateways], self.own[:, gateways])

    def delivery(self, draws: int = _DRAWS) -> tuple[Floats, Floats]:
        """Return mean and variance of the delivery ratio a device would have somewhere in each place, (C,) each.

        The ratio is over frames, its variance over positions within the place and over what is not known of it.
        Draws are the same for every place: the result does not depend on which places are asked together.
        """
        rng = np.random.default_rng(_SEED)
        for_all, for_each = rng.standard_normal(draws), rng.standard_normal((draws, self.margin.shape[1]))
        frame = np.sqrt(np.maximum(1.0 - self.common**2 - self.own**2, 1.0 - _MOST_COMMON))
        total, squares = np.zeros(len(self.margin)), np.zeros(len(self.margin))
        for shared, single in zip(for_all, for_each, strict=True):
            at_place = (self.margin + self.common * shared + self.own * single) / frame
            ratio = 1.0 - np.exp(log_ndtr(-at_place).sum(axis=1))
            total += ratio
            squares += ratio**2
        mean = total / draws
        return mean, np.maximum(squares / draws - mean**2, 0.0)

    def _over_common(self, value: Callable[[Floats], Floats]) -> Floats:
        """Return the mean over the common part of a function of log P(missed), (C, G)."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        rest = np.sqrt(1.0 - np.minimum(self.common, _MOST_COMMON) ** 2)
        total: Floats | None = None
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            one = weight * value(log_ndtr(-(self.margin + self.common * node) / rest))
            total = one if total is None else total + one
        return np.zeros(0) if total is None else total
