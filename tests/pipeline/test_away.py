"""Waiting for a database: how long, how often it is asked, and when not."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from lora_registry.pipeline.away import PROBE_S, wait_out


@dataclass
class Waiting:
    """A clock that only sleeping moves, and a database that returns at some time."""

    returns_s: float
    stopped_s: float = float("inf")
    now_s: float = 0.0
    asked: list[float] = field(default_factory=list)

    def sleep(self, wait_s: float) -> None:
        self.now_s += wait_s

    def answers(self) -> bool:
        self.asked.append(self.now_s)
        return self.now_s >= self.returns_s

    def wait(self, wait_s: float) -> float:
        wait_out(wait_s, sleep=self.sleep, answers=self.answers, stop=lambda: self.now_s >= self.stopped_s)
        return self.now_s


@pytest.mark.parametrize(
    ("wait_s", "returns_s", "waited_s"),
    [
        (60.0, 100.0, 60.0),  # still away: the whole wait
        (60.0, 31.0, 35.0),  # back: noticed at the next question
        (60.0, 58.0, 60.0),
        (60.0, 0.0, 60.0),  # it answers and refuses us all the same: no hurry
        (4.0, 1.0, 4.0),  # short waits need no questions
    ],
)
def test_how_long_it_waits(wait_s: float, returns_s: float, waited_s: float) -> None:
    assert Waiting(returns_s).wait(wait_s) == waited_s


def test_it_asks_every_few_seconds_and_not_more_often() -> None:
    waiting = Waiting(returns_s=1e9)
    waiting.wait(60.0)
    assert waiting.asked == [n * PROBE_S for n in range(12)]


def test_short_waits_and_refusals_ask_once_at_most() -> None:
    short, refusing = Waiting(returns_s=1e9), Waiting(returns_s=0.0)
    short.wait(PROBE_S)
    refusing.wait(60.0)
    assert (short.asked, refusing.asked) == ([], [0.0])


def test_who_is_to_stop_is_not_kept() -> None:
    waiting = Waiting(returns_s=1e9, stopped_s=12.0)
    assert waiting.wait(60.0) == 15.0
    assert len(waiting.asked) == 3
