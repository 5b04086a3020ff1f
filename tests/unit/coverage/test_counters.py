"""Frames sent each day, by counters."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.coverage.counters import Counters, frames
from lora_registry.coverage.pairs import Floats

Row = tuple[int, int, int, int, int]
"""Session, day, lowest, highest, how many different ones."""


def counted(*rows: Row, deaf: dict[int, float] | None = None, days: int = 6) -> tuple[Floats, Floats]:
    """Count one device's frames."""
    session, day, low, high, distinct = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    away = np.zeros((1, days))
    for when, share in (deaf or {}).items():
        away[0, when] = share
    sent, heard = frames(Counters(np.zeros_like(day), session, day, low, high, distinct), away, 1)
    return sent[0], heard[0]


@pytest.mark.parametrize(
    ("rows", "sent", "heard"),
    [
        ([(1, 1, 10, 33, 24)], [0, 24, 0, 0, 0, 0], [0, 24, 0, 0, 0, 0]),
        # losses between two days belong to the later one
        ([(1, 1, 10, 33, 24), (1, 2, 40, 57, 15)], [0, 24, 24, 0, 0, 0], [0, 24, 15, 0, 0, 0]),
        # a whole day that nobody heard
        ([(1, 1, 10, 33, 24), (1, 3, 60, 81, 20)], [0, 24, 24, 24, 0, 0], [0, 24, 0, 20, 0, 0]),
        # another address, and a counter set anew under the same one
        ([(1, 1, 10, 33, 24), (2, 2, 0, 9, 10)], [0, 24, 10, 0, 0, 0], [0, 24, 10, 0, 0, 0]),
        ([(1, 1, 500, 523, 24), (1, 2, 0, 9, 8)], [0, 24, 10, 0, 0, 0], [0, 24, 8, 0, 0, 0]),
    ],
)
def test_what_was_sent_is_read_from_steps_of_the_counter(
    rows: list[Row], sent: list[float], heard: list[float]
) -> None:
    found_sent, found_heard = counted(*rows)
    assert found_sent.tolist() == sent
    assert found_heard.tolist() == heard


def test_a_step_that_no_radio_explains_says_nothing() -> None:
    sent, heard = counted((1, 1, 3, 9_000, 18), (1, 2, 9_001, 9_024, 24))
    assert np.isnan(sent[1])
    assert np.isnan(heard[1])
    assert (sent[2], heard[2]) == (24, 24)


def test_what_was_sent_while_nobody_listened_is_nobodys_loss() -> None:
    sent, heard = counted((1, 1, 0, 23, 24), (1, 2, 24, 29, 6), (1, 3, 48, 71, 24), deaf={2: 0.75})
    assert np.isnan(sent[2])
    assert (sent[3], heard[3]) == (24, 24), "counted from its own first frame"
    partly, came = counted((1, 1, 0, 23, 24), (1, 2, 24, 47, 18), deaf={2: 0.25})
    assert (partly[2], came[2]) == (18, 18), "a quarter of the day deaf, a quarter missing"
