"""Levels, histograms that stay small, and sketches that add up."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_registry.domain.sketch import (
    MOST_LEVELS,
    MOST_TRANSITIONS,
    Sketch,
    coarser_levels,
    levels_of,
    merged,
    monday_s,
    week_of,
)


@pytest.mark.parametrize(
    ("value", "delta", "level"),
    [
        (7.1, 0.5, 14),
        (7.25, 0.5, 15),
        (-0.3, 0.5, -1),
        (0.15, 0.1, 2),  # 1.4999999999999998 in binary
        (7, 0, 7),
        (65_535.0, 0, 65_535),
        (0.0, 0, 0),
        (1e15, 1e-300, 1 << 31),
        (-1e15, 1e-300, -1 << 31),
    ],
)
def test_the_level_of_a_value(value: float, delta: float, level: int) -> None:
    assert levels_of([float(value)], float(delta)) == [level]


def test_exact_levels_tell_values_apart() -> None:
    values = [tenths / 10 for tenths in range(1000)]
    assert len(set(levels_of(values, 0.0))) > 980
    assert all(0 <= level <= 0xFFFF for level in levels_of(values, 0.0))


@pytest.mark.parametrize("day", ["2026-09-07", "2026-09-10", "2026-09-13", "1970-01-01", "2027-01-01"])
def test_a_week_begins_on_monday(day: str) -> None:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    monday = datetime.fromtimestamp(monday_s(week_of(int(at.timestamp()))), UTC)
    assert monday.weekday() == 0
    assert 0 <= (at - monday).days < 7


_LEVELS = st.lists(st.integers(-500, 500), max_size=300)


@settings(max_examples=100, deadline=None)
@given(_LEVELS, st.integers(1, 50))
def test_a_histogram_is_as_fine_as_its_room_allows_in_whatever_portions_it_came(
    levels: list[int], portion: int
) -> None:
    sketch = Sketch()
    for start in range(0, len(levels), portion):
        sketch.add_levels(Counter(levels[start : start + portion]))
    assert len(sketch.levels) <= MOST_LEVELS
    assert sketch.levels == coarser_levels(Counter(levels), sketch.coarseness)
    finer = coarser_levels(Counter(levels), max(0, sketch.coarseness - 1))
    assert sketch.coarseness == 0 or len(finer) > MOST_LEVELS


@settings(max_examples=100, deadline=None)
@given(_LEVELS, st.integers(1, 50))
def test_transitions_likewise(levels: list[int], portion: int) -> None:
    pairs = list(itertools.pairwise(levels))
    sketch = Sketch()
    for start in range(0, len(pairs), portion):
        sketch.add_transitions(Counter(pairs[start : start + portion]))
    by = sketch.transition_coarseness

    def kinds(coarseness: int) -> Counter[tuple[int, int]]:
        return Counter((before >> coarseness, after >> coarseness) for before, after in pairs)

    found = {
        (before, before + step): count
        for before, steps in sketch.transitions.items()
        for step, count in steps.items()
    }
    assert found == kinds(by)
    assert len(found) <= MOST_TRANSITIONS
    assert by == 0 or len(kinds(by - 1)) > MOST_TRANSITIONS


def test_sketches_of_different_coarseness_add_up_at_the_coarser() -> None:
    narrow, wide = Sketch(count=2, lowest=1.0, step=0.5), Sketch(count=100, highest=99.0, misses=[1] * 6, blocks=4)
    narrow.add_levels({1: 1, 2: 1})
    wide.add_levels(dict.fromkeys(range(100), 1))
    both = merged([narrow, wide])
    assert (both.count, both.blocks, both.misses) == (102, 4, [1] * 6)
    assert (both.lowest, both.highest, both.step) == (1.0, 99.0, 0.5)
    assert (narrow.coarseness, wide.coarseness, both.coarseness) == (0, 2, 2)
    assert both.levels[0] == 4 + 2
    assert sum(both.levels.values()) == 102
    assert merged([wide, narrow]) == both
    assert merged([]) == Sketch()
