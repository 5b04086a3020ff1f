"""The spreading factor that a link needs."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.domain.sobriety import Margin, margin, sobriety


@pytest.mark.parametrize(
    ("now", "p10_db", "enough", "waste"),
    [
        (12, 24.0, 7, 25.2),
        (12, 22.5, 7, 25.2),  # exactly 10 dB above the floor of SF7
        (12, 22.4, 8, 13.5),
        (12, 14.0, 11, 1.83),
        (12, 9.0, 12, 1.0),
        (12, -3.0, 12, 1.0),
        (10, 20.0, 7, 6.3),
        (9, 12.0, 9, 1.0),
        (7, 30.0, 7, 1.0),
    ],
)
def test_the_lowest_spreading_factor_that_leaves_ten_decibels(
    now: int, p10_db: float, enough: int, waste: float
) -> None:
    found = sobriety(Margin(now, p10_db, 200), 20)
    assert found.enough == enough
    assert found.waste == pytest.approx(waste, rel=0.01)
    assert found.airtime_s / found.airtime_enough_s == found.waste


def test_a_factor_that_no_lorawan_uplink_has_is_refused() -> None:
    with pytest.raises(ValueError, match=r"spreading_factor 6 is not in 7\.\.12"):
        sobriety(Margin(6, 10.0, 200), 20)


def test_the_margin_is_that_of_nine_uplinks_in_ten() -> None:
    snr = np.arange(100, dtype=np.float64) / 10.0
    measured = margin(snr, np.full(100, 9))
    assert measured is not None
    assert (measured.spreading_factor, measured.uplinks) == (9, 100)
    assert measured.p10_db == pytest.approx(0.99 + 12.5)


def test_it_is_told_of_the_factor_used_most() -> None:
    measured = margin(np.zeros(100), np.repeat([10, 12], [60, 40]))
    assert measured is not None
    assert (measured.spreading_factor, measured.p10_db) == (10, 15.0)


def test_few_uplinks_or_other_modulations_give_no_margin() -> None:
    assert margin(np.zeros(49), np.full(49, 12)) is None
    assert margin(np.zeros(100), np.repeat([0, 12], [60, 40])) is None
    assert margin(np.empty(0), np.empty(0, dtype=np.int64)) is None
