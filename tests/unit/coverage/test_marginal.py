"""The marginal likelihood's derivatives, and that the most probable numbers are found again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lora_registry.coverage import mode as mode_module
from lora_registry.coverage.kernel import CENTRE
from lora_registry.coverage.layout import lay_out
from lora_registry.coverage.marginal import gradient, shadowing_of
from lora_registry.coverage.mode import find_mode
from lora_registry.coverage.observation import Censored, Decoded, Levels, Observation
from lora_registry.coverage.pairs import Pairs
from lora_registry.coverage.view import learn_censored, learn_decoded, learn_levels, sample
from tests.unit.coverage.cities import city


def levels(noise: np.ndarray) -> Levels:
    return Levels(float(np.exp(noise[0])))


def censored(noise: np.ndarray) -> Censored:
    return Censored(float(np.exp(noise[0])), float(noise[1]), float(np.exp(noise[2])))


def decoded(noise: np.ndarray) -> Decoded:
    return Decoded(float(np.exp(noise[0])))


@pytest.mark.parametrize(
    ("observation", "noise", "line_db"),
    [(levels, [1.4], -118.0), (censored, [1.4, -126.0, 1.0], -118.0), (decoded, [1.7], 3.0)],
)
def test_derivatives_are_those_of_the_marginal_likelihood(
    observation: Callable[[np.ndarray], Observation],
    noise: list[float],
    line_db: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mode_module, "_CLOSE", 1e-7)  # differences need a mode to the last digit
    pairs = city(points=20, gateways=3, seed=1)
    pairs = pairs.take(pairs.measured) if observation is levels else pairs
    layout = lay_out(pairs)
    v = np.concatenate((np.log(CENTRE) + 0.2, noise))

    def at(u: np.ndarray) -> float:
        mode = find_mode(layout, pairs, observation(u[len(CENTRE) :]), shadowing_of(u), line_db=line_db)
        return mode.log_marginal

    mode = find_mode(layout, pairs, observation(v[len(CENTRE) :]), shadowing_of(v), line_db=line_db)
    found = gradient(mode, layout, pairs, observation, v)
    step = 1e-4 * np.eye(len(v))
    np.testing.assert_allclose(found, [(at(v + one) - at(v - one)) / 2e-4 for one in step], atol=2e-3)


def test_a_start_elsewhere_ends_at_the_same_mode() -> None:
    pairs = city(points=25)
    layout = lay_out(pairs)
    shadowing = shadowing_of(np.log(CENTRE))
    here = find_mode(layout, pairs, Decoded(6.0), shadowing, line_db=0.0)
    far = np.random.default_rng(0).normal(0, 8, len(layout))
    again = find_mode(layout, pairs, Decoded(6.0), shadowing, line_db=0.0, start=far)
    np.testing.assert_allclose(again.slots, here.slots, atol=0.05)


def test_what_a_city_was_made_with_is_learnt() -> None:
    """Shadowing 5 dB, noise 4 dB: told apart, as the range of the one is 1.5 km and of the other none."""
    pairs = city(points=150, gateways=5, side_km=8, seed=5, threshold_dbm=-300)
    view = learn_levels(pairs)
    assert view.shadowing.own_db**2 + view.shadowing.shared_db**2 == pytest.approx(25, rel=0.5)
    assert np.hypot(view.observation.noise_db, view.shadowing.place_db) == pytest.approx(4.0, abs=0.7)


def test_the_censored_view_finds_the_threshold() -> None:
    view = learn_censored(city(points=120, gateways=4, side_km=8, seed=2, threshold_dbm=-121))
    assert isinstance(view.observation, Censored)
    assert view.observation.threshold_dbm == pytest.approx(-121, abs=1.5)


@pytest.mark.parametrize("threshold_dbm", [-300.0, 300.0])
def test_where_all_or_none_was_heard_the_priors_stand(threshold_dbm: float) -> None:
    view = learn_decoded(city(points=8, gateways=1, threshold_dbm=threshold_dbm))
    assert np.isfinite(view.shadowing).all()
    assert 2.0 < view.observation.noise_db < 15.0


def test_a_sample_has_whole_places_each_with_a_neighbour() -> None:
    pairs = city(points=300, gateways=2)
    flags = sample(pairs, 60)
    assert flags.reshape(300, 2).all(axis=1).sum() == flags.sum() / 2
    assert 30 <= flags.sum() / 2 <= 60
    assert (sample(pairs, 60) == flags).all(), "the same one each time"
    assert sample(pairs.take(np.arange(6)), 60).all()


def test_pairs_without_any_level_can_be_learnt_from_as_censored() -> None:
    pairs: Pairs = city(points=10, levels=False)
    assert np.isfinite(learn_censored(pairs).shadowing).all()
