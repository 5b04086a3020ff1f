"""How long a run of missed messages may be before chance no longer explains it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain import loss_models
from lora_registry.domain.loss_models import Branch

GRACE = 0.2
"""Share of a period that a message may be late before it counts as missed (sensor timers drift by 0.5 %)."""
LONGEST_RUN = 50
"""Longer runs are outages rather than radio loss (science 2): they teach this much."""
_MODELS = (loss_models.independent, loss_models.gilbert, loss_models.overlaid)
"""Equally likely beforehand."""
_NEGLIGIBLE = -30.0
_FARTHEST = 1 << 20
_ROUNDS = 8
_IN_ORDER = 2
_ACCIDENT = 10.0

MissCounts = NDArray[np.int64]
"""(LONGEST_RUN + 1,) how many gaps missed 0, 1, 2, ... messages. Counts of several spans of time add up."""


@dataclass(frozen=True, slots=True)
class RunLength:
    """The law of the number of messages missed in one gap."""

    period_s: float
    branches: tuple[Branch, ...]
    """P(run >= m) is the sum over these."""
    gaps: int
    """How many gaps it was learnt from."""
    misses_per_gap: float

    def chance(self, misses: float) -> float:
        """Return P(run >= `misses`), for misses >= 1."""
        return sum(exp(branch.log_chance(misses)) for branch in self.branches)

    def misses_at(self, alpha: float) -> int:
        """Return the smallest m with P(run >= m) <= `alpha`, at least 1 (m* of the science note, 3.2 B)."""
        high = 1
        while self.chance(high) > alpha and high < _FARTHEST:
            high *= 2
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            if self.chance(middle) > alpha:
                low = middle
            else:
                high = middle
        return high

    def log_chance(self, silent_s: float) -> float:
        """Return log P(a gap is at least `silent_s` long): 0 until a message is missed."""
        misses = float(missed(np.array([silent_s]), self.period_s)[0])
        return log(self.chance(misses)) if misses >= 1.0 else 0.0

    def limit_s(self, alpha: float) -> float:
        """Return the seconds of silence that chance exceeds in fewer than `alpha` of the gaps."""
        return (self.misses_at(alpha) + GRACE) * self.period_s


def missed(gap_s: NDArray[np.float64], period_s: float) -> NDArray[np.float64]:
    """Return the whole messages missed in gaps: how many times the period, with its grace, was outlasted.

    gap / period   1.0   1.15   1.3   2.0   2.1   3.0
    missed         0     0      1     1     1     2
    """
    return np.maximum(np.ceil(gap_s / period_s - GRACE) - 1.0, 0.0)


def count(misses: NDArray[np.float64]) -> MissCounts:
    """Return how many of the gaps missed how many messages."""
    short = np.minimum(misses, LONGEST_RUN).astype(np.int64)
    return np.bincount(short, minlength=LONGEST_RUN + 1)


def fit(counts: MissCounts, period_s: float) -> RunLength:
    """Return the law learnt from `counts` (at least one gap): the models' average, weighted by their evidence."""
    plain = _plain(counts)
    explained = [model(plain) for model in _MODELS]
    best = max(one.log_evidence for one in explained)
    weights = [exp(max(one.log_evidence - best, _NEGLIGIBLE)) for one in explained]
    whole = sum(weights)
    gaps = sum(plain)
    return RunLength(
        period_s=period_s,
        branches=tuple(
            branch._replace(start=branch.start * weight / whole)
            for one, weight in zip(explained, weights, strict=True)
            for branch in one.branches
            if log(weight) > _NEGLIGIBLE
        ),
        gaps=gaps,
        misses_per_gap=sum(m * n for m, n in enumerate(plain)) / gaps,
    )


def without_outages(counts: MissCounts, alpha: float) -> MissCounts:
    """Return `counts` in which silences that the law of all shorter ones calls an alarm are cut short.

    One is an accident, and counts as a run that the watch list would notice, ten times likelier than an alarm: it
    must not make anybody patient for weeks. Several are this device's way, and count up to the limit that they
    teach together.
    """
    shortest = _first_outlier(counts, alpha)
    if shortest is None:
        return counts
    usual, outliers = counts.copy(), counts.copy()
    usual[shortest:], outliers[:shortest] = 0, 0
    accident = outliers.sum() == 1
    limit = fit(usual, 1.0).misses_at(alpha * _ACCIDENT if accident else alpha)
    for _ in range(1 if accident else _ROUNDS):
        cut = min(limit, LONGEST_RUN)
        taught = usual.copy()
        taught[: cut + 1] += np.append(outliers[:cut], outliers[cut:].sum())
        before, limit = limit, fit(taught, 1.0).misses_at(alpha)
        if limit == before:
            break
    return taught


def _first_outlier(counts: MissCounts, alpha: float) -> int | None:
    """Return the shortest run that the law of all shorter ones calls an alarm; None without such a run.

    Looked for from the longest down, as a second outage hides the first: until two lengths in a row are in order.
    """
    found, in_order = None, 0
    for length in np.flatnonzero(counts)[:0:-1].tolist():
        shorter = counts.copy()
        shorter[length:] = 0
        if length > 1 and shorter.any() and length > fit(shorter, 1.0).misses_at(alpha):
            found, in_order = length, 0
        else:
            in_order += 1
            if in_order == _IN_ORDER:
                break
    return found


def _plain(counts: MissCounts) -> list[int]:
    found = np.flatnonzero(counts)
    return [int(n) for n in counts[: found[-1] + 1]]
