"""How many messages may be missed in a row before chance no longer explains it."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.domain.loss_models import Branch
from lora_registry.domain.run_length import LONGEST_RUN, RunLength, count, fit, missed, without_outages

ALPHA = 1e-5
"""About one gap of an hourly device in ten years."""


@pytest.mark.parametrize(
    ("alpha", "misses"),
    [
        # a fair coin that never learns: 1/2, 1/4, 1/8, ...
        (0.50001, 1),
        (0.25001, 2),
        (0.13, 3),
        (0.12, 4),
        (0.001, 10),
    ],
)
def test_the_shortest_run_that_chance_does_not_explain(alpha: float, misses: int) -> None:
    law = RunLength(60.0, (Branch(0.5, 5e8, 5e8),), gaps=10, misses_per_gap=1.0)
    assert law.misses_at(alpha) == misses
    assert law.limit_s(alpha) == pytest.approx((misses + 0.2) * 60.0)


@pytest.mark.parametrize(
    ("gap_periods", "expected"), [(1.0, 0), (1.15, 0), (1.3, 1), (2.0, 1), (2.1, 1), (2.25, 2), (3.0, 2), (0.1, 0)]
)
def test_a_message_is_missed_when_its_grace_is_over(gap_periods: float, expected: float) -> None:
    assert missed(np.array([gap_periods * 600.0]), 600.0).tolist() == [expected]


def test_counts_add_up_and_runs_beyond_the_radio_s_teach_no_more() -> None:
    counts = count(np.array([0.0, 0.0, 3.0, 400.0]))
    assert (counts[0], counts[3], counts[LONGEST_RUN], counts.sum()) == (2, 1, 1, 4)
    again = count(np.array([0.0, 3.0]))
    assert fit(counts + again, 60.0) == fit(count(np.array([0.0, 0.0, 3.0, 400.0, 0.0, 3.0])), 60.0)


def test_the_longest_limit_is_read_as_exactly_as_the_shortest() -> None:
    law = fit(count(np.array([0.0] * 50 + [40.0] * 3)), 60.0)
    m = law.misses_at(1e-4)
    assert m > 200
    assert law.chance(m) <= 1e-4 < law.chance(m - 1)


def test_a_device_that_hardly_loses_is_not_made_patient_by_bursts_it_never_had() -> None:
    assert fit(count(np.array([0.0] * 8000 + [1.0] * 160)), 600.0).misses_at(2e-6) <= 4


USUAL = [0.0] * 8000 + [1.0] * 160 + [2.0] * 3


def patience(*more: float) -> int:
    """Return the limit of a device that now and then misses a message, after some long silences."""
    return fit(without_outages(count(np.array([*USUAL, *more])), ALPHA), 3600.0).misses_at(ALPHA)


def test_one_outage_teaches_hardly_any_patience() -> None:
    assert patience() == 3
    for outage in (12.0, 30.0, 400.0):
        assert patience(outage) <= 5


def test_a_habit_of_bursts_is_learnt_though_each_was_an_outage_by_the_law_of_the_others() -> None:
    assert patience(*np.linspace(6, 20, 12)) > 25


def test_a_second_outage_does_not_hide_the_first() -> None:
    twice = without_outages(count(np.array([*USUAL, 50.0, 50.0])), ALPHA)
    assert twice.sum() == len(USUAL) + 2
    assert patience(50.0, 50.0) < 24 * 14


def test_what_chance_explains_is_kept_as_it_is() -> None:
    counts = count(np.array(USUAL))
    assert without_outages(counts, ALPHA) is counts


def test_the_first_gap_of_all_may_be_an_outage() -> None:
    assert without_outages(count(np.array([30.0])), ALPHA).sum() == 1


@pytest.mark.parametrize(
    ("gaps", "per_year", "begin", "stay", "most"),
    [
        (8600, 52_000, 0.02, 0.02, 1.2),
        (1400, 8000, 0.05, 0.3, 1.2),
        (17_500, 17_500, 0.0017, 0.83, 2),
        (50_000, 52_000, 0.0005, 0.83, 2),
        (1460, 1460, 0.0065, 0.8, 2),
        # two months of bursts that come five times in them: as good as can be known
        (2800, 17_500, 0.0017, 0.83, 5),
    ],
)
def test_the_budget_holds_on_average_over_what_a_device_may_have_seen(
    gaps: int, per_year: int, begin: float, stay: float, most: float
) -> None:
    # Exact for each law learnt: the true chance of a longer run than its limit, over 300 possible pasts.
    alpha = 0.1 / per_year
    rng = np.random.default_rng(8)
    rates = []
    for _ in range(300):
        misses = np.where(rng.uniform(size=gaps) < begin, rng.geometric(1 - stay, gaps), 0).astype(float)
        limit = fit(without_outages(count(misses), alpha), 1.0).misses_at(alpha)
        rates.append(begin * stay ** (limit - 1) / alpha)
    assert np.mean(rates) < most
