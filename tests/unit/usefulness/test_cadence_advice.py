"""How much less often: by what values show, by what the service needs, never for those that speak on events."""

from __future__ import annotations

import msgspec
import pytest

from lora_registry.usefulness import cadence
from lora_registry.usefulness.facts import Channel
from lora_registry.usefulness.gesture import proposal
from lora_registry.usefulness.standing import Defect, defects
from tests.unit.usefulness.facts import HEALTHY, TEMPERATURE, changed, with_channels


def slow(useful: int, name: str = "temperature") -> Channel:
    """Return a channel whose values may be sent `useful` times less often."""
    return msgspec.structs.replace(
        TEMPERATURE,
        name=name,
        useful_cadence=useful,
        missed={m: 0.01 if m <= useful else 0.3 for m in (2, 3, 4, 6, 12, 24)},
    )


def test_every_channel_must_allow_it() -> None:
    facts = with_channels(slow(6), slow(3, "humidity"), radio={"need_period_s": None})
    assert cadence.advice(facts) == cadence.Advice(3, 0.01)
    assert cadence.advice(HEALTHY) is None


@pytest.mark.parametrize(
    ("need_s", "period_s", "every"), [(1800, 300, 6), (1800, 700, 2), (1800, 899.0, 2), (1800, 1000, None)]
)
def test_never_less_often_than_its_service_needs(need_s: int, period_s: float, every: int | None) -> None:
    facts = with_channels(slow(24), radio={"need_period_s": need_s, "period_s": period_s})
    told = cadence.advice(facts)
    assert (told.every if told else None) == every


def test_a_miss_that_is_nearly_too_much_is_not_advised() -> None:
    edge = msgspec.structs.replace(slow(24), missed={2: 0.02, 3: 0.031, 4: 0.04, 6: 0.05, 12: 0.05, 24: 0.05})
    told = cadence.advice(with_channels(edge, radio={"need_period_s": None}))
    assert told == cadence.Advice(2, 0.02)


@pytest.mark.parametrize(("how", "family"), [("event", "measure"), ("heartbeat+event", "state")])
def test_what_speaks_on_events_has_no_cadence_to_judge(how: str, family: str) -> None:
    facts = with_channels(slow(24), radio={"cadence": how, "period_s": 60.0}, use={"family": family})
    assert cadence.advice(facts) is None
    assert cadence.times_too_often(facts) is None
    assert Defect.OVER_REPORTS not in defects(facts)


def test_of_a_measure_that_also_speaks_on_events_the_values_count_and_of_a_state_they_do_not() -> None:
    radio = {"cadence": "heartbeat+event", "need_period_s": None}
    assert cadence.advice(with_channels(slow(3), radio=radio)) == cadence.Advice(3, 0.01)
    assert cadence.advice(with_channels(slow(3), radio=radio, use={"family": "state"})) is None


@pytest.mark.parametrize(("period_s", "is_fault"), [(450.0, True), (470.0, False)])
def test_four_times_the_need_is_a_fault_twice_is_a_choice(period_s: float, *, is_fault: bool) -> None:
    assert (Defect.OVER_REPORTS in defects(changed(radio={"period_s": period_s}))) is is_fault


def test_the_proposal_says_what_it_saves() -> None:
    facts = with_channels(slow(6), radio={"need_period_s": None, "airtime_s_per_day": 12.0})
    told = proposal(facts)
    assert (told.gesture, told.every, told.airtime_saved_s_per_day) == ("reduce_cadence", 6, 10.0)
    assert "6 fois moins souvent" in told.sentence["fr"]


def test_a_sentinel_is_left_alone_unless_it_speaks_far_too_often() -> None:
    wanted = {"use": {"family": "sentinel"}}
    assert cadence.advice(changed(radio={"period_s": 900.0}, **wanted)) is None
    told = cadence.advice(changed(radio={"period_s": 60.0}, **wanted))
    assert told == cadence.Advice(24, None), "its need says so: its values are not asked"
