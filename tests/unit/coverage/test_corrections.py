"""Link and blend, folds, scores, baseline."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from lora_registry.coverage import baseline, scores
from lora_registry.coverage.calibration import NO_BLEND, Blend, Link, fit_blend, fit_link
from lora_registry.coverage.folds import FOLDS, blocks, folds, groups, halves
from tests.unit.coverage.cities import city


def test_a_link_is_found_again() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(0, 1.5, 20_000)
    heard = rng.uniform(size=len(z)) < ndtr(0.3 + 1.4 * z)
    link = fit_link(z, heard, np.ones(len(z)))
    assert link.intercept == pytest.approx(0.3, abs=0.05)
    assert link.slope == pytest.approx(1.4, abs=0.05)


@pytest.mark.parametrize("heard", [True, False])
def test_a_few_pairs_do_not_move_a_link_far(heard: bool) -> None:
    link = fit_link(np.full(5, 0.5), np.full(5, heard), np.ones(5))
    assert abs(link.intercept) < 0.8
    assert 0.7 < link.slope < 1.3


def test_without_pairs_nothing_is_corrected() -> None:
    nothing = np.zeros(0)
    assert fit_link(nothing, nothing.astype(bool), nothing) == Link(0.0, 1.0)
    assert fit_blend(nothing, nothing, nothing, nothing) == NO_BLEND


def test_the_better_of_two_predictions_gets_the_weight() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(-115, 8, 4000)
    good, poor = truth + rng.normal(0, 3, 4000), truth + rng.normal(0, 9, 4000)
    sd = np.full(4000, 5.0)
    assert fit_blend(truth, good, poor, sd).weight == pytest.approx(0.1, abs=0.03)
    assert fit_blend(truth, poor, good, sd).weight > 0.7


def test_widening_makes_intervals_true() -> None:
    rng = np.random.default_rng(2)
    truth, told = np.zeros(5000), rng.normal(0, 6, 5000)
    blend = fit_blend(truth, told, told, np.full(5000, 4.0))
    assert blend.widening == pytest.approx(1.5, abs=0.05)
    assert Blend(0.5, 1.0, 1.0).level(np.array([-100.0]), np.array([-110.0])) == [-104.0]


@given(st.integers(1, 60), st.integers(0, 4))
def test_every_block_is_left_out_once_and_folds_are_as_even_as_can_be(count: int, seed: int) -> None:
    half = halves(np.arange(count), 0)
    fold = folds(half, seed)
    sizes = np.bincount(fold)
    assert len(sizes) == min(FOLDS, count)
    assert (sizes > 0).all()
    assert sizes.max() - sizes.min() <= 1 + (count > FOLDS)
    for one in range(len(sizes)):
        assert len(np.unique(half[fold == one])) == 1, "a fold's numbers are learnt from the other half"


def test_points_of_one_square_are_left_out_together() -> None:
    xy = np.array([[0.1, 0.1], [0.9, 0.9], [1.1, 0.1], [-0.1, 0.1]])
    assert blocks(xy, 1.0).tolist() == [1, 1, 2, 0]
    assert len(np.unique(groups(np.arange(100)))) == 30


def test_scores_of_known_predictions() -> None:
    heard = np.array([True, True, False, False])
    chance = np.array([0.9, 0.4, 0.6, 0.1])
    assert scores.auc(heard, chance) == pytest.approx(0.75)
    assert scores.brier(heard, chance) == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)
    assert scores.calibration_error(heard, chance) == pytest.approx((0.1 + 0.6 + 0.6 + 0.1) / 4)
    assert scores.auc(heard, np.full(4, 0.5)) == pytest.approx(0.5)
    assert scores.auc(np.ones(3, dtype=bool), chance[:3]) is None
    assert scores.calibration_error(np.ones(2, dtype=bool), np.ones(2)) == 0.0
    assert scores.rmse(np.array([3.0, -4.0])) == pytest.approx(np.sqrt(12.5))


def test_the_baseline_is_a_line_a_gateway_and_the_line_of_all_below_five_receptions() -> None:
    pairs = city(points=60, gateways=3, threshold_dbm=-300, shadow_db=0.1)
    few = pairs.take((pairs.gateway > 0) | (np.cumsum(pairs.gateway == 0) <= 4))
    level = baseline.level_dbm(few, pairs)
    own = pairs.gateway > 0
    assert scores.rmse((level - pairs.level_dbm)[own]) < 4.5
    both = np.column_stack((np.ones(len(few)), few.l_decades))
    line = np.linalg.lstsq(both, few.level_dbm, rcond=None)[0]
    np.testing.assert_allclose(level[~own], line[0] + line[1] * pairs.l_decades[~own])
    assert np.isnan(baseline.level_dbm(pairs.take(~pairs.heard), pairs)).all()


def test_the_baselines_chance_falls_with_distance_and_knows_its_gateways() -> None:
    pairs = city(points=100, gateways=4, side_km=10, threshold_dbm=-122)
    chance = baseline.probability(pairs, pairs)
    assert scores.auc(pairs.heard, chance) > 0.8  # type: ignore[operator]
    near = pairs.distance_km < 2
    assert chance[near].mean() > chance[~near].mean()
