"""What is lost by sending less often."""

from __future__ import annotations

import pytest

from lora_registry.domain.interpolation import BLOCK, CADENCES, left_out, misses

EVEN_S = [600 * place for place in range(BLOCK)]


def test_a_straight_line_loses_nothing_however_seldom_it_is_sent() -> None:
    uneven_s = [place * place for place in range(BLOCK)]
    assert misses(uneven_s, [0.25 * at for at in uneven_s], 0.001, held=False) == [0] * 6


def test_the_line_is_drawn_in_time_and_not_from_value_to_value() -> None:
    assert misses([place * place for place in range(BLOCK)], [float(n) for n in range(BLOCK)], 0.4, held=False)[-1]


def test_values_that_alternate_are_lost_at_every_second() -> None:
    values = [float(place % 2) for place in range(BLOCK)]
    assert misses(EVEN_S, values, 0.5, held=False) == [12, 16, 12, 12, 12, 12]


def test_a_value_just_as_far_as_the_tolerance_is_no_miss() -> None:
    values = [0.0] * BLOCK
    values[1] = 0.5
    assert misses(EVEN_S, values, 0.5, held=False) == [0] * 6
    values[1] = 0.51
    assert misses(EVEN_S, values, 0.5, held=False) == [1] * 6


def test_a_state_is_the_one_kept_before() -> None:
    values = [0.0] * 12 + [1.0] * 13
    assert misses(EVEN_S, values, 0.0, held=True) == [0, 0, 0, 0, 0, 12]


@pytest.mark.parametrize(("place", "every"), list(enumerate(CADENCES)))
def test_how_many_values_a_cadence_leaves_out(place: int, every: int) -> None:
    assert left_out(2, every) == 2 * sum(bool(i % every) for i in range(BLOCK))
    spikes = [1.0 if i % every else 0.0 for i in range(BLOCK)]
    assert misses(EVEN_S, spikes, 0.1, held=False)[place] == left_out(1, every)
