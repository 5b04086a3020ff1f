"""The Beta law: quantiles for intervals, and what posteriors need; the lower floors do without scipy."""

from __future__ import annotations

from math import exp, lgamma, log, log1p

_TINY = 1e-300
_PRECISION = 1e-12
_MOST_TERMS = 5000
_BISECTIONS = 60
_ASYMPTOTIC_FROM = 6.0


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return x with P(X <= x) = `probability` for X of law Beta(a, b), a and b > 0, to 1e-12 or so."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if beta_cdf(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return P(X <= x): the regularised incomplete beta function, by its continued fraction (Lentz).

    Source: NIST Digital Library of Mathematical Functions, 8.17.22.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):  # the fraction converges on the other side
        return 1.0 - beta_cdf(1.0 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d, fraction = 1.0, 0.0, 1.0
    for term in range(_MOST_TERMS):
        m = term // 2
        if term == 0:
            numerator = 1.0
        elif term % 2 == 0:
            numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1.0 + numerator * d
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = 1.0 + numerator / c
        c = c if abs(c) > _TINY else _TINY
        fraction *= c * d
        if abs(1.0 - c * d) < _PRECISION:
            break
    return front * (fraction - 1.0)


def log_beta(a: float, b: float) -> float:
    """Return the logarithm of the beta function, a and b > 0."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def digamma(x: float) -> float:
    """Return the derivative of log gamma at x > 0, to 1e-8 or better.

    Source: NIST Digital Library of Mathematical Functions, 5.5.2 (up to 6) and 5.11.2 (from there).
    """
    shift = 0.0
    while x < _ASYMPTOTIC_FROM:
        shift -= 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    return shift + log(x) - 0.5 / x - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
