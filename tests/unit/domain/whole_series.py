"""The measures of a series of values computed at once, by their definitions: what sketches must agree with."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from math import floor
from typing import NamedTuple

import numpy as np

from lora_registry.domain.interpolation import CADENCES

Value = tuple[int, float]
"""Unix time in whole seconds, and what was measured."""
_TINY = 1e-6
_DAY_S = 86_400


class Whole(NamedTuple):
    """A series, measured whole."""

    count: int
    late: int
    resets: int
    changed: int
    sent: int
    lowest: float | None
    highest: float | None
    levels: Counter[int]
    transitions: Counter[tuple[int, int]]
    blocks: int
    misses: list[int]


def whole(series: Sequence[Value], delta: float, *, index: bool = False, state: bool = False) -> Whole:
    """Measure a series in the order it came; a meter's `index` is read as increments."""
    ordered: list[Value] = []
    late: list[float] = []
    for at_s, value in series:
        if ordered and at_s <= ordered[-1][0]:
            late.append(value)
        else:
            ordered.append((at_s, value))
    resets = 0
    if index:
        steps = [(b[0], round(b[1] - a[1], 9)) for a, b in itertools.pairwise(ordered)]
        resets = sum(step < 0 for _, step in steps)
        ordered = [(at_s, step) for at_s, step in steps if step >= 0]
    values = [value for _, value in ordered]
    pairs = list(itertools.pairwise(values))
    seen = values if index else [*values, *late]

    def level(value: float) -> int:
        return floor(value / delta + 0.5 + _TINY) if delta else int(value)

    blocks = [ordered[start : start + 25] for start in range(0, len(ordered) - 24, 25)]
    return Whole(
        count=len(values),
        late=len(late),
        resets=resets,
        changed=sum(abs(b - a) > delta * (1 + _TINY) for a, b in pairs),
        sent=_sent(ordered, delta),
        lowest=min(seen, default=None),
        highest=max(seen, default=None),
        levels=Counter(map(level, seen)),
        transitions=Counter((level(a), level(b)) for a, b in pairs),
        blocks=len(blocks),
        misses=[sum(_missed(block, every, delta, state) for block in blocks) for every in CADENCES],
    )


def _sent(ordered: Sequence[Value], delta: float) -> int:
    kept: list[Value] = []
    for at_s, value in ordered:
        if kept:
            far = abs(value - kept[-1][1])
            if at_s - kept[-1][0] < _DAY_S and (far == 0 or far < delta * (1 - _TINY)):
                continue
        kept.append((at_s, value))
    return len(kept)


def _missed(block: Sequence[Value], every: int, delta: float, state: bool) -> int:
    at_s, values = np.array(block).T
    kept = np.arange(0, len(block), every)
    line = values[kept].repeat(every)[: len(block)] if state else np.interp(at_s, at_s[kept], values[kept])
    return int(np.sum(np.abs(line - values) > delta * (1 + _TINY) + 1e-9))
