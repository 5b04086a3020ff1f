"""Intervals of watched time."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.domain.intervals import (
    covers,
    difference,
    elapsed,
    intersection,
    normalise,
    total_s,
    union,
)

WATCHED = normalise([(0, 10), (20, 30), (40, 50)])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        ([(5, 5)], []),
        ([(3, 4), (1, 2)], [(1, 2), (3, 4)]),
        ([(1, 2), (2, 3)], [(1, 3)]),
        ([(1, 9), (2, 3), (4, 12)], [(1, 12)]),
    ],
)
def test_any_stretches_become_sorted_and_disjoint(
    given: list[tuple[float, float]], expected: list[tuple[float, float]]
) -> None:
    assert [tuple(row) for row in normalise(given).tolist()] == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([(2, 1)], "ends before it starts"),
        ([(float("nan"), 1)], "not a number"),
    ],
)
def test_what_is_no_interval_is_refused(given: list[tuple[float, float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        normalise(given)


def test_columns_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="pairs"):
        normalise(np.zeros((2, 3)))


def test_an_interval_value_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        WATCHED[0, 0] = 5.0


@pytest.mark.parametrize(
    ("removed", "left"),
    [
        ([], [(0, 10), (20, 30), (40, 50)]),
        ([(5, 45)], [(0, 5), (45, 50)]),
        ([(0, 100)], []),
        ([(22, 24), (26, 27)], [(0, 10), (20, 22), (24, 26), (27, 30), (40, 50)]),
    ],
)
def test_deaf_time_is_taken_off(removed: list[tuple[float, float]], left: list[tuple[float, float]]) -> None:
    rest = difference(WATCHED, normalise(removed))
    assert [tuple(row) for row in rest.tolist()] == left
    assert total_s(rest) + total_s(intersection(WATCHED, normalise(removed))) == total_s(WATCHED)


def test_union_and_intersection_agree_with_a_count_of_seconds() -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        left, right = (np.sort(rng.integers(0, 100, (rng.integers(0, 8), 2)), axis=1) for _ in range(2))
        seconds = np.arange(100)
        inside = [
            np.array([any(start <= second < end for start, end in spans.tolist()) for second in seconds])
            for spans in (left, right)
        ]
        a, b = normalise(left.astype(float)), normalise(right.astype(float))
        assert total_s(union(a, b)) == np.count_nonzero(inside[0] | inside[1])
        assert total_s(intersection(a, b)) == np.count_nonzero(inside[0] & inside[1])
        assert total_s(difference(a, b)) == np.count_nonzero(inside[0] & ~inside[1])


@pytest.mark.parametrize(
    ("since", "until", "seconds"),
    [
        (0, 10, 10),
        (-5, 5, 5),
        (10, 20, 0),
        (5, 45, 20),
        (29, 100, 11),
        (60, 70, 0),
        (45, 5, -20),
    ],
)
def test_a_devices_clock_stands_still_while_we_are_deaf(since: float, until: float, seconds: float) -> None:
    assert elapsed(WATCHED, since, until) == pytest.approx(seconds)


def test_without_watched_time_no_time_passes() -> None:
    assert elapsed(normalise([]), np.array([1.0, 2.0]), 9.0).tolist() == [0.0, 0.0]
    assert covers(normalise([]), np.array([1.0]), np.array([2.0])).tolist() == [False]


def test_a_gap_counts_only_when_it_was_watched_from_end_to_end() -> None:
    since, until = np.array([0.0, 5.0, 20.0, -1.0, 45.0]), np.array([10.0, 25.0, 30.0, 3.0, 50.0])
    assert covers(WATCHED, since, until).tolist() == [True, False, True, False, True]
