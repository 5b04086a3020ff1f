"""Gateways that share shadowing fail together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from lora_registry.coverage.together import Reception

MARGIN = np.array([[0.5, 0.0, -0.5], [1.5, -2.0, -np.inf]])
COMMON = np.array([[0.6, 0.5, 0.7], [0.3, 0.4, 0.0]])
OWN = np.array([[0.4, 0.6, 0.3], [0.5, 0.2, 0.0]])
RECEPTION = Reception(MARGIN, COMMON, OWN)


def drawn(reception: Reception, count: int = 400_000) -> np.ndarray:
    """Return whether each gateway hears, (count, C, G), by brute force."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(count, len(reception.margin), 1))
    rest = np.sqrt(1 - reception.common**2) * rng.normal(size=(count, *reception.margin.shape))
    return reception.margin + reception.common * shared + rest > 0


def test_the_chance_that_one_hears_is_that_of_draws() -> None:
    np.testing.assert_allclose(RECEPTION.any_hears(), drawn(RECEPTION).any(axis=2).mean(axis=0), atol=2e-3)


def test_each_gateways_own_chance_stays_what_it_was() -> None:
    np.testing.assert_allclose(drawn(RECEPTION).mean(axis=0), RECEPTION.probability(), atol=3e-3)


def test_independence_would_promise_more() -> None:
    independent = 1 - (1 - RECEPTION.probability()).prod(axis=1)
    assert (RECEPTION.any_hears() <= independent + 1e-9).all()
    assert RECEPTION.any_hears()[0] < independent[0] - 0.05


def test_n_minus_one_is_without_the_gateway_that_matters_most() -> None:
    own = np.ones(3, dtype=bool)
    worst = np.minimum.reduce([RECEPTION.taking(np.arange(3) != gone).any_hears() for gone in range(3)])
    np.testing.assert_allclose(RECEPTION.any_hears_without(own), worst, atol=1e-9)


def test_a_third_partys_gateway_saves_nobody() -> None:
    counted = np.array([True, False, True])
    np.testing.assert_allclose(
        RECEPTION.any_hears_without(counted), RECEPTION.taking(counted).any_hears_without(np.ones(2, dtype=bool))
    )
    alone = RECEPTION.any_hears_without(np.array([True, False, False]))
    np.testing.assert_allclose(alone, 0.0, atol=1e-9)
    assert RECEPTION.any_hears_without(np.zeros(3, dtype=bool)).tolist() == [0.0, 0.0]


def test_delivery_has_the_chance_as_its_mean_and_spreads_with_what_is_not_known() -> None:
    mean, variance = RECEPTION.delivery(draws=4000)
    np.testing.assert_allclose(mean, RECEPTION.any_hears(), atol=0.02)
    certain = Reception(MARGIN, COMMON * 0.01, OWN * 0.01)
    assert (certain.delivery()[1] < variance / 100).all()
    assert (variance <= mean * (1 - mean)).all()


def test_a_place_asked_alone_gets_the_same_answer() -> None:
    alone = Reception(MARGIN[1:], COMMON[1:], OWN[1:])
    assert alone.delivery()[0] == pytest.approx(RECEPTION.delivery()[0][1:])


def test_indoors_a_frame_lacks_some_and_nobody_knows_quite_how_much() -> None:
    per_db = np.full((2, 3), 0.1)
    indoor = RECEPTION.lacking(per_db, 12.0, 6.0)
    np.testing.assert_allclose(indoor.margin[0], (MARGIN[0] - 1.2) / np.hypot(1, 0.6))
    assert (indoor.common**2 + indoor.own**2 <= 1 + 1e-9).all()
    assert (indoor.any_hears() < RECEPTION.any_hears()).all()
    faster = RECEPTION.lacking(per_db, 12.5)
    np.testing.assert_allclose(faster.probability(), ndtr(MARGIN - 1.25))


def test_counts_of_gateways() -> None:
    assert RECEPTION.strong().tolist() == [0.0, 1.0]
    assert RECEPTION.expected()[1] == pytest.approx(ndtr(1.5) + ndtr(-2.0))
    nobody = Reception(*(np.zeros((2, 0)) for _ in range(3)))
    assert nobody.any_hears().tolist() == [0.0, 0.0]
    assert nobody.delivery()[0].tolist() == [0.0, 0.0]
