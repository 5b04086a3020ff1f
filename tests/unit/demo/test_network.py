"""The network's process: its history whole, its live messages in time, at the pace of the demonstration."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest

from lora_registry.demo.network import Plan, publish_live, tell_history
from lora_registry.demo.pace import CATCH_UP, due_s

END = datetime(2026, 10, 3, 6, tzinfo=UTC)
PLAN = Plan(60, 2, 1, END, "mqtt://127.0.0.1:1", "5")


@pytest.mark.parametrize(
    ("city_s", "lag_s", "expected_s"),
    [(0, 3600, 0), (60, 3600, 1), (3000, 3600, 50), (3661, 3600, 61.017), (3700, 3600, 100), (10, 0, 10)],
)
def test_the_citys_clock_catches_up_and_then_runs_as_everybodys(
    city_s: float, lag_s: float, expected_s: float
) -> None:
    assert due_s(city_s, lag_s) == pytest.approx(expected_s, abs=0.001)


def test_the_history_is_told_whole_and_in_order() -> None:
    out = io.BytesIO()
    tell_history(PLAN.city(), out)
    assert out.getvalue() == b"".join(PLAN.city().lines())


class FullError(Exception):
    """Enough was published."""


class Paper:
    """A publisher that keeps what it is given, and when by the test's clock."""

    def __init__(self, room: int) -> None:
        self.now_s = 100.0
        self.room = room
        self.published: list[tuple[float, str, bytes]] = []

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds

    def publish(self, topic: str, payload: bytes) -> None:
        self.published.append((self.now_s - 100.0, topic, payload))
        if len(self.published) == self.room:
            raise FullError

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing to leave."""


def test_live_messages_are_never_ahead_of_their_time_nor_late() -> None:
    lag_s = 300.0
    paper = Paper(room=600)
    with pytest.raises(FullError):
        publish_live(PLAN.city(), paper, lag_s=lag_s, monotonic=paper.monotonic, sleep=paper.sleep)
    ages_s = []
    for published_s, topic, payload in paper.published:
        if topic.endswith(("/event/up", "/event/stats")):
            own = datetime.fromisoformat(json.loads(payload)["time"])
            ages_s.append(published_s + lag_s - (own - END).total_seconds())
    assert len(ages_s) > 500
    assert min(ages_s) > -1
    assert ages_s[0] > 0.9 * lag_s
    caught_up_s = lag_s / (CATCH_UP - 1)
    assert paper.published[-1][0] > 2 * caught_up_s
    assert ages_s[-1] == pytest.approx(0, abs=1)
