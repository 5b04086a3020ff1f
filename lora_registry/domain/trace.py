"""The values of one channel, as they come, into the sketches of their weeks.

What must be remembered from one value to the next is a `Trace`: the value before, the value last sent, and those
(at most 24) of the block that interpolation is tested on next. How many values come at once changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from lora_registry.domain.interpolation import BLOCK, SLACK, misses
from lora_registry.domain.sketch import EXACT, Reading, Sketch, levels_of, monday_s, week_of

HEARTBEAT_S: Final = 86_400
"""Send-on-delta sends at least this often, so that silence and constancy stay apart (science 4.1)."""
STEPS_TO_LEARN: Final = 24
"""Differences other than 0 after which the smallest is taken for the resolution: until then 25 levels suffice."""
_RESOLUTION_DIGITS: Final = 6
_DIGITS: Final = 9
"""Of a difference: 123,456.789 is off by 1e-11 in binary, and what that leaves after a subtraction is cut."""
_NEVER: Final = -1

SketchOf = Callable[[int, Reading], Sketch]
"""A week (see `week_of`) and a reading -> the sketch that takes its values."""


class Rule(NamedTuple):
    """What the owner says of a channel."""

    tolerance: float | None
    """In the channel's unit; None where none is declared."""
    meter: bool
    """Its service's family is `meter`."""
    state: bool
    """It has states, not numbers: no tolerance applies."""


@dataclass(slots=True)
class Trace:
    """What a channel's next value is compared with."""

    reading: Reading = EXACT
    last_at_s: int = _NEVER
    """Time of the latest value; one that is not later comes late."""
    last: float = 0.0
    """The latest value, as it was read."""
    value: float | None = None
    """What it stood for, itself or an increment; None before the first."""
    level: int = 0
    sent_at_s: int = _NEVER
    sent: float = 0.0
    steps: int = 0
    """Differences other than 0 so far, while the resolution is not known."""
    step: float = 0.0
    """The smallest of them."""
    fell: bool = False
    """One of them was a fall: it is no index."""
    block_at_s: list[int] = field(default_factory=list)
    block: list[float] = field(default_factory=list)


def fold(trace: Trace, at_s: Sequence[int], values: Sequence[float], rule: Rule, sketch_of: SketchOf) -> None:
    """Add a channel's values, as they came at `at_s` (Unix seconds), to their weeks; `trace` moves on."""
    _follow(trace, rule)
    begin = 0
    while begin < len(at_s):
        if at_s[begin] <= trace.last_at_s:
            _take_late(trace.reading, values[begin], sketch_of(week_of(at_s[begin]), trace.reading))
            begin += 1
        else:
            end = _end_of_run(at_s, begin)
            _take_run(trace, at_s[begin:end], values[begin:end], rule, sketch_of)
            begin = end


def _end_of_run(at_s: Sequence[int], begin: int) -> int:
    """Return up to where values are of one week, each later than the one before."""
    next_week_s = monday_s(week_of(at_s[begin]) + 1)
    before_s = _NEVER
    for place in range(begin, len(at_s)):
        if not before_s < at_s[place] < next_week_s:
            return place
        before_s = at_s[place]
    return len(at_s)


def _follow(trace: Trace, rule: Rule) -> None:
    """Begin anew where the owner's word has changed: values measured by two tolerances never mix."""
    if rule.state:
        reading = EXACT
    elif rule.tolerance is not None:
        reading = Reading(rule.tolerance, declared=True, increments=rule.meter)
    else:
        reading = EXACT if trace.reading.declared else trace.reading
    if reading != trace.reading:
        _restart(trace, reading)


def _restart(trace: Trace, reading: Reading) -> None:
    trace.reading = reading
    trace.value = None
    trace.steps, trace.step, trace.fell = 0, 0.0, False
    trace.block_at_s, trace.block = [], []


def _take_late(reading: Reading, value: float, sketch: Sketch) -> None:
    sketch.late += 1
    if not reading.increments:
        _spread(sketch, [value])
        sketch.add_levels(Counter(levels_of([value], reading.delta)))


def _spread(sketch: Sketch, values: Sequence[float]) -> None:
    lowest, highest = min(values), max(values)
    sketch.lowest = lowest if sketch.lowest is None else min(sketch.lowest, lowest)
    sketch.highest = highest if sketch.highest is None else max(sketch.highest, highest)


def _take_run(trace: Trace, at_s: Sequence[int], values: Sequence[float], rule: Rule, sketch_of: SketchOf) -> None:
    """Take values of one week, in order of time and later than all before."""
    week = week_of(at_s[0])
    learns = not rule.state and trace.reading == EXACT
    while learns and any(value != trace.value for value in values):
        # One by one, as the reading changes with the value that settles the resolution.
        _take(trace, at_s[:1], values[:1], rule, sketch_of(week, trace.reading))
        at_s, values = at_s[1:], values[1:]
        if trace.steps == STEPS_TO_LEARN:
            resolution = float(f"{trace.step:.{_RESOLUTION_DIGITS}g}")
            _restart(trace, Reading(resolution, declared=False, increments=rule.meter and not trace.fell))
            learns = False
    if values:
        _take(trace, at_s, values, rule, sketch_of(week, trace.reading))


def _take(trace: Trace, at_s: Sequence[int], values: Sequence[float], rule: Rule, sketch: Sketch) -> None:
    last_at_s, last = at_s[-1], values[-1]
    if trace.reading.increments:
        at_s, values = _increments(trace, at_s, values, sketch)
    trace.last_at_s, trace.last = last_at_s, last
    if not values:
        return
    sketch.count += len(values)
    _spread(sketch, values)
    if values.count(values[0]) == len(values) and values[0] == trace.value:
        # Most channels of a city seldom change: the same as below, for less.
        sketch.add_levels({trace.level: len(values)})
        sketch.add_transitions({(trace.level, trace.level): len(values)})
    else:
        _compare(trace, sketch, values)
    _send(trace, sketch, at_s, values)
    trace.value = values[-1]
    _interpolate(trace, sketch, at_s, values, held=rule.state)


def _increments(
    trace: Trace, at_s: Sequence[int], readings: Sequence[float], sketch: Sketch
) -> tuple[list[int], list[float]]:
    """Return what each reading of an index added to the one before; one below it is a reset and adds nothing."""
    if trace.last_at_s != _NEVER:
        at_s, readings = [trace.last_at_s, *at_s], [trace.last, *readings]
    added = [
        (at, round(reading - before, _DIGITS))
        for at, (before, reading) in zip(at_s[1:], pairwise(readings), strict=True)
        if reading >= before
    ]
    sketch.resets += len(readings) - 1 - len(added)
    return [at for at, _ in added], [value for _, value in added]


def _compare(trace: Trace, sketch: Sketch, values: Sequence[float]) -> None:
    levels = levels_of(values, trace.reading.delta)
    sketch.add_levels(Counter(levels))
    if trace.value is None:
        values_in_order, levels_in_order = list(values), levels
    else:
        values_in_order, levels_in_order = [trace.value, *values], [trace.level, *levels]
    trace.level = levels[-1]
    sketch.add_transitions(Counter(pairwise(levels_in_order)))
    differences = [value - before for before, value in pairwise(values_in_order)]
    limit = trace.reading.delta * (1 + SLACK)
    sketch.changed += sum([not -limit <= difference <= limit for difference in differences])
    steps = [step for step in map(abs, differences) if step]
    if not steps:
        return
    step = round(min(steps), _DIGITS) or min(steps)
    sketch.step = step if sketch.step is None else min(sketch.step, step)
    if trace.reading == EXACT:
        trace.step = min(trace.step, step) if trace.steps else step
        trace.steps += len(steps)
        trace.fell |= min(differences) < 0


def _send(trace: Trace, sketch: Sketch, at_s: Sequence[int], values: Sequence[float]) -> None:
    """Count what send-on-delta sends (see `Sketch.sent`)."""
    enough = trace.reading.delta * (1 - SLACK)
    sent_at_s, sent = (trace.sent_at_s, trace.sent) if trace.value is not None else (-HEARTBEAT_S, 0.0)
    for at, value in zip(at_s, values, strict=True):
        if at - sent_at_s >= HEARTBEAT_S or (value != sent and abs(value - sent) >= enough):
            sketch.sent += 1
            sent_at_s, sent = at, value
    trace.sent_at_s, trace.sent = sent_at_s, sent


def _interpolate(
    trace: Trace, sketch: Sketch, at_s: Sequence[int], values: Sequence[float], *, held: bool
) -> None:
    trace.block_at_s += at_s
    trace.block += values
    while len(trace.block) >= BLOCK:
        found = misses(trace.block_at_s[:BLOCK], trace.block[:BLOCK], trace.reading.delta, held=held)
        sketch.blocks += 1
        sketch.misses = [a + b for a, b in zip(sketch.misses, found, strict=True)]
        del trace.block_at_s[:BLOCK], trace.block[:BLOCK]
