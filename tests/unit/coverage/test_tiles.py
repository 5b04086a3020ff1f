"""Evidence by area, and cells square by square."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lora_registry.coverage.heads import Network, learn_network
from lora_registry.coverage.links import Links, by_area, never_heard
from lora_registry.coverage.pairs import Pairs
from lora_registry.coverage.siting import best
from lora_registry.coverage.tiles import HALO_KM, TILE_KM, predict, predict_all, predict_unseen, tiles_of
from lora_registry.coverage.together import Reception
from tests.unit.coverage.cities import city

MASTS = np.random.default_rng(0).uniform(0, 12, (4, 2))
GRID = (np.stack(np.meshgrid(np.arange(24), np.arange(24)), axis=-1).reshape(-1, 2) + 0.5) / 2


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    made = city(points=150, gateways=4, side_km=12, seed=0, threshold_dbm=-122)
    return by_area(made)


@pytest.fixture(scope="module")
def network() -> Network:
    return learn_network(city(points=60, gateways=4, side_km=12, seed=1, threshold_dbm=-122))


def links(**columns: object) -> Links:
    plain = {
        "xy_km": np.array([[0.1, 0.1], [0.2, 0.2], [5.0, 5.0]]), "gateway": np.array([0, 0, 1]),
        "distance_km": np.array([1.0, 4.0, 2.0]), "sent": np.array([100.0, 10.0, 0.0]),
        "heard": np.array([75.0, 10.0, 0.0]), "level_dbm": np.array([-100.0, -120.0, np.nan]),
        "demand_db": np.zeros(3), "trust": np.ones(3),
    }  # fmt: skip
    return Links(**(plain | columns))  # type: ignore[arg-type]


def test_a_device_is_one_voice_split_by_what_was_heard() -> None:
    pairs = links().pairs()
    assert pairs.heard.tolist() == [True, True, False]
    assert pairs.weight.tolist() == pytest.approx([0.75, 0.2, 0.25])


def test_an_area_holds_the_weighted_means_of_its_devices() -> None:
    pairs = by_area(links().pairs(), 0.4)
    heard = pairs.take(pairs.heard)
    assert len(pairs) == 2
    assert heard.weight[0] == pytest.approx(0.95)
    assert heard.level_dbm[0] == pytest.approx((0.75 * -100 + 0.2 * -120) / 0.95)
    assert heard.distance_km[0] == pytest.approx(4 ** (0.2 / 0.95))
    np.testing.assert_allclose(heard.xy_km, [[0.2, 0.2]])


def test_the_order_of_evidence_changes_nothing() -> None:
    made = city(points=50, gateways=3)
    shuffled = made.take(np.random.default_rng(0).permutation(len(made)))
    first, second = by_area(made), by_area(shuffled)
    for name in Pairs.__dataclass_fields__:
        np.testing.assert_allclose(getattr(first, name), getattr(second, name))
    assert len(by_area(made.take(np.zeros(0, dtype=np.int64)))) == 0


def test_a_device_that_never_joined_speaks_against_every_gateway_near() -> None:
    made = never_heard(
        np.array([[0.0, 0.0], [50.0, 0.0]]), np.array([[1.0, 0.0], [3.0, 4.0]]), np.array([10.0, 25.0]),
        np.zeros(2), max_km=15,
    )  # fmt: skip
    assert made.gateway.tolist() == [0, 1]
    assert made.distance_km.tolist() == [1.0, 5.0]
    assert made.sent.tolist() == [10.0, 10.0]
    assert not made.pairs().heard.any()


def test_tiles_are_squares_of_the_plane_and_hold_every_cell_once() -> None:
    tiles = tiles_of(GRID)
    assert sorted(np.concatenate(list(tiles.values()))) == list(range(len(GRID)))
    for tile, cells in tiles.items():
        assert (np.floor(GRID[cells] / TILE_KM) == tile).all()


def test_the_answer_does_not_depend_on_how_the_city_was_split(network: Network, pairs: Pairs) -> None:
    whole = {int(c): t for t in predict_all(network, GRID, MASTS, pairs) for c in t.cell}
    tile, cells = list(tiles_of(GRID).items())[7]
    middle = (np.array(tile) + 0.5) * TILE_KM
    near = np.abs(pairs.xy_km - middle).max(axis=1) <= TILE_KM / 2 + HALO_KM
    assert 0 < near.sum() < len(pairs)
    alone = predict(network, tile, cells, cell_km=GRID, mast_km=MASTS, pairs=pairs.take(near))
    again = whole[int(cells[0])]
    np.testing.assert_array_equal(alone.cell, again.cell)
    np.testing.assert_allclose(alone.reception.margin, again.reception.margin, atol=1e-9)
    np.testing.assert_allclose(alone.level_dbm, again.level_dbm, atol=1e-9)


def test_near_a_gateway_is_better_than_far(network: Network, pairs: Pairs) -> None:
    margins, apart = [], []
    for tile in predict_all(network, GRID, MASTS, pairs):
        assert (np.hypot(tile.reception.common, tile.reception.own) <= 1 + 1e-9).all()
        km = np.hypot(*(GRID[tile.cell][:, None] - MASTS[tile.gateways][None]).transpose(2, 0, 1))
        margins.append(tile.reception.margin.ravel())
        apart.append(km.ravel())
    margin, km = np.concatenate(margins), np.concatenate(apart)
    assert margin[km < 1.5].mean() > margin[(km > 4) & (km < 6)].mean() + 0.5
    assert np.corrcoef(np.log(km), margin)[0, 1] < -0.6


def test_gateways_without_a_place_and_places_without_evidence_promise_nothing(
    network: Network, pairs: Pairs
) -> None:
    lost = np.full((4, 2), np.nan)
    tile, cells = next(iter(tiles_of(GRID).items()))
    nobody = predict(network, tile, cells, cell_km=GRID, mast_km=lost, pairs=pairs)
    assert nobody.gateways.tolist() == []
    assert nobody.reception.any_hears().tolist() == [0.0] * len(cells)
    far = predict(network, (500, 500), cells, cell_km=GRID + 1000, mast_km=MASTS, pairs=pairs)
    assert far.gateways.tolist() == []


def test_without_levels_there_are_none_to_tell(network: Network, pairs: Pairs) -> None:
    silent = replace(pairs, level_dbm=np.full(len(pairs), np.nan))
    tile, cells = list(tiles_of(GRID).items())[7]
    found = predict(network, tile, cells, cell_km=GRID, mast_km=MASTS, pairs=silent)
    assert np.isnan(found.level_dbm).all()
    assert np.isfinite(found.reception.margin).all()


def test_a_mast_that_does_not_exist_is_uncertain_and_can_be_planned_with(network: Network, pairs: Pairs) -> None:
    tile, cells = list(tiles_of(GRID).items())[7]
    here, far = GRID[cells].mean(axis=0), GRID[cells].mean(axis=0) + 9
    unseen = predict_unseen(
        network, tile, cells, cell_km=GRID, candidate_km=np.array([here, far]), gain_db=np.zeros(2), pairs=pairs
    )
    today = predict(network, tile, cells, cell_km=GRID, mast_km=MASTS, pairs=pairs)
    unknown = np.hypot(unseen.mast, unseen.reception.own)
    assert unknown.mean() > today.reception.own.mean(), "of a mast that is heard more is known"
    parts = unseen.reception.common**2 + unseen.reception.own**2 + unseen.mast**2
    assert (parts <= 1 + 1e-6).all()
    nothing = Reception(*(np.zeros((len(cells), 0)) for _ in range(3)))
    assert best(nothing, unseen, np.ones(len(cells)), 1).chosen.tolist() == [0]


def test_masts_can_be_planned_where_nothing_was_ever_heard(network: Network) -> None:
    tile, cells = next(iter(tiles_of(GRID).items()))
    silent = by_area(city(points=10, gateways=1, threshold_dbm=300))
    unseen = predict_unseen(
        network, tile, cells, cell_km=GRID, candidate_km=GRID[cells[:1]], gain_db=np.zeros(1), pairs=silent
    )
    assert np.isfinite(unseen.reception.margin).all()
