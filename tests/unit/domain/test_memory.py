"""How far back a device's past is remembered."""

from __future__ import annotations

import numpy as np

from lora_registry.domain.history import Gaps
from lora_registry.domain.memory import events_from, losses

HOUR = 3600.0
DAY = 24 * HOUR


def gaps_of(length_s: np.ndarray, frames: np.ndarray | None = None) -> Gaps:
    at_s = np.concatenate(([0.0], np.cumsum(length_s)))
    known = np.zeros(len(length_s), dtype=np.int64) if frames is None else frames
    return Gaps(at_s[:-1], at_s[1:], known)


def lossy(gaps: int, loss: float, period_s: float = HOUR, seed: int = 1) -> np.ndarray:
    return np.asarray(period_s * np.random.default_rng(seed).geometric(1 - loss, gaps))


def counted(length_s: np.ndarray, recent_days: float, *, regular: bool = True) -> int:
    gaps = gaps_of(length_s)
    first = int(np.searchsorted(gaps.start_s, gaps.end_s[-1] - recent_days * DAY))
    return int(losses(gaps, first, HOUR, regular=regular).sum())


def test_a_year_of_the_same_is_remembered_and_no_more() -> None:
    year = 365 * 24
    assert counted(lossy(3000, 0.05), 60) == 3000
    assert year * 0.9 < counted(lossy(2 * year, 0.05), 60) <= year


def test_another_period_ends_the_memory_of_a_regular_device() -> None:
    for before in (600.0, 2 * HOUR, 6 * HOUR):
        length_s = np.concatenate((lossy(6000, 0.05, before, 2), lossy(2880, 0.05)))
        # at most half a month of the other period, in the month that holds the change
        assert 2880 * 0.75 <= counted(length_s, 60) <= 2880 + 0.5 * 30 * DAY / before


def test_another_loss_ends_it_for_every_device() -> None:
    for before, after in ((0.02, 0.3), (0.3, 0.02)):
        length_s = np.concatenate((lossy(4000, before, HOUR, 2), lossy(1500, after)))
        for regular in (True, False):
            assert counted(length_s, 60, regular=regular) < 1500 / (1 - after) + 24 * 31


def test_a_rare_burst_does_not_end_it() -> None:
    length_s = lossy(5000, 0.05)
    length_s[[700, 2500]] = 30 * HOUR
    assert counted(length_s, 60) == 5000


def test_nothing_before_the_window_is_the_window() -> None:
    gaps = gaps_of(lossy(100, 0.05))
    assert losses(gaps, 0, HOUR, regular=True).sum() == 100


def busy(gaps: int, per_hour: float, seed: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).exponential(HOUR / per_hour, gaps))


def test_events_are_remembered_as_long_as_they_came_as_often() -> None:
    steady = gaps_of(busy(20_000, 2, 1))
    window = int(np.searchsorted(steady.start_s, steady.end_s[-1] - 60 * DAY))
    from_day = (steady.end_s[-1] - steady.start_s[events_from(steady, window)]) / DAY
    assert 330 <= from_day <= 366
    holidays = gaps_of(np.concatenate((busy(8000, 2, 2), busy(60, 0.03, 3), busy(4000, 2, 4))))
    first = events_from(holidays, len(holidays) - 2880)
    assert 8000 <= first <= 8400


def test_events_of_the_window_alone_are_the_window() -> None:
    assert events_from(gaps_of(busy(100, 2, 1)), 0) == 0
