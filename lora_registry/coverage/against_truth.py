"""How a map's states agree with a truth that was known but not told: of simulated cities alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lora_registry.coverage.cells import CellState
from lora_registry.coverage.pairs import Floats


class Agreement(NamedTuple):
    """States against the truth, over cells; shares are None where there is nothing to take a share of."""

    covered: int
    covered_right: float | None
    """Of cells called covered, those that truly deliver the target."""
    covered_nearly: float | None
    """The same with a target lower by 0.05: a cell at 0.94 is no trap."""
    gaps: int
    gaps_right: float | None
    """Of cells called gaps, those that truly do not."""
    unknown: int
    unknown_delivers: float | None
    """Of unknown cells, those that truly deliver."""
    truly: float
    """Of all cells, those that truly deliver."""


_NEARLY = 0.05


def agreement(state: NDArray[np.str_], delivery: Floats, target: float) -> Agreement:
    """Return how states (c,) agree with the true delivery ratios (c,) of their cells."""

    def share(of: NDArray[np.bool_], right: NDArray[np.bool_]) -> float | None:
        return float(right[of].mean()) if of.any() else None

    covered, gap = state == CellState.COVERED.value, state == CellState.GAP.value
    delivers = delivery >= target
    return Agreement(
        covered=int(covered.sum()),
        covered_right=share(covered, delivers),
        covered_nearly=share(covered, delivery >= target - _NEARLY),
        gaps=int(gap.sum()),
        gaps_right=share(gap, ~delivers),
        unknown=int((~covered & ~gap).sum()),
        unknown_delivers=share(~covered & ~gap, delivers),
        truly=float(delivers.mean()) if len(delivers) else 0.0,
    )
