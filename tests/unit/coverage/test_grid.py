"""The 200 m grid and territories."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from lora_registry.coverage.grid import SIZE_M, Cell, cells_of, ring_of
from lora_registry.coverage.territories import Territories


def test_a_cell_has_the_name_that_insee_gives_it() -> None:
    """EPSG:3035 by pyproj: the origin of the projection, 52 N 10 E, is 4,321,000 E 3,210,000 N."""
    (cell,) = cells_of(np.array([52.0]), np.array([10.0]))
    assert cell == Cell(3_210_000, 4_321_000)
    assert cell.code == "CRS3035RES200mN3210000E4321000"


@given(st.floats(41.5, 51.0), st.floats(-4.5, 9.0))
def test_a_point_lies_in_its_cell(latitude: float, longitude: float) -> None:
    (cell,) = cells_of(np.array([latitude]), np.array([longitude]))
    assert cell.northing_m % SIZE_M == cell.easting_m % SIZE_M == 0
    # A straight side in one projection is bent in the other: a hand's breadth over 200 m.
    assert Polygon(ring_of(cell)).buffer(1e-6).contains(Point(longitude, latitude))


def test_a_ring_is_closed_and_counter_clockwise() -> None:
    ring = ring_of(Cell(2_300_000, 3_800_000))
    assert ring[0] == ring[-1]
    assert Polygon(ring).exterior.is_ccw


def test_a_point_off_the_globe_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be placed on the European grid"):
        cells_of(np.array([np.inf]), np.array([3.0]))


def test_points_find_their_territory() -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
    beside = {"type": "MultiPolygon", "coordinates": [[[[1, 0], [2, 0], [2, 1], [1, 1], [1, 0]]]]}
    territories = Territories({"b": beside, "a": square})
    assert territories.of([(0.5, 0.5), (1.5, 0.5), (1.0, 0.5), (9.0, 9.0)]) == ["a", "b", "a", None]
    assert territories.of([]) == []
    assert Territories({}).of([(0.5, 0.5)]) == [None]
