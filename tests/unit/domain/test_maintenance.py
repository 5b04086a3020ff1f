"""Maintenance: what it takes off a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.domain import intervals
from lora_registry.domain.maintenance import Maintenance, Under
from lora_registry.domain.time_off import Concerned, TimeOff

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def announced(under: Under, subject: str, first: float, last: float) -> Maintenance:
    return Maintenance(under, subject, START + first * HOUR, START + last * HOUR)


ANNOUNCED = [
    announced(Under.DEVICE, "a", 10, 20),
    announced(Under.DEVICE, "a", 15, 25),
    announced(Under.SERVICE, "parking", 30, 40),
    announced(Under.NETWORK, "parking", 50, 60),
    announced(Under.SERVICE, "called off", 70, 70),
    announced(Under.SERVICE, "called off", 80, 75),
]


@pytest.mark.parametrize(
    ("concerned", "left"),
    [
        ((), [(0, 100)]),
        (((Under.DEVICE, "b"),), [(0, 100)]),
        (((Under.DEVICE, "a"),), [(0, 10), (25, 100)]),
        (((Under.DEVICE, "a"), (Under.SERVICE, "parking")), [(0, 10), (25, 30), (40, 100)]),
        (((Under.APPLICATION, "parking"),), [(0, 100)]),
        (((Under.SERVICE, "called off"),), [(0, 100)]),
    ],
)
def test_what_is_left_of_a_clock(concerned: tuple[Concerned, ...], left: list[tuple[float, float]]) -> None:
    clock = intervals.normalise([(START.timestamp(), (START + 100 * HOUR).timestamp())])
    spans = TimeOff.of(ANNOUNCED).taken_from(clock, *concerned)
    assert ((spans - START.timestamp()) / 3600).tolist() == [list(span) for span in left]


def test_without_maintenance_a_clock_is_the_same_one() -> None:
    clock = intervals.normalise([(0.0, 1.0)])
    assert TimeOff().taken_from(clock, (Under.DEVICE, "a")) is clock
