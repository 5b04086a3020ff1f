"""Delivery ratios from frame counters."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.domain.delivery import measure, steps_of
from lora_registry.domain.history import History
from lora_registry.domain.intervals import EMPTY, normalise

PERIOD_S = 600.0


def history(
    f_cnt: list[int],
    at_s: list[float] | None = None,
    dev_addr: list[int] | None = None,
    joins_s: list[float] | None = None,
) -> History:
    at = np.arange(len(f_cnt)) * PERIOD_S if at_s is None else np.array(at_s)
    return History.of(
        at,
        np.array(f_cnt),
        None if dev_addr is None else np.array(dev_addr),
        None,
        None if joins_s is None else np.array(joins_s),
    )


def gilbert(rng: np.random.Generator, frames: int, loss: float, burst: float) -> np.ndarray:
    """Return which frames arrive; bursts of mean length `burst` (1: independent losses)."""
    stay = max(1 - 1 / burst, loss)
    begin = loss * (1 - stay) / (1 - loss)
    draws = rng.uniform(size=frames)
    heard = np.empty(frames, dtype=bool)
    lost = draws[0] < loss
    for i in range(frames):
        lost = draws[i] < (stay if lost else begin)
        heard[i] = not lost
    return heard


@pytest.mark.parametrize(
    ("f_cnt", "sessions"),
    [
        ([5, 6, 7, 8], 1),
        ([5, 6, 9, 10], 1),
        ([65_533, 65_534, 1, 2], 1),  # a 16-bit counter rolls over
        ([5, 6, 0, 1], 2),  # restarted
        ([100_000, 100_001, 3, 4], 2),  # restarted: a 32-bit counter does not roll over
        ([5, 6, 7, 20_000], 2),  # further than a receiver follows
        ([5, 6, 7, 2_000], 2),  # 1993 frames in one period
        ([5, 6, 7, 20], 1),  # 13 in one period: strange, credible
    ],
)
def test_a_session_ends_where_the_counter_says_so(f_cnt: list[int], sessions: int) -> None:
    assert 1 + np.count_nonzero(steps_of(history(f_cnt)).new_session) == sessions


def test_a_join_and_another_address_start_a_session() -> None:
    assert steps_of(history([5, 6, 7, 8], joins_s=[700.0])).new_session.tolist() == [False, True, False]
    assert steps_of(history([5, 6, 7, 8], dev_addr=[1, 1, 2, 2])).new_session.tolist() == [False, True, False]


def test_a_roll_over_loses_nothing_by_itself() -> None:
    assert steps_of(history([65_534, 65_535, 0, 2])).steps.tolist() == [1, 1, 2]


def test_repetitions_count_once_and_late_frames_take_their_place() -> None:
    at_s = [0.0, 2.0, 4.0, 600.0, 1800.0, 1803.0, 2400.0]
    frames = steps_of(history([1, 1, 1, 2, 4, 3, 5], at_s))
    assert frames.steps.tolist() == [1, 1, 1, 1]
    assert not frames.new_session.any()


def test_the_ends_of_a_session_are_heard_by_construction_and_do_not_count() -> None:
    f_cnt = [n for n in range(0, 1001, 1) if n % 5 != 2]
    measured = measure(history(f_cnt, [n * PERIOD_S for n in f_cnt]))
    assert measured.ratio == pytest.approx((len(f_cnt) - 2) / (1000 - 1))
    assert (measured.received, measured.sent) == (len(f_cnt), 1001)


def test_sessions_are_pooled() -> None:
    both = [*range(0, 100, 2), *range(50)]
    measured = measure(history(both, [float(600 * i) for i in range(len(both))]))
    assert measured.sessions == 2
    assert measured.ratio == pytest.approx((48 + 48) / (97 + 48))


@pytest.mark.parametrize(
    ("f_cnt", "reason"),
    [
        ([], "no_counters"),
        ([-1, -1, -1], "no_counters"),
        ([7], "too_few"),
        (list(range(15)), "too_few"),
        ([0] * 200, "too_few"),  # restarts at each frame: 200 sessions of one
    ],
)
def test_too_little_gives_no_ratio_and_the_reason(f_cnt: list[int], reason: str) -> None:
    measured = measure(history(f_cnt))
    assert (measured.ratio, measured.low, measured.high, measured.reason) == (None, None, None, reason)


def test_an_outage_is_set_apart_from_the_radio() -> None:
    f_cnt = [*range(500), *range(700, 1200)]
    measured = measure(history(f_cnt, [n * PERIOD_S for n in f_cnt]))
    assert measured.outages == 1
    assert measured.ratio == pytest.approx(998 / 1198)
    assert measured.radio_ratio == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("loss", "burst", "frames"),
    [
        (0.02, 1.0, 2000),
        (0.1, 2.0, 2000),
        (0.1, 5.0, 2000),
        (0.3, 3.0, 2000),
        (0.4, 1.0, 2000),
        (0.02, 5.0, 800),  # three bursts in all
    ],
)
def test_nine_intervals_in_ten_hold_the_truth_even_when_losses_come_in_bursts(
    loss: float, burst: float, frames: int
) -> None:
    inside, errors = 0, []
    for seed in range(200):
        heard = np.flatnonzero(gilbert(np.random.default_rng(seed), frames, loss, burst))
        measured = measure(History.of(heard * PERIOD_S, heard))
        assert measured.ratio is not None
        assert measured.low is not None
        assert measured.high is not None
        errors.append(measured.ratio - (1 - loss))
        inside += measured.low <= 1 - loss <= measured.high
    assert abs(float(np.mean(errors))) < 0.005
    assert 0.83 <= inside / 200 <= 0.97


HEARD = list(range(200)) + list(range(300, 500))
"""A hundred frames in a row that we did not receive."""


def deaf_between(first: float, last: float) -> np.ndarray:
    """Return a clock that stands from frame `first` to frame `last`."""
    return normalise([(-1e6, first * PERIOD_S), (last * PERIOD_S, 1e9)])


def test_what_was_sent_while_we_were_deaf_is_nobodys_loss() -> None:
    at_s = [n * PERIOD_S for n in HEARD]
    accused = measure(history(HEARD, at_s))
    assert accused.ratio == pytest.approx(398 / 498)
    excused = measure(history(HEARD, at_s), deaf_between(199.5, 299.5))
    assert (excused.ratio, excused.sessions, excused.sent) == (1.0, 2, 400)


def test_the_radio_s_own_losses_are_counted_beside_those_of_deafness() -> None:
    own = [n for n in HEARD if n % 4]
    measured = measure(history(own, [n * PERIOD_S for n in own]), deaf_between(199.5, 299.5))
    assert measured.ratio == pytest.approx(0.75, abs=0.01)


def test_a_listener_that_blinks_excuses_no_more_than_its_blinks() -> None:
    """Deaf for a tenth of each period, in which a frame is hardly ever sent."""
    blinking = normalise([(n * PERIOD_S - 240, n * PERIOD_S + 300) for n in range(-1, 501)])
    measured = measure(history(HEARD, [n * PERIOD_S for n in HEARD]), blinking)
    assert measured.sessions == 1
    assert measured.ratio == pytest.approx(398 / 488)


def test_nothing_is_said_of_a_time_in_which_nobody_listened() -> None:
    measured = measure(history(HEARD, [n * PERIOD_S for n in HEARD]), EMPTY)
    assert (measured.ratio, measured.reason) == (None, "too_few")


def test_a_counter_that_runs_faster_than_any_device_may_send_says_nothing_of_losses() -> None:
    """An hourly device whose counter is a clock of half seconds: no frame is known to be lost."""
    hours = np.arange(300.0)
    measured = measure(History.of(1.7e9 + 3600.0 * hours, (7919 * hours).astype(np.int64) % 65_000))
    assert (measured.ratio, measured.reason) == (None, "too_few")
