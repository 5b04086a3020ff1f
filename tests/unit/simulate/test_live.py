from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lora_registry.simulate import City, simulate
from lora_registry.simulate.errors import SimulationError

END = datetime(2026, 10, 3, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def city() -> City:
    return simulate(60, 3, 11, END)


def _first(city: City, hours: float, start: datetime = END, speed: float = 1.0) -> list[tuple[float, str, Any]]:
    """Return the messages of the first `hours` of the city's own time."""
    elapsed, found = 0.0, []
    for wait, topic, payload in city.live(start, speed):
        elapsed += wait * speed
        if elapsed > hours * 3600:
            break
        found.append((elapsed, topic, json.loads(payload)))
    return found


def test_frame_counters_and_sessions_go_on_where_the_history_ended(city: City) -> None:
    last: dict[str, tuple[str, int]] = {}
    for message in (json.loads(line) for line in city.lines()):
        if message["topic"].endswith("/event/up"):
            payload = message["payload"]
            last[payload["deviceInfo"]["devEui"]] = (payload["devAddr"], payload["fCnt"])
    continued = 0
    for _, topic, payload in _first(city, 6):
        if topic.endswith("/event/up") and payload["deviceInfo"]["devEui"] in last:
            address, f_cnt = last.pop(payload["deviceInfo"]["devEui"])
            if payload["devAddr"] == address:
                continued += 1
                assert f_cnt < payload["fCnt"] < f_cnt + 60
    assert continued > 15


def test_messages_are_dated_when_they_are_due(city: City) -> None:
    for elapsed, topic, payload in _first(city, 2):
        if topic.endswith("/event/up"):
            due = END + timedelta(seconds=elapsed)
            assert abs((datetime.fromisoformat(payload["time"]) - due).total_seconds()) < 0.001


def test_gateways_report_every_half_minute(city: City) -> None:
    reports: dict[str, list[float]] = {}
    for elapsed, topic, payload in _first(city, 0.2):
        if topic.endswith("/event/stats"):
            reports.setdefault(payload["gatewayId"], []).append(elapsed)
    assert len(reports) == 25
    assert {b - a for times in reports.values() for a, b in itertools.pairwise(times)} == {30.0}


def test_a_faster_city_waits_less_and_says_the_same(city: City) -> None:
    slow, fast = list(itertools.islice(city.live(END), 200)), list(itertools.islice(city.live(END, 60.0), 200))
    assert [m[1:] for m in slow] == [m[1:] for m in fast]
    assert [m[0] for m in fast] == pytest.approx([m[0] / 60 for m in slow])


def test_a_later_start_skips_what_was_sent_meanwhile(city: City) -> None:
    start = END + timedelta(hours=30)
    _, _, payload = next(m for m in _first(city, 6, start) if m[1].endswith("/event/up"))
    assert start <= datetime.fromisoformat(payload["time"]) < start + timedelta(hours=1)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("inf"), float("nan")])
def test_a_speed_that_is_none_is_refused(city: City, speed: float) -> None:
    with pytest.raises(SimulationError, match="speed"):
        city.live(END, speed)


@pytest.mark.parametrize("start", [END - timedelta(seconds=1), END.replace(tzinfo=None)])
def test_a_start_before_the_end_or_without_a_zone_is_refused(city: City, start: datetime) -> None:
    with pytest.raises(SimulationError, match="start"):
        city.live(start)
