"""Positions that cannot be, the cells of a territory, candidates from files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lora_registry.coverage.candidates_file import Candidate, read_candidates
from lora_registry.coverage.grid import cells_of, named
from lora_registry.coverage.whereabouts import (
    AWAY,
    METRES,
    NO_FIX,
    OFF_GLOBE,
    SWAPPED,
    Box,
    box_of,
    cells,
    why_not,
)
from lora_registry.domain.errors import ImportFileError

BOX = Box(43.4, 3.6, 43.8, 4.1)


def square(west: float, south: float, side: float) -> dict[str, Any]:
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.mark.parametrize(
    ("latitude", "longitude", "why"),
    [
        (43.6, 3.9, None),
        (43.35, 3.9, None),  # beside the box, within reach of its gateways
        (0.0, 0.0, NO_FIX),
        (3.9, 43.6, SWAPPED),
        (6_279_742.0, 770_133.0, METRES),
        (770_133.0, 6_279_742.0, METRES),
        (48.85, 2.35, AWAY),
        (-43.6, 3.9, AWAY),
        (43.6, 203.9, OFF_GLOBE),
        (95.0, 3.9, OFF_GLOBE),
        (float("nan"), 3.9, OFF_GLOBE),
    ],
)
def test_what_is_wrong_with_a_position(latitude: float, longitude: float, why: str | None) -> None:
    assert why_not(latitude, longitude, BOX) == why


def test_without_a_territory_only_the_impossible_is_refused() -> None:
    assert why_not(3.9, 43.6, None) is None
    assert why_not(0.0, 0.0, None) == NO_FIX


def test_the_box_is_that_of_the_boundaries_or_of_most_points() -> None:
    assert box_of({"1": square(3.8, 43.5, 0.1)}, []) == pytest.approx((43.5, 3.8, 43.6, 3.9))
    of_points = box_of({}, [(43.6, 3.9), (43.61, 3.91), (0.0, 0.0), (43.6, 3.88)])
    assert of_points is not None
    assert of_points.holds(43.6, 3.9)
    assert not of_points.holds(48.85, 2.35)
    assert box_of({}, [(0.0, 0.0)]) is None


def test_the_cells_of_a_territory_are_those_whose_centre_it_holds() -> None:
    found = cells({"1": square(3.8, 43.5, 0.02)}, np.empty(0), np.empty(0))
    area_km2 = 0.02 * 111.2 * 0.02 * 111.2 * np.cos(np.radians(43.51))
    assert len(found) * 0.04 == pytest.approx(area_km2, rel=0.1)
    assert found == sorted(set(found))


def test_a_device_outside_all_boundaries_has_its_cell() -> None:
    found = cells({"1": square(3.8, 43.5, 0.01)}, np.array([43.7]), np.array([3.8]))
    assert cells_of(np.array([43.7]), np.array([3.8]))[0] in found


def test_without_boundaries_cells_lie_around_the_points() -> None:
    assert len(cells({}, np.array([43.6]), np.array([3.9]))) == 81
    assert cells({}, np.empty(0), np.empty(0)) == []


def test_a_boundary_in_metres_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match="in that order"):
        cells({"1": square(3.0, 40.0, 12.0)}, np.empty(0), np.empty(0))


def test_a_cell_is_known_by_its_name() -> None:
    cell = cells_of(np.array([43.6]), np.array([3.9]))[0]
    assert named(cell.code) == cell
    for wrong in ("", "N2032000E4254000", "CRS3035RES200mN2032100E4254000"):
        with pytest.raises(ValueError, match="names no cell"):
            named(wrong)


def test_candidates_from_csv_and_geojson_are_the_same() -> None:
    csv = "name;lat;lon;gain_db\nMairie;43,6;3,9;3\nÉcole;43.61;3.91;\n"
    geojson = (
        '{"type":"FeatureCollection","features":['
        '{"type":"Feature","properties":{"nom":"Mairie","gain_db":3},'
        '"geometry":{"type":"Point","coordinates":[3.9,43.6]}},'
        '{"type":"Feature","properties":{"name":"École"},'
        '"geometry":{"type":"Point","coordinates":[3.91,43.61]}}]}'
    )
    expected = [Candidate("Mairie", 43.6, 3.9, 3.0), Candidate("École", 43.61, 3.91, 0.0)]
    assert read_candidates(csv, BOX) == expected
    assert read_candidates(geojson, BOX) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,lat,lon\nA,3.9,43.6\nB,43.6,3.9\nC,x,3.9\n", ["line 2 (A): latitude and longitude", "line 4 (C)"]),
        ("name,lat,lon\nA,43.6,3.9\nB,43.6,3.9\n", ["line 3 (B): the same place as line 2"]),
        ("name,lat,lon,gain_db\nA,43.6,3.9,300\n", ["gain_db is not"]),
        ("name,y,x\nA,43.6,3.9\n", ["line 1", "lat and lon are needed"]),
        ("name,lat,lon\n", ["no candidate"]),
        ("", ["are needed"]),
        ('{"type": "Feature"}', ["neither CSV nor GeoJSON"]),
    ],
)
def test_every_fault_of_candidates_is_told_with_its_place(text: str, told: list[str]) -> None:
    with pytest.raises(ImportFileError) as caught:
        read_candidates(text, BOX)
    for part in told:
        assert part in str(caught.value)
