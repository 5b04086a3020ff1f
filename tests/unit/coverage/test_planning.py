"""Next gateways, gateways to switch off, recorded frames without them, and holes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_registry.coverage.cells import CellState
from lora_registry.coverage.gaps import Needs, accounts, gaps
from lora_registry.coverage.replay import without
from lora_registry.coverage.siting import Candidates, Gain, best
from lora_registry.coverage.switch_off import fewest
from lora_registry.coverage.together import Reception


def reception(margin: np.ndarray) -> Reception:
    return Reception(margin, np.full(margin.shape, 0.3), np.full(margin.shape, 0.3))


def plain(seed: int, cells: int = 30, masts: int = 7) -> tuple[Reception, Candidates, np.ndarray]:
    rng = np.random.default_rng(seed)
    today = reception(rng.normal(-1, 1, (cells, 2)))
    margin = rng.normal(-0.5, 1.5, (cells, masts))
    return today, Candidates(reception(margin), np.full(margin.shape, 0.5)), rng.uniform(0, 9, cells)


# Next gateways.


@pytest.mark.parametrize("seed", range(5))
def test_the_plan_is_as_good_as_any_other_of_its_size(seed: int) -> None:
    today, candidates, weight = plain(seed)
    plan = best(today, candidates, weight, 3)

    def served(masts: tuple[int, ...]) -> float:
        both = np.column_stack((today.margin, candidates.reception.margin[:, list(masts)]))
        return float(weight @ reception(both).any_hears())

    everything = max(served(three) for three in combinations(range(7), 3))
    ours = served(tuple(plan.chosen.tolist()))
    assert ours >= 0.98 * everything
    assert plan.together.expected == pytest.approx(ours - served(()), rel=0.02)


def test_gains_fall_and_add_up() -> None:
    plan = best(*plain(1), 5)
    gains = [one.expected for one in plan.gains]
    assert gains == sorted(gains, reverse=True)
    assert sum(gains) == pytest.approx(plan.together.expected)
    assert plan.together.low < plan.together.median < plan.together.high


def test_a_mast_that_nobody_ever_heard_is_told_as_a_range() -> None:
    today, candidates, weight = plain(2)
    vague = best(today, Candidates(candidates.reception, np.full(candidates.mast.shape, 0.8)), weight, 1)
    sure = best(today, Candidates(candidates.reception, np.full(candidates.mast.shape, 0.01)), weight, 1)
    assert vague.together.high - vague.together.low > 5 * (sure.together.high - sure.together.low)
    assert not sure.together.measure_first
    assert Gain(10.0, 2.0, 9.0, 30.0).measure_first


def test_where_all_is_served_or_nothing_can_be_no_mast_is_taken() -> None:
    today, candidates, weight = plain(3)
    assert best(today, candidates, np.zeros_like(weight), 3).chosen.tolist() == []
    assert best(today, candidates, weight, 0).together == Gain(0, 0, 0, 0)
    none = Candidates(reception(np.zeros((30, 0))), np.zeros((30, 0)))
    assert best(today, none, weight, 3).chosen.tolist() == []
    with pytest.raises(ValueError, match="neither may be below 0"):
        best(today, candidates, weight, -1)


# Gateways to switch off.


def smallest(serves: np.ndarray, weight: np.ndarray, needs: int, share: float) -> int:
    """Return the least number of gateways, by trying all."""
    counted = serves.any(axis=1)
    serves, weight = serves[counted], weight[counted]
    need = np.minimum(serves.sum(axis=1), needs)
    gateways = serves.shape[1]
    for size in range(gateways + 1):
        for kept in combinations(range(gateways), size):
            lost = weight[serves[:, list(kept)].sum(axis=1) < need].sum()
            if lost <= (1 - share) * weight.sum() + 1e-9:
                return size
    return gateways


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 2), st.sampled_from([1.0, 0.95, 0.8]))
def test_the_fewest_are_the_fewest(seed: int, needs: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    serves = rng.uniform(size=(25, 6)) < 0.35
    weight = rng.integers(1, 9, 25).astype(float)
    cover = fewest(serves, weight, np.ones(6, dtype=bool), each_needs=needs, kept_share=share)
    assert cover.exact
    assert len(cover.kept) == cover.bound == smallest(serves, weight, needs, share)
    assert cover.lost_share <= 1 - share + 1e-9
    assert sorted([*cover.kept, *cover.candidates]) == list(range(6))


def test_third_parties_are_neither_kept_nor_given_up_nor_relied_on() -> None:
    serves = np.array([[True, True, False], [True, False, True], [False, False, True]])
    own = np.array([True, True, False])
    cover = fewest(serves, np.ones(3), own)
    assert cover.kept.tolist() == [0]
    assert cover.candidates.tolist() == [1]


def test_without_time_the_best_found_is_told_with_its_bound() -> None:
    rng = np.random.default_rng(0)
    cover = fewest(rng.uniform(size=(400, 60)) < 0.1, np.ones(400), np.ones(60, dtype=bool), limit_s=0.01)
    assert len(cover.kept) >= cover.bound
    assert cover.exact == (cover.gap == 0)
    assert cover.lost_share <= 0.01 + 1e-9


def test_a_network_that_serves_nobody_needs_no_gateway() -> None:
    cover = fewest(np.zeros((4, 3), dtype=bool), np.ones(4), np.ones(3, dtype=bool))
    assert (len(cover.kept), cover.exact, cover.gap) == (0, True, 0.0)
    with pytest.raises(ValueError, match="a share of 0 to 1"):
        fewest(np.zeros((1, 1), dtype=bool), np.ones(1), np.ones(1, dtype=bool), kept_share=2)


# Recorded frames.


def test_a_replay_counted_by_hand() -> None:
    """Device 0: frames 1 (gateways A, B), 2 (A). Device 1: frame 3 (A). Device 2: frame 4 (B, C)."""
    frame = np.array([1, 1, 2, 3, 4, 4])
    device = np.array([0, 0, 0, 1, 2, 2])
    gateway = np.array([0, 1, 0, 0, 1, 2])
    own = np.ones(3, dtype=bool)
    loss = without(frame, device, gateway, np.array([True, False, False]), own=own)
    assert (loss.frames, loss.frames_lost, loss.devices) == (4, 2, 3)
    assert loss.lost_share == 0.5
    assert loss.devices_lost.tolist() == [1]
    assert loss.devices_on_one.tolist() == [0]
    nothing_off = without(frame, device, gateway, ~own, own=own)
    assert (nothing_off.frames_lost, nothing_off.devices_on_one.tolist()) == (0, [1])
    # C is a third party's: frame 4 rests on B.
    relied = without(frame, device, gateway, np.array([False, True, False]), own=np.array([True, True, False]))
    assert relied.devices_lost.tolist() == [2]
    with pytest.raises(ValueError, match="gateway 2 is a third party's"):
        without(frame, device, gateway, np.array([False, False, True]), own=np.array([True, True, False]))
    empty = np.zeros(0, dtype=np.int64)
    assert without(empty, empty, empty, ~own, own=own).lost_share == 0.0


# Holes.


def needs(count: int, **columns: list[float]) -> Needs:
    rows = {name: np.zeros(count) for name in ("population", "silent", "failing", "declared")}
    return Needs(**(rows | {name: np.array(values, dtype=float) for name, values in columns.items()}))


GAP, COVERED, UNKNOWN = (state.value for state in (CellState.GAP, CellState.COVERED, CellState.UNKNOWN))


def test_holes_are_cells_that_touch_and_rank_by_who_needs_them() -> None:
    """An empty field of four cells, a school's single cell, a corner-to-corner group with two inhabitants."""
    column = np.array([0, 1, 0, 1, 9, 20, 21, 22, 40])
    row = np.array([0, 0, 1, 1, 9, 0, 1, 2, 40])
    found = gaps(
        column, row, np.array([GAP] * 9),
        needs(9, population=[0, 0, 0, 0, 0, 1, 1, 0, 0], declared=[0, 0, 0, 0, 1, 0, 0, 0, 0]),
        ["a"] * 5 + ["a", "b", None, "b"],
    )  # fmt: skip
    assert [hole.cells.tolist() for hole in found] == [[4], [5, 6, 7], [0, 1, 2, 3]]
    assert [hole.need for hole in found] == [100.0, 2.0, 0.0]
    assert found[1].polygons == ("a", "b")


def test_a_small_hole_is_told_when_something_in_it_is_silent() -> None:
    one = np.array([5])
    told = gaps(one, one, np.array([GAP]), needs(1, silent=[1]), [None])
    assert len(told) == 1
    assert told[0].polygons == ()
    assert gaps(one, one, np.array([GAP]), needs(1, population=[50]), [None]) == []


def test_holes_proven_and_places_not_looked_at_are_apart() -> None:
    column = np.arange(6)
    state = np.array([GAP] * 3 + [UNKNOWN] * 3)
    everyone = needs(6)
    assert [g.cells.tolist() for g in gaps(column, column * 0, state, everyone, [None] * 6)] == [[0, 1, 2]]
    unknown = gaps(column, column * 0, state, everyone, [None] * 6, which=CellState.UNKNOWN)
    assert [g.cells.tolist() for g in unknown] == [[3, 4, 5]]
    assert gaps(column, column, np.array([COVERED] * 6), everyone, [None] * 6) == []


def test_each_territory_has_its_account() -> None:
    state = np.array([COVERED, GAP, UNKNOWN, COVERED])
    rows = accounts(state, np.array([10.0, 5.0, 2.0, 7.0]), ["b", "b", "a", None])
    assert [(r.polygon, r.cells, r.covered, r.gap, r.unknown) for r in rows] == [
        ("a", 1, 0, 0, 1), ("b", 2, 1, 1, 0), (None, 1, 1, 0, 0),
    ]  # fmt: skip
    assert (rows[1].population, rows[1].population_covered, rows[1].population_gap) == (15.0, 10.0, 5.0)
