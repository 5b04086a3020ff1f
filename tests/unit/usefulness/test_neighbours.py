"""Twins and neighbours that know: found on what was made so, and never both proposed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.usefulness.neighbours import FEWEST_HOURS, Series, compare, proposed

HOURS = np.arange(35 * 24)
WEATHER = 15 + 5 * np.sin(HOURS * 2 * np.pi / 24) + 3 * np.sin(HOURS / 37)


def series(key: str, values: np.typing.NDArray[np.float64], hours: np.typing.NDArray[np.int64] = HOURS) -> Series:
    return Series(key, {"temperature": (hours, values)}, {"temperature": 0.5})


def noisy(seed: int, spread: float) -> np.typing.NDArray[np.float64]:
    return WEATHER + np.random.default_rng(seed).normal(0, spread, len(HOURS))


def test_a_twin_says_the_same_next_door() -> None:
    one, twin = series("a", noisy(1, 0.1)), series("b", noisy(2, 0.1))
    told = compare(one, [(twin, 5.0)])
    assert told is not None
    assert told.twin == "b"
    assert told.error < 0.5
    far = compare(one, [(twin, 500.0)])
    assert far is not None
    assert far.twin is None, "the same across the quarter is no twin, though its neighbour knows it"
    assert far.within > 0.95


def test_a_fixed_offset_is_explained_by_neighbours_and_makes_no_twin() -> None:
    told = compare(series("a", noisy(1, 0.1)), [(series("b", noisy(2, 0.1) + 4), 5.0)])
    assert told is not None
    assert told.twin is None
    assert told.within > 0.95


def test_what_varies_on_its_own_is_unique() -> None:
    own = 4 * np.sin(HOURS / 5.1)
    told = compare(series("a", noisy(1, 0.1) + own), [(series("b", noisy(2, 0.1)), 5.0)])
    assert told is not None
    assert told.twin is None
    assert told.error > 3
    assert told.within < 0.1


def test_what_it_learns_it_does_not_test_on() -> None:
    """Pure noise is predicted no better than its spread: leaving out is real."""
    rng = np.random.default_rng(3)
    told = compare(
        series("a", rng.normal(0, 1, len(HOURS))),
        [(series(name, rng.normal(0, 1, len(HOURS))), 5.0) for name in "bcdef"],
    )
    assert told is not None
    assert told.error > 1.0 / 0.5


def test_too_few_hours_in_common_and_nobody_near_are_not_judged() -> None:
    short = FEWEST_HOURS - 1
    assert compare(series("a", WEATHER), [(series("b", WEATHER[:short], HOURS[:short]), 5.0)]) is None
    assert compare(series("a", WEATHER), [(series("b", WEATHER), 2001.0)]) is None


def test_two_that_stand_still_do_not_confirm_each_other() -> None:
    flat = np.full(len(HOURS), 20.0)
    told = compare(series("a", flat), [(series("b", flat), 5.0)])
    assert told is not None
    assert told.twin is None


@given(
    st.dictionaries(st.integers(0, 12).map(str), st.sets(st.integers(0, 15).map(str), max_size=5), max_size=12),
    st.randoms(),
)
def test_nobody_is_proposed_on_the_word_of_one_who_is(redundant: dict[str, set[str]], random: object) -> None:
    told = {key: others - {key} for key, others in redundant.items()}
    order = sorted(told)
    random.shuffle(order)  # type: ignore[attr-defined]
    chosen = proposed(told, order)
    for key in chosen:
        assert not told[key] & chosen
    for key, others in told.items():
        if key not in chosen:
            asked = others | {other for other, theirs in told.items() if key in theirs}
            assert asked & chosen, "left out only where that is why"
