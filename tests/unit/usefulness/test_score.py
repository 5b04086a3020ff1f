"""The score: the sum of its lines, a wider range where less is known, capped only on what is known."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.domain.services import Family
from lora_registry.usefulness import lines
from lora_registry.usefulness.facts import Facts, Information, Neighbours, Part, decoded, encoded
from lora_registry.usefulness.gesture import proposal
from lora_registry.usefulness.judgement import as_bytes, judge
from lora_registry.usefulness.score import CAPS, score, weighted
from lora_registry.usefulness.standing import Defect, Serves, defects, standing
from lora_registry.usefulness.use import CONFIRMATION_DAYS
from tests.unit.usefulness.facts import (
    HEALTHY,
    LEAK,
    TEMPERATURE,
    TODAY,
    UNKNOWN,
    any_facts,
    changed,
    with_channels,
)


@given(any_facts())
def test_a_score_is_exactly_the_sum_of_its_lines_and_each_says_why(facts: Facts) -> None:
    told = score(facts)
    assert told.low == sum(line.low for line in told.lines)
    assert told.high == sum(line.high for line in told.lines)
    assert 0 <= told.low <= told.high <= 100
    kinds = [line.name for line in told.lines if line.part != lines.CAP]
    assert kinds == list(lines.WEIGHTS)
    for line in told.lines:
        assert set(line.sentence) == {"fr", "en"}
        assert all(text.endswith(".") for text in line.sentence.values())
        assert line.part == lines.CAP or 0 <= line.low <= line.high <= line.of


@given(any_facts())
def test_what_is_stored_is_judged_again_to_the_same_bytes(facts: Facts) -> None:
    stored = json.loads(json.dumps(encoded(facts)))
    assert as_bytes(judge(decoded(stored)).as_json()) == as_bytes(judge(facts).as_json())


_FORGETTING: dict[str, dict[str, Any]] = {
    "owner": {"use": {"has_owner": False, "has_purpose": False}},
    "decision": {"use": {"has_decision": False}},
    "reads": {"use": {"counted_days": 0, "read_days": 0, "read_days_30": 0, "reads": 0, "sources": ()}},
    "answer": {"use": {"answer": None, "answered_on": None}},
    "delivery": {"radio": {"delivery_low": None, "delivery_high": None}},
    "availability": {"radio": {"days_heard": None}},
    "airtime": {"radio": {"airtime_s_per_day": None}},
    "rate": {"radio": {"spreading_factor_enough": None, "airtime_waste": None}},
    "battery": {"equipment": {"battery_pct": None, "external_power": False}},
    "age": {"equipment": {"age_years": None}},
}


@given(any_facts(), st.sampled_from(sorted(_FORGETTING)))
def test_knowing_less_never_costs_a_point_and_never_finds_a_fault(facts: Facts, what: str) -> None:
    less = changed(facts, **_FORGETTING[what])
    assert score(less).high >= score(facts).high
    assert set(defects(less)) <= set(defects(facts))


@given(any_facts())
def test_not_judging_values_or_neighbours_costs_nothing(facts: Facts) -> None:
    blind = msgspec.structs.replace(
        facts, information=Information(reason="class"), neighbours=Neighbours(reason="class")
    )
    assert score(blind).high >= score(facts).high - 4, "but for the cadence, which its need may then say alone"
    assert not {Defect.STUCK, Defect.CONSTANT, Defect.TWIN} & set(defects(blind))


def test_a_healthy_object_has_nearly_all_points_and_no_fault() -> None:
    told = score(HEALTHY)
    assert told.low == told.high == 100
    assert standing(HEALTHY).serves is Serves.YES
    assert defects(HEALTHY) == ()
    assert proposal(HEALTHY).gesture == "keep"


def test_of_whom_nothing_is_known_the_range_is_wide_and_nothing_is_lost() -> None:
    told = score(UNKNOWN)
    assert (told.low, told.high) == (0, 100)
    assert told.reasons() == []
    assert standing(UNKNOWN).serves is Serves.UNKNOWN
    assert defects(UNKNOWN) == ()


@pytest.mark.parametrize(
    ("part", "defect"),
    [
        ({"radio": {"state": "silent", "silent_days": 31.0}}, Defect.SILENT),
        ({"radio": {"state": "never_seen", "silent_days": None}}, Defect.NEVER_HEARD),
        ({"use": {"ends_on": TODAY - timedelta(days=1)}}, Defect.ENDED),
        ({"use": {"answer": "not_needed"}}, Defect.NOT_NEEDED),
        ({"use": {"read_days": 0, "read_days_30": 0, "reads": 0}}, Defect.UNREAD),
        (
            {"information": {"channels": (msgspec.structs.replace(TEMPERATURE, recent_highest=12.0),)}},
            Defect.STUCK,
        ),
    ],
)
def test_caps_hold_and_are_lines_of_the_sum(part: dict[str, Any], defect: Defect) -> None:
    facts = changed(**part)
    assert defects(facts) == (defect,)
    told = score(facts)
    assert told.high == CAPS[defect]
    assert told.lines[-1].part == lines.CAP
    assert told.lines[-1].high < 0
    assert told.reasons()[0] == told.lines[-1], "the cap is the first reason"
    assert standing(facts).serves is Serves.NO
    assert proposal(facts).gesture != "keep"


@pytest.mark.parametrize("state", ["undetermined", "not_judged", "learning"])
def test_nothing_is_called_silent_that_we_could_not_hear(state: str) -> None:
    assert defects(changed(radio={"state": state, "silent_days": 300.0})) == ()


@pytest.mark.parametrize(
    ("adr", "waste", "is_fault"), [(False, 4.0, True), (False, 3.9, False), (True, 20.0, False)]
)
def test_a_slow_data_rate_is_a_waste_where_nothing_will_change_it(
    waste: float, *, adr: bool, is_fault: bool
) -> None:
    facts = changed(radio={"adr": adr, "airtime_waste": waste, "spreading_factor": 12, "airtime_s_per_day": 8.0})
    assert (Defect.WASTES_AIRTIME in defects(facts)) is is_fault
    if is_fault:
        assert proposal(facts).airtime_saved_s_per_day == 6.0


def test_a_month_of_silence_is_known_only_after_a_month() -> None:
    assert defects(changed(radio={"state": "silent", "silent_days": 29.0})) == ()


def test_never_read_is_known_only_where_somebody_counted() -> None:
    unread = {"read_days": 0, "read_days_30": 0, "reads": 0}
    assert Defect.UNREAD in defects(changed(use=unread | {"counted_days": 60}))
    assert Defect.UNREAD not in defects(changed(use=unread | {"counted_days": 59}))


@pytest.mark.parametrize(("days", "told"), [(CONFIRMATION_DAYS, 8), (CONFIRMATION_DAYS + 1, 0)])
def test_an_owner_who_is_silent_for_13_months_is_asked_again_and_loses_no_point(days: int, told: int) -> None:
    facts = changed(use={"answered_on": TODAY - timedelta(days=days)})
    (line,) = [line for line in score(facts).lines if line.name == "confirmed"]
    assert (line.low, line.high) == (told, 8)


def test_off_season_costs_nothing() -> None:
    radio = {"state": "undetermined", "silent_days": 120.0, "days_heard": 0, "airtime_s_per_day": 0}
    asleep = changed(radio={"in_season": False} | radio)
    assert score(asleep) == score(changed(radio={"in_season": False}))
    assert score(asleep).low == 100
    assert standing(asleep).serves is Serves.YES


def sentinel(*channels: Any, **parts: dict[str, Any]) -> Facts:
    given_use = {"family": Family.SENTINEL.value} | parts.pop("use", {})
    return with_channels(*channels, use=given_use, **parts)


def test_a_sentinel_is_never_called_constant_and_loses_nothing_by_saying_nothing() -> None:
    quiet = sentinel(LEAK, neighbours={"error": None, "near": 0})
    assert defects(quiet) == ()
    by_name = {line.name: line for line in score(quiet).lines}
    assert (by_name["told"].low, by_name["told"].high) == (10, 10), "it is alive"
    assert (by_name["changes"].low, by_name["changes"].high) == (0, 10), "nobody knows whether it works"
    tested = sentinel(msgspec.structs.replace(LEAK, changes=2))
    assert {line.name: line.low for line in score(tested).lines}["changes"] == 10
    dead = sentinel(LEAK, radio={"state": "silent", "silent_days": 40.0})
    assert {line.name: line.high for line in score(dead).lines}["told"] == 0


@given(any_facts())
def test_only_families_that_measure_can_be_constant(facts: Facts) -> None:
    if facts.use.family not in (Family.MEASURE, Family.METER, Family.STATE):
        assert Defect.CONSTANT not in defects(facts)


def test_constant_is_within_the_tolerance_and_stuck_is_exact() -> None:
    flat = msgspec.structs.replace(
        TEMPERATURE, changes=0, lowest=20.0, highest=20.4, recent_lowest=20.0, recent_highest=20.4,
    )  # fmt: skip
    assert defects(with_channels(flat)) == (Defect.CONSTANT,)
    assert score(with_channels(flat)).high == 80
    moving = msgspec.structs.replace(TEMPERATURE, name="humidity")
    assert defects(with_channels(flat, moving)) == (), "one channel that moves is enough"
    still = msgspec.structs.replace(TEMPERATURE, recent_lowest=20.0, recent_highest=20.0)
    assert defects(with_channels(still)) == (Defect.STUCK,)
    assert defects(with_channels(still, moving)) == (), "a board of which one channel moves is not frozen"
    battery = msgspec.structs.replace(TEMPERATURE, name="battery_v", declared=True)
    assert defects(with_channels(still, battery)) == (Defect.STUCK,), "its supply says nothing of its probe"


def test_too_few_values_are_not_judged() -> None:
    young = with_channels(TEMPERATURE, information={"channels": (TEMPERATURE,), "days": 5})
    by_name = {line.name: line for line in score(young).lines}
    assert (by_name["told"].low, by_name["told"].high) == (0, 10)


@given(any_facts())
def test_ranking_by_other_weights_is_about_the_same_shares(facts: Facts) -> None:
    told = score(facts)
    plain = sum((line.low + line.high) / 2 for line in told.lines if line.part != lines.CAP)
    assert weighted(facts, lines.WEIGHTS) == pytest.approx(plain, abs=len(lines.WEIGHTS) / 2)


def test_facts_say_what_nobody_knows_by_leaving_it_out() -> None:
    assert set(encoded(UNKNOWN)["use"]) == set()
    assert issubclass(Facts, Part)
    assert date.fromisoformat(encoded(UNKNOWN)["judged_on"]) == TODAY
