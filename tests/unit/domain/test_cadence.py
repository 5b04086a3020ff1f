"""The rhythm learnt from a device's past, and the silence it allows."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.domain.cadence import (
    ALERT_BETA,
    WATCH_BETA,
    CadenceClass,
    cadence_of,
    summarise,
)
from lora_registry.domain.event_tail import ActivityClock
from lora_registry.domain.history import History, gaps_of
from lora_registry.domain.intervals import normalise

HOUR = 3600.0
DAY = 24 * HOUR
START = 1_672_531_200.0


def periodic(period_s: float, days: float, loss: float, seed: int, *, counters: bool = True) -> History:
    rng = np.random.default_rng(seed)
    count = int(days * DAY / period_s)
    at_s = START + period_s * (np.arange(count) + rng.normal(0, 0.003, count))
    heard = rng.uniform(size=count) >= loss
    return History.of(at_s[heard], np.flatnonzero(heard) if counters else None)


def events(per_day: float, days: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(START + np.sort(rng.uniform(0, days * DAY, rng.poisson(per_day * days))))


def with_heartbeat(event_s: np.ndarray, heartbeat_s: float) -> np.ndarray:
    """Return the events and the frames of a timer that each of them restarts."""
    times = [START]
    for event in event_s.tolist():
        while times[-1] + heartbeat_s < event:
            times.append(times[-1] + heartbeat_s)
        times.append(event)
    return np.array(times)


@pytest.mark.parametrize("counters", [True, False])
@pytest.mark.parametrize(
    ("period_s", "days", "loss"),
    [(600.0, 5, 0.02), (600.0, 30, 0.32), (HOUR, 30, 0.3), (12 * HOUR, 60, 0.02), (DAY, 60, 0.1)],
)
def test_a_timer_is_found_whatever_is_lost(period_s: float, days: float, loss: float, *, counters: bool) -> None:
    cadence = cadence_of(periodic(period_s, days, loss, 1, counters=counters))
    assert cadence.kind is CadenceClass.PERIODIC
    assert cadence.period_s == pytest.approx(period_s, rel=0.01)


@pytest.mark.parametrize(
    ("at_s", "kind", "period_s"),
    [
        (with_heartbeat(events(0.5, 60, 1), DAY), CadenceClass.MIXED, DAY),
        (with_heartbeat(events(5, 60, 2), 6 * HOUR), CadenceClass.MIXED, 6 * HOUR),
        (events(4, 60, 3), CadenceClass.EVENT, None),
        (events(100, 30, 4), CadenceClass.EVENT, None),
        # three frames in a burst every hour: the hour is the rhythm, not the burst
        (
            np.concatenate([START + h * HOUR + np.array([0.0, 10.0, 20.0]) for h in range(400)]),
            CadenceClass.MIXED,
            HOUR - 20,
        ),
        (START + HOUR * np.arange(15), CadenceClass.LEARNING, None),
        (np.array([START]), CadenceClass.LEARNING, None),
        (np.array([]), CadenceClass.LEARNING, None),
    ],
)
def test_why_a_device_speaks_is_read_from_its_gaps(
    at_s: np.ndarray, kind: CadenceClass, period_s: float | None
) -> None:
    cadence = cadence_of(History.of(at_s))
    assert cadence.kind is kind
    assert cadence.period_s == (None if period_s is None else pytest.approx(period_s, rel=0.02))


def test_a_new_period_is_believed_after_six_gaps() -> None:
    before = START + 600.0 * np.arange(2000)
    after = before[-1] + HOUR * np.arange(1, 8)
    cadence = cadence_of(History.of(np.concatenate((before, after)), np.arange(2007)))
    assert cadence.period_s == pytest.approx(HOUR)
    assert cadence.limit_s(0.0, beta=ALERT_BETA) > 2 * HOUR


def test_a_smaller_budget_is_more_patient_for_every_class() -> None:
    for at_s in (periodic(600.0, 20, 0.1, 1).at_s, events(4, 60, 3), with_heartbeat(events(2, 60, 1), DAY)):
        cadence = cadence_of(History.of(at_s))
        last_s = float(at_s[-1])
        limits = [cadence.limit_s(last_s, beta=beta) for beta in (10.0, 1.0, 0.1, 0.01)]
        assert limits == sorted(limits)
        assert limits[0] < limits[-1]


def test_losses_and_ignorance_make_it_patient() -> None:
    def limit(history: History) -> float:
        return cadence_of(history).limit_s(0.0, beta=ALERT_BETA)

    assert limit(periodic(600.0, 30, 0.01, 1)) < limit(periodic(600.0, 30, 0.3, 1))
    assert limit(periodic(600.0, 60, 0.01, 1)) < limit(periodic(600.0, 0.2, 0.01, 1))


def test_the_law_of_little_is_no_more_patient_than_ignorance() -> None:
    cadence = cadence_of(periodic(DAY, 22, 0.0, 1))
    assert cadence.kind is CadenceClass.PERIODIC
    assert cadence.limit_s(0.0, beta=ALERT_BETA) <= 20.2 * DAY


def test_the_losses_of_a_year_are_remembered_and_the_rhythm_of_two_months() -> None:
    year = periodic(HOUR, 300, 0.05, 1)
    cadence = cadence_of(year)
    assert (cadence.gaps, cadence.remembered) == (pytest.approx(60 * 24 * 0.95, rel=0.02), len(year) - 1)


def test_one_long_outage_does_not_teach_silence_to_a_device_with_losses() -> None:
    whole = periodic(600.0, 40, 0.05, 1)
    kept = (whole.at_s < START + 15 * DAY) | (whole.at_s > START + 25 * DAY)
    broken = History.of(whole.at_s[kept], whole.f_cnt[kept])
    limits = [cadence_of(history).limit_s(0.0, beta=ALERT_BETA) for history in (whole, broken)]
    assert limits[0] < limits[1] <= limits[0] + 2 * HOUR


def test_gaps_while_we_were_deaf_teach_nothing() -> None:
    whole = periodic(HOUR, 40, 0.02, 1)
    deaf = np.zeros(len(whole), dtype=bool)
    spans = []
    for day in range(0, 40, 2):
        start = START + day * DAY
        spans.append((start + 12 * HOUR, start + 2 * DAY))
        deaf |= (whole.at_s >= start) & (whole.at_s < start + 12 * HOUR)
    heard = History.of(whole.at_s[~deaf], whole.f_cnt[~deaf])
    limits = [cadence_of(heard, watched).limit_s(0.0, beta=ALERT_BETA) for watched in (normalise(spans), None)]
    assert limits[0] < 12 * HOUR < 48 * HOUR < limits[1]


def test_the_clock_of_a_school_is_slow_on_sundays_and_never_stops() -> None:
    hours = START + HOUR * np.arange(24 * 7 * 8)
    weekday = ((hours // DAY) % 7 != 2) & ((hours // DAY) % 7 != 3)  # the epoch was a Thursday
    open_hours = (hours % DAY >= 8 * HOUR) & (hours % DAY < 18 * HOUR)
    at_s = np.repeat(hours[weekday & open_hours], 3)
    clock = ActivityClock.learn(at_s, 8 * 7 * DAY)
    sunday, monday = 3 * DAY, 4 * DAY
    day = np.array([sunday, monday, monday + DAY])
    passed = np.diff(clock.read(day))
    assert 0 < passed[0] < 0.15 * passed[1]
    weeks = np.array([0.0, 7 * DAY])
    assert np.diff(clock.read(weeks)) == pytest.approx(7 * DAY)


def test_the_clock_can_be_read_backwards() -> None:
    clock = ActivityClock.learn(events(20, 60, 5), 60 * DAY)
    at_s = START + np.linspace(0, 30 * DAY, 101)
    assert clock.when(clock.read(at_s)) == pytest.approx(at_s)


@pytest.mark.parametrize(
    ("frames", "days_between", "limit_days"),
    [
        (1, 0.0, 30),  # a single frame: a month
        (4, 0.001, 30),  # a burst at installation says nothing of the rhythm
        (10, 1.0, 20),  # twenty times its longest pause
        (12, 0.2, 7),  # never less than a week
        (50, 0.0001, 30),  # an installer pressing a button fifty times
    ],
)
def test_a_little_known_device_has_time_and_not_for_ever(
    frames: int, days_between: float, limit_days: float
) -> None:
    cadence = cadence_of(History.of(START + DAY * days_between * np.arange(frames)))
    assert cadence.kind is CadenceClass.LEARNING
    assert cadence.limit_s(0.0, beta=ALERT_BETA) == pytest.approx(limit_days * DAY)


def test_a_summary_is_late_before_it_is_silent() -> None:
    history = periodic(600.0, 20, 0.1, 1)
    last_s = float(history.at_s[-1])
    summary = summarise(cadence_of(history), last_s)
    assert 600.0 < summary.late_after_s < summary.silent_after_s < 3 * HOUR
    assert (summary.kind, summary.gaps) == (CadenceClass.PERIODIC, len(history) - 1)
    assert summary.late_after_s == cadence_of(history).limit_s(last_s, beta=WATCH_BETA)


@pytest.mark.parametrize(
    ("f_cnt", "mac_only", "frames"),
    [
        ([1, 2, 4], [False, False, False], [1, 2]),
        ([1, 2, 3], [False, True, False], [1]),  # the counter of a MAC frame is not a lost datum
        ([5, 5, 6], [False, False, False], [0, 1]),  # ten minutes apart: no repetition, a counter to distrust
        ([5, 1, 2], [False, False, False], [0, 1]),
        ([-1, 1, 2], [False, False, False], [0, 1]),
        ([1, 20_000, 20_001], [False, False, False], [0, 1]),
    ],
)
def test_steps_of_the_counter_are_trusted_only_inside_a_session(
    f_cnt: list[int], mac_only: list[bool], frames: list[int]
) -> None:
    history = History.of(600.0 * np.arange(len(f_cnt)), np.array(f_cnt), None, np.array(mac_only))
    assert gaps_of(history).frames.tolist() == frames


def test_repetitions_are_one_frame_and_a_join_breaks_the_count() -> None:
    history = History.of(
        np.array([0.0, 2.0, 4.0, 600.0, 1200.0]),
        np.array([1, 1, 1, 2, 3]),
        np.full(5, 7),
        joins_s=np.array([700.0]),
    )
    gaps = gaps_of(history)
    assert gaps.frames.tolist() == [1, 0]
    assert gaps.end_s.tolist() == [600.0, 1200.0]


def test_rows_may_come_in_any_order_and_columns_must_match() -> None:
    history = History.of(np.array([20.0, 10.0]), np.array([2, 1]))
    assert (history.at_s.tolist(), history.f_cnt.tolist()) == ([10.0, 20.0], [1, 2])
    with pytest.raises(ValueError, match="one row per uplink"):
        History.of(np.array([1.0, 2.0]), np.array([1]))
