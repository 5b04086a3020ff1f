"""When a gateway was up where it stands now."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.coverage.uptime import Life, life, up


def days(*flags: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array(flags, dtype=bool)


@pytest.mark.parametrize(
    ("told", "placed", "expected"),
    [
        ([days(1, 1, 1, 1)], [True], Life(0, 0)),
        ([days(1, 1, 0, 0), days(0, 0, 1, 1)], [True, True], Life(1, 2)),
        # back where it was: what it heard from elsewhere ends its former life
        ([days(1, 0, 0, 1), days(0, 1, 0, 0)], [True, True], Life(0, 2)),
        ([days(1, 1, 1, 1)], [False], Life(None, 0)),
        ([], [], Life(None, 0)),
    ],
)
def test_a_gateway_that_moved_starts_anew(told: list[object], placed: list[bool], expected: Life) -> None:
    assert life(np.array(told, dtype=bool).reshape(len(told), 4), placed) == expected


def test_the_share_of_a_day_is_that_of_its_statistics() -> None:
    reports = np.array([24.0, 24, 12, 0, 0, 24, 2880])
    heard = days(1, 0, 1, 0, 1, 1, 1)
    assert up(reports, heard, Life(0, 0)).tolist() == [1, 1, 0.5, 0, 1, 1, 1]
    assert up(reports, heard, Life(0, 2)).tolist() == [0, 0, 0.5, 0, 1, 1, 1]
    assert up(None, heard, Life(None, 0)).tolist() == [1, 0, 1, 0, 1, 1, 1]
