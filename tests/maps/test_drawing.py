"""Signs, vendored files and boundaries."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import shapely

from lora_registry.domain.mapdata import MapCommune, MapData, Polygon, Position
from lora_registry.domain.radio_state import LOOKS
from maps import assets, palette
from maps.frames import bounds_of, communes_frame, feature_collection, label_points


def luminance(colour: str) -> float:
    """WCAG 2.1, relative luminance of `#rrggbb`."""
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_no_two_signs_share_a_shape() -> None:
    without_colour = {
        name: (symbol.path, symbol.fill == palette.WHITE, symbol.dash)
        for name, symbol in palette.SYMBOLS.items()
        if name not in ("commune", "schematic")
    }
    assert [
        pair for pair in combinations(without_colour, 2) if without_colour[pair[0]] == without_colour[pair[1]]
    ] == []


def test_signs_stand_out_on_white_and_wear_the_colours_of_the_domain() -> None:
    for state, symbol in palette.STATE_SYMBOLS.items():
        colour = symbol.stroke or symbol.fill
        assert colour == LOOKS[state].colour
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_an_unknown_sign_is_refused() -> None:
    with pytest.raises(KeyError, match="star"):
        palette.icon("star")


def test_vendored_files_are_those_of_the_readme() -> None:
    folder = Path(str(files("maps"))) / "assets"
    listed = dict(
        re.findall(r"^\| `([^`]+)` \|.*`([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.MULTILINE)
    )
    present = {
        str(path.relative_to(folder)): path
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.md"
    }
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in present.items()} == listed


def test_a_link_that_the_page_does_not_carry_is_refused() -> None:
    assets.check_links(["leaflet", "leaflet_css", "jquery", "bootstrap"])
    with pytest.raises(assets.UnknownAssetError, match="markercluster: vendor it"):
        assets.check_links(["leaflet", "markercluster"])


@pytest.mark.parametrize("text", ["a</script>b", "<!--<script>"])
def test_a_script_cannot_end_its_element(text: str) -> None:
    safe = assets.script_text(text)
    assert "</script" not in safe
    assert "<!--" not in safe


def test_names_stand_inside_their_commune(city: MapData) -> None:
    frame = communes_frame(city.communes)
    points = label_points(frame)
    assert list(points) == ["99001", "99002"]
    assert all(
        shape.contains(shapely.Point(points[code]))
        for code, shape in zip(frame["code"], frame.geometry, strict=True)
    )


def test_the_communes_of_a_real_metropolis_are_drawn_each_with_its_name_inside(real_data: Path) -> None:
    found = json.loads((real_data / "montpellier_communes.geojson").read_text(encoding="utf-8"))["features"]
    communes = [
        MapCommune(one["properties"]["code"], one["properties"]["nom"], polygons(one["geometry"])) for one in found
    ]
    frame = communes_frame(communes)
    points = label_points(frame)
    assert len(points) == len(feature_collection(frame)["features"]) == 31
    assert all(
        shapely.geometry.shape(one["geometry"]).contains(shapely.Point(points[one["properties"]["code"]]))
        for one in found
    )


def polygons(geometry: dict[str, Any]) -> tuple[Polygon, ...]:
    """Return GeoJSON's `Polygon` or `MultiPolygon` as a boundary."""
    several = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return tuple(tuple(tuple((lon, lat) for lon, lat in ring) for ring in polygon) for polygon in several)


def test_a_hole_is_kept_and_a_crossing_boundary_is_mended() -> None:
    outer = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))
    hole = ((1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 2.0))
    bow_tie = ((0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0))
    frame = communes_frame([MapCommune("1", "Holed", ((outer, hole),)), MapCommune("2", "Crossed", ((bow_tie,),))])
    assert [shape.area for shape in frame.geometry] == [15.0, 2.0]
    assert [feature["properties"]["code"] for feature in feature_collection(frame)["features"]] == ["1", "2"]


def test_one_wrong_position_does_not_shrink_the_city(city: MapData) -> None:
    astray = replace(city.devices[0], position=Position(0.0, 0.0))
    data = replace(city, devices=(astray, *city.devices))
    assert bounds_of(data, communes_frame(data.communes)) == pytest.approx((43.0, 3.0, 43.1, 3.2))


def test_without_boundaries_the_map_opens_on_what_is_placed(city: MapData) -> None:
    data = replace(city, communes=(), cells=(), gateways=())
    placed = [device.position for device in city.devices if device.position]
    lats = [position.latitude for position in placed]
    found = bounds_of(data, communes_frame(()))
    assert found is not None
    assert (found.south, found.north) == (min(lats), max(lats))
    assert bounds_of(replace(data, devices=()), communes_frame(())) is None
