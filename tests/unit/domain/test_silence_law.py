"""The packed law of silences says what the cadence said that it was packed from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from lora_registry.domain import silence_law
from lora_registry.domain.cadence import Cadence, cadence_of, summarise
from lora_registry.domain.history import History
from lora_registry.domain.silence_law import SilenceLaws

HOUR = 3600.0


def cadence(seed: int, *, lost: float, events: bool = False) -> tuple[Cadence, float]:
    rng = np.random.default_rng(seed)
    gaps_s = rng.exponential(4 * HOUR, 400) if events else rng.geometric(1 - lost, 400) * HOUR
    at_s = 1.7e9 + np.cumsum(gaps_s)
    return cadence_of(History.of(at_s)), float(at_s[-1])


def laws(*cadences: tuple[Cadence, float]) -> SilenceLaws:
    return SilenceLaws.of([silence_law.pack(one, summarise(one, last_s)) for one, last_s in cadences])


@pytest.mark.parametrize("lost", [0.0, 0.1, 0.4])
def test_a_timer_s_chances_are_kept_exactly(lost: float) -> None:
    timer = cadence(1, lost=lost)
    packed = laws(timer)
    for hours in (0.5, 1.1, 1.3, 5.0, 40.0, 900.0):
        expected = timer[0].log_chance(timer[1], hours * HOUR)
        assert packed.log_chance(np.array([hours * HOUR]))[0] == pytest.approx(expected, rel=1e-9)
    assert packed.due_s[0] == pytest.approx(1.2 * HOUR, rel=0.01)
    assert packed.per_s[0] * HOUR == pytest.approx(1 - lost, rel=0.1)


def test_events_are_as_unlikely_at_their_limits_as_the_budget_says_and_near_the_law_between() -> None:
    events = cadence(2, lost=0.0, events=True)
    assert events[0].tail is not None
    packed = laws(events)
    limits = summarise(events[0], events[1])
    for limit_s, beta in ((limits.late_after_s, 1.0), (limits.silent_after_s, 0.1)):
        told = packed.log_chance(np.array([limit_s]))[0]
        assert told == pytest.approx(np.log(events[0].alpha(beta)), rel=1e-6)
        assert told == pytest.approx(events[0].log_chance(events[1], limit_s), rel=0.05)
    assert packed.due_s[0] == 0.0
    silences = np.linspace(0.0, 3 * limits.silent_after_s, 50)
    chances = [packed.log_chance(np.array([one]))[0] for one in silences]
    assert chances[0] == 0.0
    assert all(later <= earlier for earlier, later in pairwise(chances))


def test_who_is_too_little_known_has_no_law() -> None:
    few = cadence_of(History.of(1.7e9 + HOUR * np.arange(5.0)))
    assert silence_law.pack(few, summarise(few, 1.7e9)) == b""
    assert len(SilenceLaws.of([]).log_chance(np.empty(0))) == 0


def test_each_is_judged_by_its_own_law() -> None:
    several = [cadence(seed, lost=0.2, events=seed % 2 == 0) for seed in range(1, 7)]
    silent_s = np.linspace(HOUR, 60 * HOUR, 6)
    together = laws(*several).log_chance(silent_s)
    alone = [laws(one).log_chance(silent_s[[row]])[0] for row, one in enumerate(several)]
    assert together.tolist() == alone
