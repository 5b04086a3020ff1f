"""What predictions are worth: discrimination, sharpness, calibration of probabilities, error of levels."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from lora_registry.coverage.pairs import Flags, Floats

_BINS = 10


def auc(heard: Flags, probability: Floats) -> float | None:
    """Return the chance that a heard pair has the higher probability; None when all or none were heard."""
    ones = int(heard.sum())
    zeros = len(heard) - ones
    if not ones or not zeros:
        return None
    return float((rankdata(probability)[heard].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def brier(heard: Flags, probability: Floats) -> float:
    """Return the mean squared difference between probability and outcome."""
    return float(np.mean((probability - heard) ** 2))


def calibration_error(heard: Flags, probability: Floats) -> float:
    """Return the expected calibration error: |mean outcome - mean probability| over ten equal bins, weighted."""
    width = np.minimum((probability * _BINS).astype(np.int64), _BINS - 1)
    off = np.bincount(width, weights=heard - probability, minlength=_BINS)
    return float(np.abs(off).sum() / len(heard))


def rmse(error_db: Floats) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean(error_db**2)))
