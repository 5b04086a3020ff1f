"""One device's uplinks into its weeks: every channel into its sketch, and what is told of whole uplinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Final, NamedTuple

from lora_registry.domain.channels import MOST_CHANNELS, is_state, name_of
from lora_registry.domain.sketch import Reading, Sketch, week_of
from lora_registry.domain.trace import Rule, SketchOf, Trace, fold

MOST_SKETCHES: Final = 2 * MOST_CHANNELS
"""In a week: each channel may be read in two ways. A codec that names its channels anew each time gets no more."""
HOUR_S: Final = 3600


class Frames(NamedTuple):
    """A device's uplinks in the order they came, column by column: all columns have the same length."""

    at_s: Sequence[int]
    """Unix times in whole seconds."""
    repeated: Sequence[bool]
    """The payload is that of the uplink before."""
    hourly: Sequence[bool]
    """It may enter hourly means: its service was public, and measures, when it came."""
    left_out: Sequence[int]
    """How many of its values are no channel."""
    values: Mapping[str, Sequence[float]]
    """Channel key -> a value for each uplink, NaN where it has none."""


class Terms(NamedTuple):
    """What a device's service declares of its channels."""

    tolerance: Mapping[str, float]
    """Channel name -> δ."""
    meter: bool


@dataclass(slots=True)
class Week:
    """What is kept of a device's week."""

    frames: int = 0
    repeats: int = 0
    left_out: int = 0
    """The most values that one uplink had and that are no channel, or found no room here."""
    sketches: dict[tuple[str, Reading], Sketch] = field(default_factory=dict)

    def sketch(self, key: str, reading: Reading) -> Sketch:
        """Return a channel's sketch; one that is not kept where there are too many already."""
        found = self.sketches.get((key, reading))
        if found is None:
            found = Sketch()
            if len(self.sketches) < MOST_SKETCHES:
                self.sketches[key, reading] = found
            else:
                self.left_out += 1
        return found


WeekOf = Callable[[int], Week]
"""A week (see `week_of`) -> what is kept of it, to be added to."""


def fold_frames(frames: Frames, terms: Terms, traces: dict[str, Trace], week: WeekOf) -> None:
    """Add a device's uplinks to its weeks; `traces`, by key, move on."""
    for at_s, repeated, left_out in zip(frames.at_s, frames.repeated, frames.left_out, strict=True):
        whole = week(week_of(at_s))
        whole.frames += 1
        whole.repeats += repeated
        whole.left_out = max(whole.left_out, left_out)
    for key, column in frames.values.items():
        at, values = present(frames.at_s, column)
        if values:
            fold(traces.setdefault(key, Trace()), at, values, rule_of(key, terms), _sketch_of(key, week))
    while len(traces) > MOST_CHANNELS:
        del traces[min(traces, key=lambda key: traces[key].last_at_s)]


def present(at_s: Sequence[int], column: Sequence[float]) -> tuple[Sequence[int], Sequence[float]]:
    """Return the times and values of the uplinks that have one."""
    if not isnan(sum(column)):
        return at_s, column
    kept = [place for place, value in enumerate(column) if not isnan(value)]
    return [at_s[place] for place in kept], [column[place] for place in kept]


def _sketch_of(key: str, week: WeekOf) -> SketchOf:
    return lambda number, reading: week(number).sketch(key, reading)


def rule_of(key: str, terms: Terms) -> Rule:
    """Return what applies to a channel."""
    return Rule(terms.tolerance.get(name_of(key)), meter=terms.meter, state=is_state(key))


HourlySums = dict[int, dict[str, dict[int, tuple[float, int]]]]
"""Day (Unix) -> channel -> hour of the day (UTC) -> sum of the values, and how many."""


def hourly_sums(frames: Frames) -> HourlySums:
    """Return the sums of the numbers that may enter hourly means."""
    days: HourlySums = {}
    places = [place for place, hourly in enumerate(frames.hourly) if hourly]
    for key, column in frames.values.items():
        if not places or is_state(key):
            continue
        for place in places:
            value = column[place]
            if not isnan(value):
                day, hour = divmod(frames.at_s[place] // HOUR_S, 24)
                hours = days.setdefault(day, {}).setdefault(name_of(key), {})
                total, count = hours.get(hour, (0.0, 0))
                hours[hour] = total + value, count + 1
    return days
