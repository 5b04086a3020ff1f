"""Losses of a year, though raw uplinks are forgotten after five weeks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from lora_registry.domain.cadence import ALERT_BETA, Cadence, learn
from lora_registry.domain.history import Gaps, History, gaps_of
from lora_registry.domain.loss_memory import Month, close, pack, unpack

HOUR, DAY = 3600.0, 86_400.0
START = 1.7e9


def bursty(seed: int, *, days: int = 330, begins: float = 0.02, goes_on: float = 0.6) -> Gaps:
    """Return the gaps of an hourly device whose losses come in bursts."""
    rng = np.random.default_rng(seed)
    lost, heard = False, []
    for hour in range(24 * days):
        lost = rng.uniform() < (goes_on if lost else begins)
        if not lost:
            heard.append(START + hour * HOUR)
    return gaps_of(History.of(np.array(heard)))


def weekly(gaps: Gaps, *, kept_days: float = 35.0) -> tuple[Cadence, tuple[Month, ...]]:
    """Learn every week from what is left of raw uplinks, carrying months."""
    months: tuple[Month, ...] = ()
    cadence = learn(gaps.part(0, 0))
    for now_s in np.arange(START + 30 * DAY, float(gaps.end_s[-1]) + 1.0, 7 * DAY):
        raw = gaps.where((gaps.start_s >= now_s - kept_days * DAY) & (gaps.end_s <= now_s))
        months = unpack(pack(months))
        cadence = learn(raw, months)
        months = close(months, raw, cadence.period_s)
    return cadence, months


def test_a_year_is_remembered_as_if_nothing_had_been_forgotten() -> None:
    for seed in (1, 2, 3):
        gaps = bursty(seed)
        carried, months = weekly(gaps)
        whole = learn(gaps)
        assert carried.remembered > 0.9 * whole.remembered
        last_s = float(gaps.end_s[-1])
        assert carried.limit_s(last_s, beta=ALERT_BETA) == pytest.approx(
            whole.limit_s(last_s, beta=ALERT_BETA), rel=0.15
        )
        assert 9 <= len(months) <= 13
        assert len(pack(months)) < 1500


def test_no_gap_is_counted_twice_and_none_is_left_out() -> None:
    gaps = bursty(4)
    carried, months = weekly(gaps)
    counted = sum(int(month.counts.sum()) for month in months)
    closed = int(np.count_nonzero(gaps.end_s <= months[-1].end_s))
    assert counted == closed
    assert all(one.end_s <= other.start_s for one, other in pairwise(months))
    assert carried.remembered <= len(gaps)


def test_a_month_of_another_period_or_another_loss_is_not_remembered() -> None:
    gaps = bursty(5, days=40)
    _, months = weekly(gaps)
    other = tuple(month._replace(period_s=2 * HOUR) for month in months)
    assert learn(gaps, other).remembered < learn(gaps, months).remembered
    worse = tuple(month._replace(counts=month.counts[::-1].copy()) for month in months)
    assert learn(gaps, worse).remembered < learn(gaps, months).remembered


def test_what_is_older_than_a_year_goes_and_events_are_not_counted() -> None:
    gaps = bursty(6, days=80)
    _, months = weekly(gaps)
    later = Gaps(gaps.start_s + 400 * DAY, gaps.end_s + 400 * DAY, gaps.frames)
    assert all(month.start_s > START + 350 * DAY for month in close(months, later, HOUR))
    assert close((), gaps, None) == ()
    assert close(months, gaps.part(0, 0), HOUR) == months
    assert unpack(pack(())) == ()
