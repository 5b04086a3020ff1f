"""Which gateways could be switched off: the fewest that still serve nearly all, exactly where time allows.

Partial set multicover: choose the fewest gateways such that every cell keeps as many as it needs (1, or 2 to
survive any one failing: N-1), but for cells worth at most a given share together. A proposal is a candidate, never
an order; `lora_registry.coverage.replay` says what recorded frames would have been lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, hstack, vstack

from lora_registry.coverage.pairs import Flags, Floats, Indices

KEPT_SHARE = 0.99
LIMIT_S = 60.0
_GAP = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Cells that the same gateways serve taken together."""

    serves: Flags
    """(R, G)."""
    need: Indices
    """(R,)."""
    weight: Floats
    """(R,)."""
    may_lose: float

    def lost(self, kept: Flags) -> float:
        """Return the weight of the cells that keep fewer gateways than they need."""
        return float(self.weight[self.serves[:, kept].sum(axis=1) < self.need].sum())


class Cover(NamedTuple):
    """Gateways to keep, and how sure it is that fewer would not do."""

    kept: Indices
    """Columns of the gateways to keep, ascending; third-party ones are never in the question."""
    candidates: Indices
    """One's own gateways that could go."""
    lost_share: float
    """Of the weight that is served today, what would be served less than it needs."""
    bound: int
    """No solution keeps fewer than this."""
    exact: bool
    """Whether `kept` is proven to be as few as possible."""

    @property
    def gap(self) -> float:
        """How many of the gateways kept may be too many, as a share."""
        return (len(self.kept) - self.bound) / len(self.kept) if len(self.kept) else 0.0


def fewest(
    serves: Flags,
    weight: Floats,
    own: Flags,
    *,
    each_needs: int = 1,
    kept_share: float = KEPT_SHARE,
    limit_s: float = LIMIT_S,
) -> Cover:
    """Return the fewest of one's own gateways that keep serving.

    Args:
        serves: (C, G) whether a gateway serves a cell well enough to be relied on.
        weight: (C,) what each cell is worth.
        own: (G,) gateways one decides on; the others are evidence, and may go tomorrow: they are not counted.
        each_needs: gateways a cell should have; a cell with fewer today needs those it has.
        kept_share: of the weight served today, what must stay served as needed.
        limit_s: time for the exact search; past it the best found is told, with its bound.

    Raises:
        ValueError: a share or a number that makes no sense.

    """
    if not 0.0 <= kept_share <= 1.0 or each_needs < 1 or bool((weight < 0).any()):
        raise ValueError(
            f"kept_share {kept_share}, each_needs {each_needs}, least weight {weight.min(initial=0):g}: give "
            "a share of 0 to 1, a number of 1 or more, and weights of 0 or more"
        )
    gateways = np.flatnonzero(own)
    problem = _collapsed(serves[:, own], weight, each_needs, kept_share)
    greedy = _pruned(problem, _greedy(problem))
    kept, bound = greedy, 0
    if len(problem.need):
        found, bound = _exact(problem, limit_s)
        if found is not None and found.sum() <= greedy.sum() and problem.lost(found) <= problem.may_lose:
            kept = found
    served = float(problem.weight.sum())
    return Cover(
        kept=gateways[kept],
        candidates=gateways[~kept],
        lost_share=problem.lost(kept) / served if served else 0.0,
        bound=bound,
        exact=int(kept.sum()) <= bound,
    )


def _collapsed(serves: Flags, weight: Floats, each_needs: int, kept_share: float) -> _Problem:
    """Return the problem with one row for all cells that the same gateways serve; worthless ones are gone."""
    counted = serves.any(axis=1) & (weight > 0)
    rows, number = np.unique(serves[counted], axis=0, return_inverse=True)
    together = np.bincount(number.ravel(), weights=weight[counted], minlength=len(rows)).astype(np.float64)
    need = np.minimum(rows.sum(axis=1), each_needs)
    return _Problem(rows, need, together, (1.0 - kept_share) * float(together.sum()) * (1.0 + 1e-12))


def _greedy(problem: _Problem) -> Flags:
    """Return gateways taken one after another, each for the weight of what is still missing."""
    kept = np.zeros(problem.serves.shape[1], dtype=bool)
    missing = problem.need.copy()
    while problem.lost(kept) > problem.may_lose:
        worth = (problem.weight * (missing > 0) / problem.need) @ problem.serves
        worth[kept] = -1.0
        best = int(np.argmax(worth))
        kept[best] = True
        missing = missing - problem.serves[:, best]
    return kept


def _pruned(problem: _Problem, kept: Flags) -> Flags:
    """Return the gateways without those that others make superfluous, least useful first."""
    kept = kept.copy()
    worth = problem.weight @ problem.serves
    for gateway in sorted(np.flatnonzero(kept).tolist(), key=lambda g: (worth[g], g)):
        kept[gateway] = False
        if problem.lost(kept) > problem.may_lose:
            kept[gateway] = True
    return kept


def _exact(problem: _Problem, limit_s: float) -> tuple[Flags | None, int]:
    """Return the solver's gateways, if it found any in time, and the least number that it proved possible."""
    rows, gateways = problem.serves.shape
    counts = csr_array(problem.serves.astype(np.float64))
    excused = csr_array(np.diag(problem.need.astype(np.float64)))
    budget = hstack([csr_array((1, gateways)), csr_array(problem.weight[None, :])])
    solution = milp(
        c=np.concatenate((np.ones(gateways), np.zeros(rows))),
        integrality=np.concatenate((np.ones(gateways), (problem.need > 1).astype(np.float64))),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(
            vstack([hstack([counts, excused]), budget]),
            lb=np.concatenate((problem.need, [-np.inf])),
            ub=np.concatenate((np.full(rows, np.inf), [problem.may_lose])),
        ),
        options={"time_limit": limit_s, "mip_rel_gap": _GAP},
    )
    bound = solution.mip_dual_bound
    least = int(np.ceil(bound - 1e-6)) if bound is not None and np.isfinite(bound) else 0
    if solution.x is None:
        return None, max(least, 0)
    return np.round(solution.x[:gateways]).astype(bool), max(least, 0)
