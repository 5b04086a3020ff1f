"""The one number, a service's totals, goals, effects and models: arithmetic that people read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.usefulness import goals
from lora_registry.usefulness.decided import Gesture, Indicator
from lora_registry.usefulness.effect import Measured, Outcome, effect
from lora_registry.usefulness.facts import Facts
from lora_registry.usefulness.figures import Figures, figures_of, known_of, of_100
from lora_registry.usefulness.judgement import judge
from lora_registry.usefulness.models import Followed, models
from lora_registry.usefulness.review import ordered
from lora_registry.usefulness.standing import standing
from lora_registry.usefulness.survival import survival
from lora_registry.usefulness.totals import Totals
from tests.unit.usefulness.facts import HEALTHY, TODAY, UNKNOWN, any_facts, changed

SILENT = changed(radio={"state": "silent", "silent_days": 40.0})
METER = changed(use={"family": "meter"}, information={"reason": "class", "channels": ()})


@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 40_000), min_size=1))
def test_parts_of_100_make_100_and_are_off_by_less_than_one(counts: dict[str, int]) -> None:
    told, total = of_100(counts), sum(counts.values())
    assert sum(told.values()) == (100 if total else 0)
    for name, part in told.items():
        assert not total or abs(part - 100 * counts[name] / total) < 1


def test_meters_drown_nobody() -> None:
    figures = figures_of((facts, standing(facts)) for facts in [METER] * 97 + [HEALTHY, SILENT, UNKNOWN]).as_json()
    assert figures["all"]["of_100"] == {"serves": 98, "does_not": 1, "unknown": 1}
    assert figures["families"]["measure"]["of_100"] == {"serves": 50, "does_not": 50, "unknown": 0}
    assert figures["families"]["measure"]["reasons"] == {"silent": 1}
    assert figures["families"]["unknown"]["judgeable"] == 0
    assert figures["families"]["meter"]["judgeable"] == 97, "of homes no value is asked for"


def test_what_is_planned_or_gone_is_in_no_figure() -> None:
    gone = changed(SILENT, equipment={"lifecycle": "removed"})
    assert figures_of([(gone, standing(gone))]).as_json()["all"]["objects"] == 0


def test_what_must_be_known_to_judge() -> None:
    assert all(known_of(HEALTHY).values())
    assert not any(known_of(UNKNOWN)[name] for name in ("owner", "service", "position", "family", "use"))
    unclassified = changed(information={"reason": "unclassified"})
    assert known_of(unclassified)["decoded"] is False


@given(st.lists(any_facts(), max_size=8), st.integers(0, 8))
def test_totals_of_partitions_add_up_to_those_of_the_whole(objects: list[Facts], cut: int) -> None:
    judged = [(facts, judge(facts)) for facts in objects]
    whole, first, second = Totals(), Totals(), Totals()
    for place, one in enumerate(judged):
        whole.add(*one)
        (first if place < cut else second).add(*one)
    first.plus(second)
    told, again = whole.as_json(), first.as_json()
    for name in ("airtime_s_per_day", "airtime_saved_s_per_day"):
        assert again.pop(name) == pytest.approx(told.pop(name), abs=0.01) if told[name] is not None else True
        told.pop(name, None), again.pop(name, None)
    assert again == told
    lines = whole.lines()
    assert whole.as_json()["low"] == (sum(line["low"] for line in lines) if lines else None)


def test_a_service_is_what_most_of_its_objects_need_and_the_furthest_on_a_tie() -> None:
    totals = Totals()
    for facts in (HEALTHY, SILENT):
        totals.add(facts, judge(facts))
    assert totals.gesture() is Gesture.REPAIR
    totals.add(HEALTHY, judge(HEALTHY))
    assert totals.gesture() is Gesture.KEEP


def service(name: str, **told: Any) -> dict[str, Any]:
    return {"id": name, "objects": 10, "high": 90, "serves": {"serves": 10}, "airtime_s_per_day": 1.0} | told


def test_the_worst_first_and_among_equals_the_costliest() -> None:
    listed = [
        service("empty", objects=0),
        service("good"),
        service("dear", high=88, cost_eur_per_year=900.0),
        service("cheap", high=85, cost_eur_per_year=100.0),
        service("talks", high=85, airtime_s_per_day=50.0),
        service("poor", high=60),
        service("useless", high=85, serves={"does_not": 6, "serves": 4}),
    ]
    assert [one["id"] for one in ordered(listed)] == [
        "useless", "poor", "dear", "cheap", "talks", "good", "empty",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("indicator", "value", "words", "is_reached"),
    [
        (Indicator.SERVE_OF_100, 95.0, "Goal reached", True),
        (Indicator.SERVE_OF_100, 85.0, "On the way", False),
        (Indicator.SERVE_OF_100, 80.0, "Nothing has changed", False),
        (Indicator.SERVE_OF_100, 70.0, "Further away", False),
        (Indicator.DO_NOT_OF_100, 85.0, "Further away", False),
        (Indicator.DO_NOT_OF_100, 70.0, "Goal reached", True),
        (Indicator.SERVE_OF_100, None, "Not measured yet", None),
    ],
)
def test_goals_say_it_for_better_and_for_worse(
    indicator: Indicator, value: float | None, words: str, *, is_reached: bool | None
) -> None:
    target = 90.0 if indicator is Indicator.SERVE_OF_100 else 70.0
    told = goals.progress(indicator, 80.0, {2025: 1.0, 2027: target, 2030: 99.0}, value, date(2026, 6, 1))
    assert told.sentence["en"].startswith(words)
    assert (told.is_reached, told.target_year) == (is_reached, 2027)


def test_every_indicator_is_a_figure() -> None:
    figures = Figures()
    for facts in (HEALTHY, SILENT, UNKNOWN, METER):
        figures.add(facts, standing(facts))
    told = figures.as_json() | {"airtime_s_per_day": 12.0}
    assert {one: goals.value_of(one, told) for one in Indicator} == {
        Indicator.SERVE_OF_100: 50.0, Indicator.DO_NOT_OF_100: 25.0, Indicator.UNKNOWN_OF_100: 25.0,
        Indicator.JUDGEABLE_OF_100: 75.0, Indicator.AIRTIME_S_PER_OBJECT_DAY: 3.0,
    }  # fmt: skip
    assert set(goals.LABELS) == set(Indicator)
    assert goals.value_of(Indicator.SERVE_OF_100, Figures().as_json()) is None


def measured(uplinks: float, heard: int = 10, airtime: float | None = None) -> Measured:
    return Measured(10, heard, uplinks, uplinks / 10 if airtime is None else airtime, 28)


@pytest.mark.parametrize(
    ("gesture", "before", "after", "outcome", "saved"),
    [
        (Gesture.REDUCE_CADENCE, measured(480), measured(240), Outcome.DONE, 24.0),
        (Gesture.REDUCE_CADENCE, measured(480), measured(460), Outcome.NOT_SEEN, 2.0),
        (Gesture.REDUCE_CADENCE, measured(480), measured(240, heard=5), Outcome.NOT_SEEN, 0.0),
        (Gesture.REDUCE_CADENCE, measured(480), measured(600), Outcome.WORSE, -12.0),
        (Gesture.RETIRE, measured(480), measured(0, heard=0), Outcome.DONE, 48.0),
        (Gesture.RETIRE, measured(480), measured(480), Outcome.NOT_SEEN, 0.0),
        (Gesture.REPAIR, measured(240, heard=5), measured(480), Outcome.DONE, -24.0),
        (Gesture.REPAIR, measured(480), measured(480), Outcome.NOT_SEEN, 0.0),
        (Gesture.REPAIR, measured(480), measured(240, heard=5), Outcome.WORSE, 24.0),
        (Gesture.KEEP, measured(480), measured(480), Outcome.DONE, 0.0),
        (Gesture.KEEP, measured(480), measured(240, heard=5), Outcome.WORSE, 24.0),
        (Gesture.MOVE, measured(0, heard=0), measured(480), Outcome.UNKNOWN, None),
        (Gesture.MOVE, measured(480), measured(480)._replace(days=0), Outcome.UNKNOWN, None),
    ],
)
def test_an_effect_is_said_as_it_is(
    gesture: Gesture, before: Measured, after: Measured, outcome: Outcome, saved: float | None
) -> None:
    told = effect(gesture, before, after)
    assert (told.outcome, told.airtime_saved_s_per_day) == (outcome, saved)
    assert set(told.as_json()["sentence"]) == {"fr", "en"}


def test_survival_is_the_textbook_s() -> None:
    """Six followed 1, 2, 3, 4, 5, 6 years; those of 2 and 4 died: S(3) = 4/5, S(5) = 4/5 x 2/3."""
    told = survival([1, 2, 3, 4, 5, 6], [False, True, False, True, False, False], [1, 3, 5, 7])
    assert [(one.years, one.at_risk, round(one.share, 6)) for one in told] == [
        (1, 6, 1.0), (3, 4, 0.8), (5, 2, round(0.8 * 2 / 3, 6)),
    ]  # fmt: skip
    for one in told:
        assert 0 <= one.low <= one.share <= one.high <= 1
        assert one.low < 0.9


def test_where_nothing_died_the_bound_is_that_of_those_followed() -> None:
    (one,) = survival([2.0] * 20, [False] * 20, [1])
    assert (one.share, one.high, one.at_risk) == (1.0, 1.0, 20)
    assert one.low == pytest.approx(0.1 ** (1 / 20))
    assert survival([0.5], [False], [1]) == []


@given(st.lists(st.tuples(st.floats(0, 10), st.booleans()), min_size=1, max_size=40))
def test_survival_never_rises(followed: Sequence[tuple[float, bool]]) -> None:
    years, died = [one for one, _ in followed], [one for _, one in followed]
    told = survival(years, died, np.arange(0, 10, 0.5).tolist())
    shares = [one.share for one in told]
    assert shares == sorted(shares, reverse=True)


def followed(**told: Any) -> Followed:
    values: dict[str, Any] = {
        "model": "M1", "firmware": "1", "batch": None, "first_on": TODAY - timedelta(days=800), "last_on": TODAY,
        "is_dead": False, "lifecycle": "in_service", "purchased_on": TODAY - timedelta(days=731),
        "warranty_until": TODAY - timedelta(days=1), "is_new": True, "delivery": 0.9, "battery_pct": 80.0,
    }  # fmt: skip
    return Followed(**values | told)


def test_a_model_is_told_by_firmware_and_batch_with_its_failures_under_warranty() -> None:
    died = TODAY - timedelta(days=300)
    told = models(
        [
            followed(), followed(is_dead=True, last_on=died, warranty_until=TODAY),
            followed(is_dead=True, last_on=died, warranty_until=died - timedelta(days=1)),
            followed(is_dead=True, last_on=died, lifecycle="removed"),
            followed(first_on=None, last_on=None), followed(firmware="2", is_new=False), followed(batch="a"),
        ],
        TODAY,
    )  # fmt: skip
    listed = [(one.firmware, one.batch, one.objects) for one in told]
    assert listed == [("1", None, 5), ("1", "a", 1), ("2", None, 1)]
    first = told[0]
    assert (first.failures, first.failures_under_warranty) == (2, 1), "removed on purpose is no failure"
    assert first.battery_years is not None
    assert first.battery_years.median == pytest.approx(10, rel=0.01)
    assert told[2].battery_years is None, "a reused one may have had another cell"
    assert first.survival[0].at_risk == 4
