"""The interval of a loss that comes in bursts."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.domain.beta_law import beta_quantile
from lora_registry.domain.gilbert_interval import _beta, heard_share


@pytest.mark.parametrize(("a", "b"), [(0.5, 20.5), (0.5, 2000.0), (3.0, 2.0), (40.5, 3.5), (900.0, 100.0)])
@pytest.mark.parametrize("probability", [0.05, 0.25, 0.5, 0.75, 0.95])
def test_the_draws_have_the_quantiles_of_their_law(a: float, b: float, probability: float) -> None:
    drawn = float(np.mean(_beta(a, b, 0) <= beta_quantile(probability, a, b)))
    assert drawn == pytest.approx(probability, abs=0.02)


def test_independent_losses_have_the_interval_of_a_proportion() -> None:
    # 200 of 2,000 lost, as often begun as losses that know nothing of each other
    low, high = heard_share(runs=180, lost=200, gaps=1800, level=0.9)
    assert low == pytest.approx(0.9 - 1.645 * np.sqrt(0.09 / 2000), abs=0.002)
    assert high == pytest.approx(0.9 + 1.645 * np.sqrt(0.09 / 2000), abs=0.002)


def test_the_same_losses_in_fewer_runs_are_less_sure() -> None:
    widths = [np.diff(heard_share(runs=runs, lost=200, gaps=1800, level=0.9))[0] for runs in (180, 60, 20, 4)]
    assert widths == sorted(widths)
    assert widths[-1] > 3 * widths[0]


def test_without_a_loss_the_upper_bound_is_near_one_and_the_lower_says_how_little_was_seen() -> None:
    few, many = (heard_share(runs=0, lost=0, gaps=gaps, level=0.9) for gaps in (30, 3000))
    assert 0.999 < few[1] <= 1.0
    assert few[0] < 0.9
    assert many[0] > 0.97


def test_the_same_counts_give_the_same_interval() -> None:
    assert heard_share(runs=3, lost=9, gaps=90, level=0.9) == heard_share(runs=3, lost=9, gaps=90, level=0.9)
