from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from lora_registry.simulate.communes import COMMUNES, boundary, cells, centres, to_degrees, to_metres


def test_the_schematic_boundaries_leave_no_hole_and_do_not_overlap() -> None:
    whole = shapely.union_all(list(cells()))
    assert isinstance(whole, shapely.Polygon)
    assert not whole.interiors
    assert sum(cell.area for cell in cells()) == pytest.approx(whole.area, rel=1e-9)


def test_each_boundary_holds_its_own_centre_and_no_other() -> None:
    for i, commune in enumerate(COMMUNES):
        drawn = shape(boundary(i))
        assert drawn.is_valid
        inside = [c.code for c in COMMUNES if drawn.contains(shapely.Point(c.longitude, c.latitude))]
        assert inside == [commune.code]


def test_rounded_boundaries_of_neighbours_overlap_by_a_few_square_metres_at_most() -> None:
    drawn = [shape(boundary(i)) for i in range(len(COMMUNES))]
    worst = max(a.intersection(b).area for a, b in combinations(drawn, 2))
    assert worst < 1e-7  # square degrees: under 900 m², along borders of kilometres


def test_metres_and_degrees_are_inverse() -> None:
    latitude, longitude = to_degrees(*to_metres(np.array([43.5, 43.75]), np.array([3.7, 4.05])))
    assert latitude == pytest.approx([43.5, 43.75])
    assert longitude == pytest.approx([3.7, 4.05])


def test_a_kilometre_is_a_kilometre() -> None:
    east, north = to_metres(np.array([43.62, 43.628993]), np.array([3.88, 3.88]))
    assert np.hypot(np.diff(east), np.diff(north))[0] == pytest.approx(1000.0, rel=0.003)
    assert len(centres()[0]) == 31


def test_communes_are_the_official_ones(real_data: Path) -> None:
    official = json.loads((real_data / "montpellier_communes.geojson").read_text())["features"]
    named = {f["properties"]["code"]: (f["properties"]["nom"], f["properties"]["population"]) for f in official}
    assert {c.code: (c.name, c.population) for c in COMMUNES} == named


def test_centres_lie_in_their_real_communes(real_data: Path) -> None:
    official = json.loads((real_data / "montpellier_communes.geojson").read_text())["features"]
    real = {f["properties"]["code"]: shape(f["geometry"]) for f in official}
    outside = [c.name for c in COMMUNES if not real[c.code].contains(shapely.Point(c.longitude, c.latitude))]
    assert outside == []
