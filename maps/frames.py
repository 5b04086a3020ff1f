"""Boundaries as geographic frames: the only user of geopandas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import geopandas as gpd
import shapely

from lora_registry.domain.mapdata import LonLat, MapCommune, MapData

_GRID_DEG = 1e-5
"""About one metre: what a drawing needs, and a third of the characters of full precision."""


class Bounds(NamedTuple):
    """A box in degrees."""

    south: float
    west: float
    north: float
    east: float


def communes_frame(communes: Iterable[MapCommune]) -> gpd.GeoDataFrame:
    """Return the drawn communes: columns `code`, `schematic`, `geometry`, WGS 84, in the order given.

    Those without a boundary are left out. A boundary that crosses itself is mended, not refused.
    """
    drawn = [commune for commune in communes if commune.boundary]
    shapes = [
        shapely.MultiPolygon([(polygon[0], polygon[1:]) for polygon in commune.boundary or ()])
        for commune in drawn
    ]
    return gpd.GeoDataFrame(
        {
            "code": [commune.code for commune in drawn],
            "schematic": [commune.schematic for commune in drawn],
        },
        geometry=list(shapely.set_precision(_mended(shapes), _GRID_DEG)),
        crs="EPSG:4326",
    )


def feature_collection(frame: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the frame as GeoJSON, coordinates rounded to five decimals."""
    collection: dict[str, Any] = frame.to_geo_dict(drop_id=True)
    for feature in collection["features"]:
        feature["geometry"]["coordinates"] = _rounded(feature["geometry"]["coordinates"])
    return collection


def label_points(frame: gpd.GeoDataFrame) -> dict[str, LonLat]:
    """Return, by commune code, a point that is surely inside, where its name can stand."""
    points = frame.geometry.representative_point()
    return {code: (point.x, point.y) for code, point in zip(frame["code"], points, strict=True)}


def bounds_of(data: MapData, frame: gpd.GeoDataFrame) -> Bounds | None:
    """Return the box that the map opens on: the communes, so that a wrong position does not shrink them.

    Without any boundary, the box around everything else; None when nothing has a place.
    """
    if not frame.empty:
        west, south, east, north = (float(edge) for edge in frame.total_bounds)
        return Bounds(south, west, north, east)
    places = [gateway.position for gateway in data.gateways] + [device.position for device in data.devices]
    lonlats = [(place.longitude, place.latitude) for place in places if place is not None]
    lonlats += [corner for cell in data.cells for corner in cell.ring]
    if not lonlats:
        return None
    lons, lats = zip(*lonlats, strict=True)
    return Bounds(south=min(lats), west=min(lons), north=max(lats), east=max(lons))


def _mended(shapes: list[shapely.MultiPolygon]) -> Any:  # noqa: ANN401 - an array of geometries
    return shapely.make_valid(shapes, method="structure", keep_collapsed=False)


def _rounded(coordinates: Any) -> Any:  # noqa: ANN401 - lists of lists to any depth, as GeoJSON has them
    if isinstance(coordinates, float | int):
        return round(coordinates, 5)
    return [_rounded(inner) for inner in coordinates]
