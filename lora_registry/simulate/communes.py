"""The 31 communes of Montpellier Méditerranée Métropole, and boundaries drawn from their centres.

Names, INSEE codes and populations: INSEE. Centres: centroids of IGN ADMIN EXPRESS (2018), rounded to 0.001
degree. Both under the Licence Ouverte / Etalab. The boundaries are *not* IGN's: each is the part of the plane
nearer to one centre than to any other, cut at a margin around the outermost ones, and is labelled schematic
wherever it is shown. `territory import` replaces them.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import shapely

from lora_registry.simulate.columns import Floats

MARGIN_M = 2_500.0
_ORIGIN_LATITUDE, _ORIGIN_LONGITUDE = 43.62, 3.88
_M_PER_DEGREE_LATITUDE = 111_132.0
_M_PER_DEGREE_LONGITUDE = 111_320.0 * float(np.cos(np.radians(_ORIGIN_LATITUDE)))


class Commune(NamedTuple):
    """A commune: INSEE code, name, population, centre in WGS 84 degrees."""

    code: str
    name: str
    population: int
    latitude: float
    longitude: float


COMMUNES = (
    Commune("34022", "Baillargues", 7829, 43.659, 4.011),
    Commune("34027", "Beaulieu", 2264, 43.730, 4.022),
    Commune("34057", "Castelnau-le-Lez", 26058, 43.638, 3.912),
    Commune("34058", "Castries", 6883, 43.689, 3.980),
    Commune("34077", "Clapiers", 6006, 43.662, 3.887),
    Commune("34087", "Cournonsec", 3616, 43.540, 3.703),
    Commune("34088", "Cournonterral", 7359, 43.569, 3.707),
    Commune("34090", "Le Crès", 9226, 43.653, 3.936),
    Commune("34095", "Fabrègues", 7447, 43.534, 3.772),
    Commune("34116", "Grabels", 9092, 43.651, 3.794),
    Commune("34120", "Jacou", 6924, 43.663, 3.912),
    Commune("34123", "Juvignac", 14055, 43.624, 3.796),
    Commune("34129", "Lattes", 17351, 43.564, 3.902),
    Commune("34134", "Lavérune", 3302, 43.585, 3.802),
    Commune("34164", "Montaud", 1014, 43.748, 3.959),
    Commune("34169", "Montferrier-sur-Lez", 4135, 43.669, 3.863),
    Commune("34172", "Montpellier", 310240, 43.613, 3.869),
    Commune("34179", "Murviel-lès-Montpellier", 2075, 43.609, 3.740),
    Commune("34198", "Pérols", 9615, 43.561, 3.952),
    Commune("34202", "Pignan", 8431, 43.586, 3.749),
    Commune("34217", "Prades-le-Lez", 6184, 43.708, 3.865),
    Commune("34227", "Restinclières", 2612, 43.723, 4.041),
    Commune("34244", "Saint-Brès", 3623, 43.667, 4.038),
    Commune("34249", "Saint-Drézéry", 3006, 43.729, 3.978),
    Commune("34256", "Saint-Geniès-des-Mourgues", 2148, 43.697, 4.038),
    Commune("34259", "Saint-Georges-d'Orques", 5676, 43.617, 3.774),
    Commune("34270", "Saint-Jean-de-Védas", 13328, 43.572, 3.832),
    Commune("34295", "Saussan", 2069, 43.569, 3.780),
    Commune("34307", "Sussargues", 2840, 43.710, 3.994),
    Commune("34327", "Vendargues", 7262, 43.661, 3.963),
    Commune("34337", "Villeneuve-lès-Maguelone", 10872, 43.526, 3.858),
)


def to_metres(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    """Return metres east and north of a point in the city, from WGS 84 degrees.

    Equirectangular about 43.62 N: over 30 km it errs by less than 0.3 %, far below what the radio model
    knows.
    """
    return (
        (longitude - _ORIGIN_LONGITUDE) * _M_PER_DEGREE_LONGITUDE,
        (latitude - _ORIGIN_LATITUDE) * _M_PER_DEGREE_LATITUDE,
    )


def to_degrees(east: Floats, north: Floats) -> tuple[Floats, Floats]:
    """Return (latitude, longitude) in WGS 84 degrees: the inverse of `to_metres`."""
    return (
        _ORIGIN_LATITUDE + north / _M_PER_DEGREE_LATITUDE,
        _ORIGIN_LONGITUDE + east / _M_PER_DEGREE_LONGITUDE,
    )


@cache
def centres() -> tuple[Floats, Floats]:
    """Return the communes' centres in metres east and north, in the order of `COMMUNES`."""
    latitude = np.array([c.latitude for c in COMMUNES])
    longitude = np.array([c.longitude for c in COMMUNES])
    return to_metres(latitude, longitude)


@cache
def cells() -> tuple[shapely.Polygon, ...]:
    """Return the schematic boundaries in metres, in the order of `COMMUNES`.

    Voronoi cells of the centres, within their convex hull widened by `MARGIN_M`.
    """
    points = [shapely.Point(xy) for xy in zip(*centres(), strict=True)]
    together = shapely.MultiPoint(points)
    outline = shapely.buffer(shapely.convex_hull(together), MARGIN_M, quad_segs=4)
    found = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(together, extend_to=outline)), outline)
    return tuple(found[shapely.contains(found, point).argmax()] for point in points)


@cache
def boundary(index: int) -> dict[str, object]:
    """Return the schematic boundary of `COMMUNES[index]` as GeoJSON, WGS 84 degrees rounded to about 1 m."""
    ring = shapely.get_coordinates(cells()[index].exterior)
    latitude, longitude = to_degrees(ring[:, 0], ring[:, 1])
    outline = [[round(x, 5), round(y, 5)] for x, y in zip(longitude.tolist(), latitude.tolist(), strict=True)]
    return {"type": "Polygon", "coordinates": [outline]}
