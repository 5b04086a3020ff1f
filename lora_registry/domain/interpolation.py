"""Whether an object could send less often: what a straight line between the values kept would have missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

CADENCES: Final = (2, 3, 4, 6, 12, 24)
"""Keeping every m-th value; each divides the last, so that a block of 24 steps tests them all."""
BLOCK: Final = CADENCES[-1] + 1
"""Values in a block: 24 steps. The next block begins with the value after, so that its phase wanders by one value
a block: of an hourly object, blocks of 24 would keep the value of the same hour every day."""
SLACK: Final = 1e-6
"""Share of δ by which two values may miss it: 7.3 - 6.8 is a little less than 0.5 in binary."""
_ROUNDING: Final = 1e-12
"""Relative error of a straight line computed in doubles."""
# Cadence by cadence, the places of each value kept, of the next one kept, and of those left out between them.
_LINES: Final = [
    [(place, place + every, range(place + 1, place + every)) for place in range(0, BLOCK - 1, every)]
    for every in CADENCES
]


def left_out(blocks: int, every: int) -> int:
    """Return how many values keeping one in `every` leaves out of blocks."""
    return blocks * (BLOCK - 1 - (BLOCK - 1) // every)


def misses(at_s: Sequence[int], values: Sequence[float], delta: float, *, held: bool) -> list[int]:
    """Return, for each of `CADENCES`, how many of the values left out of one block would have been missed.

    `at_s` are increasing seconds, `values` what was measured then, `BLOCK` of both. Keeping every m-th from the
    first, the value x left out at t between (a, y) and (b, z) is missed when |y + (z - y)(t - a)/(b - a) - x| > δ;
    `held` (states, which have nothing between them), when x is not y.
    """
    lowest, highest = min(values), max(values)
    if highest - lowest <= delta:
        return [0] * len(CADENCES)  # a line between two of them stays within their range
    if held:
        return [
            sum([values[place] != values[place - place % every] for place in range(BLOCK)]) for every in CADENCES
        ]
    limit = delta * (1 + SLACK) + _ROUNDING * max(-lowest, highest)
    found = []
    for lines in _LINES:
        missed = 0
        for start, end, between in lines:
            since_s, first = at_s[start], values[start]
            slope = (values[end] - first) / (at_s[end] - since_s)
            low, high = first - limit, first + limit
            for place in between:
                if not low <= values[place] - slope * (at_s[place] - since_s) <= high:
                    missed += 1
        found.append(missed)
    return found
