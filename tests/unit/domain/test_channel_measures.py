"""What sketches say, against figures known beforehand."""

from __future__ import annotations

import itertools
from collections import Counter
from math import log, log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_registry.domain.channel_measures import (
    ENOUGH_BLOCKS,
    Bits,
    channel_measures,
    conditional_entropy,
    entropy,
)
from lora_registry.domain.sketch import EXACT, Reading, Sketch, coarser_levels, coarser_transitions

HALF = Reading(0.5, declared=True, increments=False)


def test_a_leak_detector_says_nothing_and_that_is_known() -> None:
    sketch = Sketch(count=1000, sent=15, lowest=0.0, highest=0.0, blocks=40, levels={0: 1000})
    sketch.add_transitions({(0, 0): 999})
    found = channel_measures("waterleak", HALF, sketch)
    assert (found.constancy, found.send_ratio, found.changes) == (1.0, 0.015, 0)
    assert found.entropy == found.conditional_entropy == Bits(0.0, 0.0)
    assert (found.useful_cadence, found.tested, found.missed[24]) == (24, 960, 0.0)


def test_a_cadence_is_useful_while_one_value_in_twenty_at_most_is_missed() -> None:
    sketch = Sketch(count=100, blocks=4, misses=[4, 4, 5, 4, 0, 0])
    found = channel_measures("t", HALF, sketch)
    assert found.missed == {2: 4 / 96, 3: 4 / 96, 4: 5 / 96, 6: 4 / 96, 12: 0, 24: 0}
    assert found.useful_cadence == 3, "a larger one does not count where a smaller one fails"
    assert channel_measures("t", HALF, Sketch(blocks=4, misses=[5, 0, 0, 0, 0, 0])).useful_cadence == 1


def test_with_too_few_values_nothing_is_claimed() -> None:
    found = channel_measures("t", HALF, Sketch(count=1, sent=1, blocks=ENOUGH_BLOCKS - 1))
    assert (found.useful_cadence, found.constancy, found.conditional_entropy) == (None, None, None)
    assert channel_measures("t", HALF, Sketch()).send_ratio is None


def test_a_state_has_neither_extremes_nor_tolerance() -> None:
    found = channel_measures("=door", EXACT, Sketch(count=2, lowest=3.0, highest=7.0, step=4.0))
    assert (found.channel, found.is_state, found.tolerance) == ("door", True, None)
    assert (found.lowest, found.highest, found.resolution) == (None, None, None)


def test_the_entropy_of_a_fair_coin_is_one_bit_and_a_memory_of_it_none() -> None:
    assert entropy({0: 500, 1: 500}, 0) == pytest.approx(Bits(1 + 1 / (2000 * log(2)), 1 + 1 / (2000 * log(2))))
    assert conditional_entropy({0: {1: 500}, 1: {-1: 500}}, 0) == Bits(0.0, 0.0)
    assert conditional_entropy({0: {0: 25, 1: 25}, 1: {0: 25, -1: 25}}, 0) == Bits(1.0, 1.0)
    assert entropy({}, 0) is None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 63), min_size=2, max_size=300), st.integers(0, 4))
def test_what_a_coarser_histogram_claims_holds_for_the_fine_one(levels: list[int], by: int) -> None:
    """Without the correction, which is the same kind of guess at any width."""
    counts, pairs = Counter(levels), Counter(itertools.pairwise(levels))
    fine = _plain(counts)
    coarse = coarser_levels(counts, by)
    corrected = entropy(coarse, by)
    assert corrected is not None
    correction = (len(coarse) - 1) / (2 * len(levels) * log(2))
    assert corrected.low - correction <= fine + 1e-9 <= corrected.high - correction + 2e-9
    nested: dict[int, dict[int, int]] = {}
    for (before, after), count in pairs.items():
        nested.setdefault(before, {})[after - before] = count
    claimed = conditional_entropy(coarser_transitions(nested, by), by)
    assert claimed is not None
    true = _plain(pairs) - _plain(Counter(levels[:-1]))
    assert claimed.low - 1e-9 <= true <= claimed.high + 1e-9


def _plain(counts: Counter[int] | Counter[tuple[int, int]]) -> float:
    total = sum(counts.values())
    return -sum(count / total * log2(count / total) for count in counts.values())


def test_the_correction_brings_the_entropy_of_few_values_nearer_to_the_truth() -> None:
    drawn = np.random.default_rng(5).integers(0, 16, (200, 60))
    plain = np.mean([_plain(Counter(map(int, row))) for row in drawn])
    corrected = [entropy(Counter(map(int, row)), 0) for row in drawn]
    mean = np.mean([bits.low for bits in corrected if bits is not None])
    assert plain < 3.85
    assert abs(mean - 4) < abs(plain - 4) / 3
