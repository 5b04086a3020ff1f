"""What is kept of a channel instead of its values: sums of one week, that add up to those of many.

All values of one sketch were compared with one tolerance δ; another δ, or another way of reading the channel,
makes another sketch (`Reading`). `domain.trace` fills sketches, `domain.channel_measures` reads them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Final, NamedTuple
from zlib import crc32

from lora_registry.domain.interpolation import CADENCES, SLACK

MOST_LEVELS: Final = 32
MOST_TRANSITIONS: Final = 64
_FURTHEST_LEVEL: Final = 1 << 31
_EXACT_LEVELS: Final = 0xFFFF
_DOUBLE: Final = struct.Struct("<d")
_DAY_S: Final = 86_400
WEEK_S: Final = 7 * _DAY_S
_DAYS_AFTER_MONDAY: Final = 3  # 1970-01-01 was a Thursday
_SUMS: Final = ("count", "late", "resets", "changed", "sent", "blocks")


class Reading(NamedTuple):
    """How a channel is read: what a sketch was built with."""

    delta: float
    """Tolerance δ in the channel's unit; 0 where any change counts: states, and before a resolution is known."""
    declared: bool
    """The owner's tolerance; else the channel's own resolution, or 0."""
    increments: bool
    """A meter's index: a value is what was added since the reading before."""


EXACT: Final = Reading(0.0, declared=False, increments=False)


def week_of(at_s: int) -> int:
    """Return the week (from Monday, UTC) of a Unix time, in weeks since that of 1970-01-01."""
    return (at_s + _DAYS_AFTER_MONDAY * _DAY_S) // WEEK_S


def monday_s(week: int) -> int:
    """Return the Unix time at which a week begins."""
    return week * WEEK_S - _DAYS_AFTER_MONDAY * _DAY_S


def levels_of(values: Sequence[float], delta: float) -> list[int]:
    """Return the level of each of some values: the nearest multiple of δ, as a number of δ.

    value   δ     level
    7.1     0.5   14
    7.25    0.5   15    (halves go up)
    -0.3    0.5   -1
    7       0     7     (exact: a whole number up to 65,535 is its own level)
    7.1     0     one of 65,536, always the same
    """
    if delta == 0.0:
        return [_exact_level(value) for value in values]
    half, furthest = 0.5 + SLACK, _FURTHEST_LEVEL * delta
    if not -furthest <= min(values) <= max(values) <= furthest:
        values = [min(max(value, -furthest), furthest) for value in values]
    return [floor(value / delta + half) for value in values]


def _exact_level(value: float) -> int:
    if 0 <= value <= _EXACT_LEVELS and value.is_integer():
        return int(value)
    return crc32(_DOUBLE.pack(value)) & _EXACT_LEVELS


Levels = dict[int, int]
"""Level -> how many values."""
Transitions = dict[int, dict[int, int]]
"""Level -> difference to the next value's level -> how many times."""


@dataclass(slots=True)
class Sketch:
    """One channel's week, under one `Reading`. Every field adds up over weeks, or is an extreme."""

    count: int = 0
    """Values in order of time; of an index, increments."""
    late: int = 0
    """Values not later than one before them: among the extremes and levels (an index's: not), else nowhere."""
    resets: int = 0
    """Readings of an index below the one before."""
    changed: int = 0
    """Values further than δ from the one before."""
    sent: int = 0
    """Values that send-on-delta would have sent: the first, each at least δ from the last one sent (Miskowicz,
    Sensors 2006, 6, 49), and each at least 24 hours after it, a heartbeat."""
    lowest: float | None = None
    highest: float | None = None
    step: float | None = None
    """The smallest difference between a value and the one before that was not 0: the resolution seen."""
    blocks: int = 0
    """Blocks of values in order on which `misses` were counted (`domain.interpolation`)."""
    misses: list[int] = field(default_factory=lambda: [0] * len(CADENCES))
    coarseness: int = 0
    """k: levels are kept as level >> k, the smallest k that leaves `MOST_LEVELS`."""
    levels: Levels = field(default_factory=dict)
    transition_coarseness: int = 0
    """Likewise, the smallest k that leaves `MOST_TRANSITIONS` different ones."""
    transitions: Transitions = field(default_factory=dict)
    """Every value that had one before it, by the levels of both."""

    def add_levels(self, counts: Mapping[int, int]) -> None:
        """Count levels of values, each with how many there are."""
        into, by = self.levels, self.coarseness
        for level, count in counts.items():
            into[level >> by] = into.get(level >> by, 0) + count
        while len(self.levels) > MOST_LEVELS:
            self.coarseness += 1
            self.levels = coarser_levels(self.levels, 1)

    def add_transitions(self, counts: Mapping[tuple[int, int], int]) -> None:
        """Count pairs of a level and the next value's."""
        by = self.transition_coarseness
        for (first, second), count in counts.items():
            steps = self.transitions.setdefault(first >> by, {})
            step = (second >> by) - (first >> by)
            steps[step] = steps.get(step, 0) + count
        while sum(map(len, self.transitions.values())) > MOST_TRANSITIONS:
            self.transition_coarseness += 1
            self.transitions = coarser_transitions(self.transitions, 1)


def coarser_levels(levels: Levels, by: int) -> Levels:
    """Return a histogram of levels 2**by times as wide."""
    coarser: Levels = {}
    for level, count in levels.items():
        coarser[level >> by] = coarser.get(level >> by, 0) + count
    return coarser


def coarser_transitions(transitions: Transitions, by: int) -> Transitions:
    """Return the transitions between levels 2**by times as wide."""
    coarser: Transitions = {}
    for level, steps in transitions.items():
        found = coarser.setdefault(level >> by, {})
        for step, count in steps.items():
            wide = (level + step >> by) - (level >> by)
            found[wide] = found.get(wide, 0) + count
    return coarser


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """Return the sum of sketches of one channel under one reading, whatever their order."""
    parts = list(sketches)
    coarseness = max((part.coarseness for part in parts), default=0)
    transition_coarseness = max((part.transition_coarseness for part in parts), default=0)
    sums: dict[str, int] = {name: sum(getattr(part, name) for part in parts) for name in _SUMS}
    return Sketch(
        **sums,
        lowest=min((part.lowest for part in parts if part.lowest is not None), default=None),
        highest=max((part.highest for part in parts if part.highest is not None), default=None),
        step=min((part.step for part in parts if part.step is not None), default=None),
        misses=[sum(column) for column in zip(Sketch().misses, *(part.misses for part in parts), strict=True)],
        coarseness=coarseness,
        levels=_summed(coarser_levels(part.levels, coarseness - part.coarseness) for part in parts),
        transition_coarseness=transition_coarseness,
        transitions=_summed_transitions(
            [
                coarser_transitions(part.transitions, transition_coarseness - part.transition_coarseness)
                for part in parts
            ]
        ),
    )


def _summed(histograms: Iterable[Levels]) -> Levels:
    whole: Levels = {}
    for histogram in histograms:
        for level, count in histogram.items():
            whole[level] = whole.get(level, 0) + count
    return whole


def _summed_transitions(parts: list[Transitions]) -> Transitions:
    levels = {level for part in parts for level in part}
    return {level: _summed(part[level] for part in parts if level in part) for level in levels}
