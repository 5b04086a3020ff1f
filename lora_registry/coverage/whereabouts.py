"""Places that cannot be true, and the cells of a territory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import shape

from lora_registry.coverage.grid import SIZE_M, Cell, cells_of
from lora_registry.coverage.pairs import Floats

OUTSIDE_KM = 15.0
"""Farther from the territory no gateway of it would be heard."""
_KM_PER_DEGREE = 111.2
_AROUND = 4
"""Cells around a device or gateway, where no boundary says what the territory is: 0.8 km."""
_MOST_CELLS = 400_000
NO_FIX, OFF_GLOBE, METRES = "no position (0, 0)", "not on the globe", "metres instead of degrees"
SWAPPED, AWAY = "latitude and longitude are swapped", "outside the territory"
_EARTH_DEGREES, _METRES_FROM = 180.0, 1_000.0


class Box(NamedTuple):
    """A box of WGS 84 degrees."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float, margin_km: float = 0.0) -> bool:
        """Tell whether a point is in the box, or at most about `margin_km` beside it."""
        up = margin_km / _KM_PER_DEGREE
        along = up / max(float(np.cos(np.radians(latitude))), 0.05)
        return (
            self.south - up <= latitude <= self.north + up and self.west - along <= longitude <= self.east + along
        )


def box_of(boundaries: Mapping[str, dict[str, Any]], points: Sequence[tuple[float, float]]) -> Box | None:
    """Return the box of the boundaries; without any that of most of the points (latitude, longitude)."""
    if boundaries:
        west, south, east, north = shapely.total_bounds([shape(one) for one in boundaries.values()])
        return Box(float(south), float(west), float(north), float(east))
    near = [point for point in points if why_not(*point, None) is None]
    if not near:
        return None
    middle = np.median(np.array(near), axis=0)
    # Without a boundary the territory is what lies about its middle: a metropolis is 40 km across.
    half = 30.0 / _KM_PER_DEGREE
    wide = half / max(float(np.cos(np.radians(middle[0]))), 0.05)
    return Box(float(middle[0] - half), float(middle[1] - wide), float(middle[0] + half), float(middle[1] + wide))


def why_not(latitude: float, longitude: float, box: Box | None) -> str | None:
    """Return why a position cannot be true, None when it can; the words of `coverage evaluate`.

    0, 0                   no position
    43.6, 203.9            not on the globe
    6279742, 770133        metres instead of degrees
    3.9, 43.6              swapped, when the territory is around 43.6, 3.9
    """
    if not (np.isfinite(latitude) and np.isfinite(longitude)):
        return OFF_GLOBE
    if abs(latitude) < 1e-6 and abs(longitude) < 1e-6:  # noqa: PLR2004 - ten centimetres off Africa
        return NO_FIX
    if max(abs(latitude), abs(longitude)) > _METRES_FROM:
        return METRES
    if box is not None and not box.holds(latitude, longitude, OUTSIDE_KM):
        if abs(longitude) <= _EARTH_DEGREES / 2 and box.holds(longitude, latitude, OUTSIDE_KM):
            return SWAPPED
        if abs(latitude) <= _EARTH_DEGREES / 2 and abs(longitude) <= _EARTH_DEGREES:
            return AWAY
    if abs(latitude) > _EARTH_DEGREES / 2 or abs(longitude) > _EARTH_DEGREES:
        return OFF_GLOBE
    return None


def cells(boundaries: Mapping[str, dict[str, Any]], latitudes: Floats, longitudes: Floats) -> list[Cell]:
    """Return the cells of a territory, ascending: centre inside a boundary, or with a point in it.

    Without any boundary: those around the points.

    Raises:
        ValueError: more cells than a territory has.

    """
    found = set(cells_of(latitudes, longitudes)) if len(latitudes) else set()
    if not boundaries:
        steps = range(-_AROUND, _AROUND + 1)
        found = {
            Cell(one.northing_m + dn * SIZE_M, one.easting_m + de * SIZE_M)
            for one in found
            for dn in steps
            for de in steps
        }
        return sorted(found)
    project = Transformer.from_crs("EPSG:4326", "EPSG:3035", always_xy=True)

    def to_metres(degrees: Floats) -> Floats:
        return np.column_stack(project.transform(degrees[:, 0], degrees[:, 1]))

    for one in boundaries.values():
        found.update(_within(shapely.transform(shape(one), to_metres)))
    return sorted(found)


def _within(polygon: Any) -> list[Cell]:  # noqa: ANN401 - a polygon, or several
    west, south, east, north = (float(edge) for edge in polygon.bounds)
    eastings = np.arange(np.floor(west / SIZE_M), np.ceil(east / SIZE_M)) * SIZE_M
    northings = np.arange(np.floor(south / SIZE_M), np.ceil(north / SIZE_M)) * SIZE_M
    if len(eastings) * len(northings) > _MOST_CELLS:
        raise ValueError(
            f"a boundary of {len(eastings) * len(northings)} squares of {SIZE_M} m is larger than any territory: "
            "are its longitude and latitude in that order?"
        )
    column, row = (axis.ravel() for axis in np.meshgrid(eastings, northings))
    inside = shapely.contains_xy(polygon, column + SIZE_M / 2, row + SIZE_M / 2)
    return [Cell(int(n), int(e)) for n, e in zip(row[inside], column[inside], strict=True)]
