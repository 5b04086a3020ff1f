"""The field solved by its structure is the field solved as one matrix."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lora_registry.coverage import kernel
from lora_registry.coverage.asked import Targets, at, left_out
from lora_registry.coverage.field import Posterior, before, condition
from lora_registry.coverage.kernel import Shadowing
from lora_registry.coverage.layout import lay_out, of_places
from lora_registry.coverage.pairs import Pairs
from tests.unit.coverage.cities import city

Floats = NDArray[np.float64]
SHADOWING = Shadowing(3.0, 0.6, 5.0, 1.4, 4.0, 3.0, 2.0)


def dense(xy: Floats, gateway: NDArray[np.int64], l_decades: Floats) -> Floats:
    """Return the prior covariance of pairs at distinct places, one matrix, places' own part left out."""
    apart = kernel.distances_km(xy, xy)
    trend = kernel.trend(l_decades)
    whole = kernel.shared(SHADOWING, apart) + (trend * kernel.TREND_SD**2) @ trend.T
    same = gateway[:, None] == gateway[None, :]
    return whole + same * kernel.own(SHADOWING, apart, l_decades, l_decades)


@pytest.fixture
def pairs() -> Pairs:
    return city(points=12, gateways=3, seed=3)


@pytest.fixture
def precision(pairs: Pairs) -> Floats:
    return np.random.default_rng(1).uniform(0.01, 0.2, len(pairs))


@pytest.fixture
def seen(pairs: Pairs) -> Floats:
    return np.random.default_rng(2).normal(0, 6, len(pairs))


@pytest.fixture
def order(pairs: Pairs) -> NDArray[np.int64]:
    """Return the pair of each slot: pairs are at distinct places, so there is one."""
    layout = lay_out(pairs)
    order = np.empty(len(pairs), dtype=np.int64)
    order[layout.slot_of_pair] = np.arange(len(pairs))
    return order


@pytest.fixture
def ordered(pairs: Pairs, order: NDArray[np.int64]) -> Pairs:
    """Return the pairs in the order of the slots."""
    return pairs.take(order)


@pytest.fixture
def posterior(pairs: Pairs, precision: Floats, seen: Floats) -> Posterior:
    return condition(before(lay_out(pairs), SHADOWING), precision, precision * seen)


@pytest.fixture
def covariance(ordered: Pairs) -> Floats:
    known = dense(ordered.xy_km, ordered.gateway, ordered.l_decades)
    return known + SHADOWING.place_db**2 * np.eye(len(ordered))


def test_mean_variance_and_determinant_are_those_of_the_whole_matrix(
    posterior: Posterior, covariance: Floats, precision: Floats, seen: Floats
) -> None:
    gain = covariance @ np.linalg.inv(covariance + np.diag(1 / precision))
    np.testing.assert_allclose(posterior.mean, gain @ seen, atol=1e-3)
    np.testing.assert_allclose(posterior.variance(), np.diag(covariance - gain @ covariance), atol=1e-3)
    _, log_determinant = np.linalg.slogdet(np.eye(len(seen)) + covariance * precision)
    assert posterior.log_determinant == pytest.approx(log_determinant, abs=1e-3)


def test_products_are_those_of_the_whole_matrix(
    posterior: Posterior, covariance: Floats, precision: Floats, seen: Floats
) -> None:
    inverse = np.linalg.inv(covariance + np.diag(1 / precision))
    np.testing.assert_allclose(posterior.times_precision(seen), inverse @ seen, atol=1e-6)
    np.testing.assert_allclose(posterior.times_prior(seen), covariance @ seen, rtol=1e-4)


def test_anywhere_and_for_a_gateway_never_heard_it_is_the_same_field(
    posterior: Posterior, covariance: Floats, ordered: Pairs, precision: Floats, seen: Floats
) -> None:
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 6, (4, 2))
    targets = Targets(places, np.repeat(np.arange(4), 2), np.tile([1, 99], 4), rng.uniform(-1, 0.5, 8))
    found = at(posterior, targets)
    every = dense(
        np.concatenate((ordered.xy_km, places[targets.place])),
        np.concatenate((ordered.gateway, targets.gateway)),
        np.concatenate((ordered.l_decades, targets.l_decades)),
    )
    n = len(ordered)
    gain = every[n:, :n] @ np.linalg.inv(covariance + np.diag(1 / precision))
    spread = every[n:, n:] - gain @ every[:n, n:]
    np.testing.assert_allclose(found.mean, gain @ seen, atol=1e-3)
    np.testing.assert_allclose(found.variance, np.diag(spread) + SHADOWING.place_db**2, rtol=1e-3)
    assert (found.common**2 <= found.variance).all()


def test_what_gateways_of_a_place_have_in_common_is_their_covariance(
    posterior: Posterior, covariance: Floats, ordered: Pairs, precision: Floats
) -> None:
    here = np.full((1, 2), 3.0)
    targets = Targets(here, np.zeros(8, dtype=np.int64), 50 + np.arange(8), np.linspace(-0.1, 0.1, 8))
    every = dense(
        np.concatenate((ordered.xy_km, here[targets.place])),
        np.concatenate((ordered.gateway, targets.gateway)),
        np.concatenate((ordered.l_decades, targets.l_decades)),
    )
    n = len(ordered)
    gain = every[n:, :n] @ np.linalg.inv(covariance + np.diag(1 / precision))
    spread = every[n:, n:] - gain @ every[:n, n:]
    common = at(posterior, targets).common
    off = ~np.eye(8, dtype=bool)
    np.testing.assert_allclose(np.outer(common, common)[off], spread[off], rtol=0.1)


def test_leaving_a_group_out_is_never_having_observed_it(
    pairs: Pairs, precision: Floats, seen: Floats, posterior: Posterior
) -> None:
    groups = np.arange(len(pairs)) % 5
    gradient = precision * (seen - posterior.mean)
    mean, variance = left_out(posterior, groups, gradient, precision)
    for group in range(5):
        out = groups == group
        without = np.where(out, 1e-12, precision)
        again = condition(before(lay_out(pairs), SHADOWING), without, without * seen)
        np.testing.assert_allclose(mean[out], again.mean[out], atol=1e-3)
        np.testing.assert_allclose(variance[out], again.variance()[out], rtol=1e-3)


def test_two_observations_at_one_place_tell_of_one_unknown() -> None:
    pairs = city(points=5, gateways=2)
    twice = Pairs(**{name: np.concatenate([getattr(pairs, name)] * 2) for name in Pairs.__dataclass_fields__})
    layout = of_places(twice, twice.xy_km)
    assert len(layout) == len(pairs)
    assert len(layout.place_km) == 5
    assert layout.summed(np.ones(20)).tolist() == [2.0] * 10


def test_places_are_merged_until_there_is_time_for_them() -> None:
    pairs = city(points=60, gateways=2)
    coarse = lay_out(pairs, budget=5e4)
    assert len(coarse.place_km) < 60
    assert sum(len(slots) ** 3 for slots in coarse.slots_of.values()) + len(coarse.place_km) ** 3 <= 5e4
    assert len(coarse.slot_of_pair) == len(pairs)
