"""The model against what everybody would try, on ground it was not shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lora_registry.coverage.evaluate import evaluate
from lora_registry.coverage.folds import blocks, groups
from lora_registry.coverage.heads import Ground, lean, learn, learn_network, received_level
from lora_registry.coverage.pairs import demand_db
from tests.unit.coverage.cities import city


@pytest.fixture(scope="module")
def scored():  # noqa: ANN201 - what `evaluate` returns
    return evaluate(city(points=60, gateways=4, side_km=7, seed=4, threshold_dbm=-121), block_km=1.0)


def test_where_shadowing_has_a_range_the_model_beats_the_lines(scored) -> None:  # noqa: ANN001
    assert scored.rmse_db < scored.baseline.rmse_db - 0.2
    assert scored.brier < scored.baseline.brier
    assert scored.auc > scored.baseline.auc


def test_intervals_and_probabilities_are_true(scored) -> None:  # noqa: ANN001
    assert 0.85 < scored.interval90 < 0.95
    assert scored.ece < 0.08
    assert abs(scored.bias_db) < 0.7


@pytest.mark.parametrize(
    ("points", "gateways", "threshold_dbm", "levels"),
    [
        (30, 1, -118.0, True),  # one gateway
        (30, 2, -118.0, False),  # no levels
        (20, 2, -300.0, True),  # all heard
        (20, 2, 300.0, True),  # none heard
        (2, 1, -118.0, True),  # next to nothing
        (2, 6, -118.0, True),
    ],
)
def test_a_small_file_has_scores_and_is_hardly_worse_than_its_lines(
    points: int, gateways: int, threshold_dbm: float, *, levels: bool
) -> None:
    pairs = city(points=points, gateways=gateways, threshold_dbm=threshold_dbm, levels=levels, seed=8)
    scored = evaluate(pairs, block_km=1.0)
    assert scored is not None
    assert scored.n_pairs == points * gateways
    assert 0 <= scored.brier <= scored.baseline.brier + 0.02
    assert (scored.auc is None) == (pairs.heard.all() or not pairs.heard.any())
    if points > 2:
        assert (scored.rmse_db is None) == (not pairs.measured.any())
    assert (scored.rmse_db is None) == (scored.interval90 is None) == (scored.baseline.rmse_db is None)
    if scored.rmse_db is not None and scored.baseline.rmse_db is not None and points > 2:
        assert scored.rmse_db < scored.baseline.rmse_db + 0.4


def test_the_same_file_has_the_same_scores() -> None:
    pairs = city(points=10, gateways=1)
    assert evaluate(pairs, block_km=1.0) == evaluate(pairs, block_km=1.0)


def test_one_block_leaves_nothing_to_learn_from() -> None:
    assert evaluate(city(side_km=2.0), block_km=1000.0) is None


def test_what_is_left_out_does_not_reach_its_own_prediction() -> None:
    """Turning every outcome of the fold around leaves its predictions as they were."""
    pairs = city(points=40, gateways=3, side_km=6)
    group = groups(blocks(pairs.xy_km, 1.0))
    out = group % 4 == 0
    turned = replace(
        pairs,
        heard=np.where(out, ~pairs.heard, pairs.heard),
        level_dbm=np.where(out & pairs.heard, np.nan, pairs.level_dbm),
    )
    views = learn(pairs.take(~out))
    first, _ = Ground(pairs, group).predict(views, out)
    second, _ = Ground(turned, group).predict(views, out)
    np.testing.assert_allclose(first.probability[out], second.probability[out], atol=1e-6)


def test_all_at_one_place_is_no_reason_to_fail() -> None:
    pairs = city(points=6, gateways=2)
    network = learn_network(replace(pairs, xy_km=np.zeros_like(pairs.xy_km)))
    assert np.isfinite(network.corrections.link).all()


def test_a_file_leans_on_its_lines_the_less_the_more_places_it_has() -> None:
    assert [round(lean(places), 2) for places in (0, 30, 300, 3000)] == [1.0, 0.33, 0.05, 0.0]


def test_a_received_frame_is_above_what_is_expected_of_all() -> None:
    pairs = city(points=40, gateways=2)
    views = learn(pairs)
    assert views.censored is not None
    expected = received_level(views.censored, np.array([-140.0, -90.0]), np.full(2, 25.0), np.zeros(2))
    assert expected[0] > -135
    assert expected[1] == pytest.approx(-90, abs=0.01)
    with pytest.raises(TypeError, match="knows no threshold"):
        received_level(views.decoded, np.zeros(1), np.zeros(1), np.zeros(1))


def test_each_spreading_factor_hears_deeper() -> None:
    assert demand_db(np.array([12.0, 7.0, np.nan])).tolist() == [0.0, 12.5, 0.0]
