"""The Beta law without scipy."""

from __future__ import annotations

from math import log, pi

import pytest

from lora_registry.domain.beta_law import beta_cdf, beta_quantile, digamma, log_beta

EULER = 0.577_215_664_901_532_9


@pytest.mark.parametrize(
    ("x", "a", "b", "expected"),
    [
        (0.3, 1.0, 1.0, 0.3),
        (0.5, 4.0, 4.0, 0.5),
        (0.25, 2.0, 3.0, 0.26171875),
        (0.0, 2.0, 3.0, 0.0),
        (1.0, 2.0, 3.0, 1.0),
    ],
)
def test_the_beta_law_has_its_known_values(x: float, a: float, b: float, expected: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("a", "b"), [(0.5, 20.5), (0.5, 100_000.0), (9_000.0, 1_000.0), (3.0, 2.0)])
@pytest.mark.parametrize("probability", [0.05, 0.5, 0.95])
def test_a_quantile_is_the_inverse_of_its_law(a: float, b: float, probability: float) -> None:
    assert beta_cdf(beta_quantile(probability, a, b), a, b) == pytest.approx(probability, abs=1e-7)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (1.0, -EULER),
        (0.5, -EULER - 2 * log(2)),
        (2.0, 1 - EULER),
        (0.25, -EULER - pi / 2 - 3 * log(2)),
        (1e6, log(1e6) - 0.5e-6),
    ],
)
def test_digamma_has_its_known_values(x: float, expected: float) -> None:
    assert digamma(x) == pytest.approx(expected, abs=1e-8)


def test_the_beta_function_has_its_known_values() -> None:
    assert log_beta(0.5, 0.5) == pytest.approx(log(pi))
    assert log_beta(3, 4) == pytest.approx(log(1 / 60))
