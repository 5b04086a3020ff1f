"""Derivatives of what an observation says, and what it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from lora_registry.coverage.observation import Censored, Decoded, Levels, Observation, hazard

HEARD = np.array([True, True, False, False, True])
LEVEL = np.array([-110.0, -125.0, np.nan, np.nan, -133.0])
DEMAND = np.array([0.0, 12.5, 0.0, 5.0, 0.0])
MEAN = np.array([-108.0, -118.0, -129.0, -140.0, -136.0])


@pytest.mark.parametrize(
    ("observation", "mean", "which"),
    [
        (Levels(5.0), MEAN, HEARD),
        (Censored(5.0, -130.0, 3.0), MEAN, np.ones(5, dtype=bool)),
        (Decoded(6.0), MEAN + 125.0, np.ones(5, dtype=bool)),
    ],
)
def test_gradient_and_curvature_are_the_likelihoods_derivatives(
    observation: Observation, mean: np.ndarray, which: np.ndarray
) -> None:
    columns = (LEVEL[which], DEMAND[which], HEARD[which])
    step = 1e-4
    less, here, more = (observation.terms(mean[which] + d, *columns) for d in (-step, 0.0, step))
    slope = (more.log_likelihood - less.log_likelihood) / (2 * step)
    np.testing.assert_allclose(here.gradient, slope, atol=1e-5)
    np.testing.assert_allclose(here.curvature, -(more.gradient - less.gradient) / (2 * step), atol=1e-5)
    assert (here.curvature > 0).all()


def test_a_frame_not_heard_says_that_it_was_below_the_threshold() -> None:
    told = Censored(4.0, -130.0, 3.0).terms(
        np.array([-128.0]), np.array([np.nan]), np.array([2.5]), np.array([False])
    )
    # Below -127.5 (the threshold of a frame that needs 2.5 dB more), give or take 5 dB (4 and 3 together).
    assert told.log_likelihood[0] == pytest.approx(norm.logcdf((-127.5 + 128.0) / 5.0))


def test_a_faster_frame_needs_more() -> None:
    slow, fast = (
        Decoded(6.0).terms(np.array([3.0]), np.array([np.nan]), np.array([demand]), np.array([True]))
        for demand in (0.0, 12.5)
    )
    assert slow.log_likelihood[0] > fast.log_likelihood[0]
    assert fast.log_likelihood[0] == pytest.approx(norm.logcdf(-9.5 / 6.0))


def test_the_hazard_is_stable_far_out() -> None:
    np.testing.assert_allclose(hazard(np.array([-40.0, 0.0, 40.0])), [40.025, 0.79788, 0.0], atol=1e-3)
