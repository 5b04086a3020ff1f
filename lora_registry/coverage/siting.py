"""Where the next gateways would serve most: weighted probabilistic maximum coverage.

The gain of a set of masts is monotone and submodular, so taking the best one after another reaches at least 63 %
of the best possible (Nemhauser, Wolsey and Fisher 1978); exchanging one at a time then goes further. A mast never
heard is uncertain by some 10 dB: that goes into every probability, and the gain is told as a range, not a promise.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from lora_registry.coverage.pairs import Floats, Indices
from lora_registry.coverage.together import Reception

_NODES = 8
_DRAWS = 200
_SEED = 5
_EXCHANGES = 50
_SURE_ENOUGH = 0.5
"""With a low end under this share of the median, a temporary gateway says more than any model."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """K places where a gateway could be, seen from C cells."""

    reception: Reception
    """(C, K); `own` leaves out what all cells of a mast share."""
    mast: Floats
    """(C, K) standard deviation of the margin that all cells of a mast share: antenna, height, surroundings."""


class Gain(NamedTuple):
    """What masts add, in the weights' unit: cells, inhabitants, devices to come."""

    expected: float
    low: float
    """One time in ten it is less."""
    median: float
    high: float

    @property
    def measure_first(self) -> bool:
        """Tell whether a test with a temporary gateway should come before a purchase."""
        return self.low < _SURE_ENOUGH * self.median


class Plan(NamedTuple):
    """Masts in the order they were taken, each with what it adds to those before."""

    chosen: Indices
    """(k,) columns of the candidates."""
    gains: tuple[Gain, ...]
    together: Gain


def best(existing: Reception, candidates: Candidates, weight: Floats, count: int) -> Plan:
    """Return the masts that add most expected weight to what is served today.

    Args:
        existing: what today's gateways hear, (C, G); G may be 0.
        candidates: (C, K).
        weight: (C,) what serving each cell is worth.
        count: how many masts, at most.

    Raises:
        ValueError: a negative number of masts, or a negative weight.

    """
    if count < 0 or bool((weight < 0).any()):
        raise ValueError(f"{count} masts, least weight {weight.min(initial=0):g}: neither may be below 0")
    nodes, shares = _nodes()
    unserved = _missed_by_all(existing, nodes) * shares
    missed = _missed_by_each(candidates, nodes)
    chosen = _greedy(unserved, missed, weight, min(count, missed.shape[0]))
    chosen = _exchanged(chosen, unserved, missed, weight)
    drawn = _drawn(existing, candidates, weight, chosen)
    order = np.array(chosen, dtype=np.int64)
    steps = np.diff(drawn, axis=0, prepend=np.zeros((1, drawn.shape[1])))
    expected = [_served(unserved, missed, weight, chosen[: i + 1]) for i in range(len(chosen))]
    gains = tuple(
        _gain(float(value), step) for value, step in zip(np.diff(expected, prepend=0.0), steps, strict=True)
    )
    together = _gain(expected[-1], drawn[-1]) if chosen else Gain(0.0, 0.0, 0.0, 0.0)
    return Plan(order, gains, together)


def _greedy(unserved: Floats, missed: Floats, weight: Floats, count: int) -> list[int]:
    """Return the best one after another; a gain computed earlier is an upper bound, so few are computed anew."""
    left, chosen = unserved.copy(), list[int]()
    queue = [(-_adds(left, missed[k], weight), k) for k in range(missed.shape[0])]
    heapq.heapify(queue)
    while queue and len(chosen) < count:
        _, k = heapq.heappop(queue)
        gain = _adds(left, missed[k], weight)
        if gain <= 0.0:
            continue
        if queue and gain < -queue[0][0]:
            heapq.heappush(queue, (-gain, k))
            continue
        chosen.append(k)
        left *= missed[k]
    return chosen


def _exchanged(chosen: list[int], unserved: Floats, missed: Floats, weight: Floats) -> list[int]:
    """Return the masts after exchanging one for another as long as that serves more."""
    value = _served(unserved, missed, weight, chosen)
    for _ in range(_EXCHANGES):
        best_value, best_set = value, chosen
        for place in range(len(chosen)):
            others = chosen[:place] + chosen[place + 1 :]
            left = _left(unserved, missed, others)
            kept = _total(unserved, weight) - _total(left, weight)
            for k in range(missed.shape[0]):
                if k not in chosen and (better := kept + _adds(left, missed[k], weight)) > best_value * (1 + 1e-9):
                    best_value, best_set = better, [*others, k]
        if best_set is chosen:
            break
        value, chosen = best_value, best_set
    # Best first, as the first one may be all there is money for.
    ranked = _greedy(unserved, missed[chosen], weight, len(chosen))
    return [chosen[place] for place in ranked]


def _drawn(existing: Reception, candidates: Candidates, weight: Floats, chosen: list[int]) -> Floats:
    """Return the weight newly served by the first 1, 2, ... masts in each draw of their worth, (k, draws)."""
    nodes, shares = _nodes()
    unserved = _missed_by_all(existing, nodes) * shares
    luck = np.random.default_rng(_SEED).standard_normal((len(chosen), _DRAWS))
    before = _total(unserved, weight)
    served = np.empty((len(chosen), _DRAWS))
    for draw in range(_DRAWS):
        left = unserved.copy()
        for place, k in enumerate(chosen):
            left *= _missed_in_draw(candidates, k, luck[place, draw], nodes)
            served[place, draw] = before - _total(left, weight)
    return served


def _missed_in_draw(candidates: Candidates, k: int, luck: float, nodes: Floats) -> Floats:
    one, mast = candidates.reception, candidates.mast[:, k]
    common = one.common[:, k]
    rest = np.sqrt(np.maximum(1.0 - common**2 - mast**2, 1e-3))
    margin = (one.margin[:, k] + mast * luck)[:, None] + common[:, None] * nodes
    missed: Floats = ndtr(-margin / rest[:, None])
    return missed


def _missed_by_each(candidates: Candidates, nodes: Floats) -> Floats:
    """Return P(missed | common part), (K, C, nodes), what is not known of the mast averaged over."""
    one = candidates.reception
    rest = np.sqrt(np.maximum(1.0 - one.common**2, 1e-3))
    margin = one.margin.T[:, :, None] + one.common.T[:, :, None] * nodes
    missed: Floats = ndtr(-margin / rest.T[:, :, None])
    return missed


def _missed_by_all(existing: Reception, nodes: Floats) -> Floats:
    """Return P(no gateway of today hears | common part), (C, nodes)."""
    missed = np.ones((len(existing.margin), len(nodes)))
    for gateway in range(existing.margin.shape[1]):
        common = existing.common[:, gateway, None]
        rest = np.sqrt(np.maximum(1.0 - common**2, 1e-3))
        missed *= ndtr(-(existing.margin[:, gateway, None] + common * nodes) / rest)
    return missed


def _nodes() -> tuple[Floats, Floats]:
    nodes, shares = np.polynomial.hermite_e.hermegauss(_NODES)
    return nodes, shares / shares.sum()


def _adds(left: Floats, missed: Floats, weight: Floats) -> float:
    return float(weight @ np.einsum("cq,cq->c", left, 1.0 - missed))


def _left(unserved: Floats, missed: Floats, chosen: list[int]) -> Floats:
    left: Floats = unserved * missed[chosen].prod(axis=0) if chosen else unserved.copy()
    return left


def _served(unserved: Floats, missed: Floats, weight: Floats, chosen: list[int]) -> float:
    return _total(unserved, weight) - _total(_left(unserved, missed, chosen), weight)


def _total(left: Floats, weight: Floats) -> float:
    return float(weight @ left.sum(axis=1))


def _gain(expected: float, drawn: Floats) -> Gain:
    low, median, high = np.quantile(drawn, (0.1, 0.5, 0.9)).tolist()
    return Gain(expected, low, median, high)
