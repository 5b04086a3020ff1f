"""A metric plane for a city: Lambert-93 in metropolitan France, the UTM zone elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, floor, radians

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

Floats = NDArray[np.float64]

LAMBERT_93 = 2154
_FRANCE = (41.0, 51.5, -5.5, 10.0)
"""Latitudes, longitudes: metropolitan France. A neighbour's town in this box is measured in Lambert-93 as well,
whose scale is true to 0.3 % there."""
_M_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class Plane:
    """A projected reference system by its EPSG code."""

    epsg: int

    def xy_km(self, latitudes: Floats, longitudes: Floats) -> Floats:
        """Return points of WGS 84, degrees, as (n, 2) kilometres east and north.

        Raises:
            ValueError: a point that the system has no place for.

        """
        east, north = _transformer(self.epsg).transform(longitudes, latitudes)
        points = np.column_stack((east, north)) / 1000.0
        if not np.isfinite(points).all():
            wrong = int(np.flatnonzero(~np.isfinite(points).all(axis=1))[0])
            raise ValueError(
                f"latitude {latitudes[wrong]}, longitude {longitudes[wrong]} has no place in EPSG:{self.epsg}: "
                "swapped, or far from the others"
            )
        return points


def plane_of(latitude: float, longitude: float) -> Plane:
    """Return the plane to measure in around a point, WGS 84 degrees.

    43.6, 3.9     EPSG:2154, Lambert-93
    49.2, 16.6    EPSG:32633, UTM zone 33 north
    """
    south, north, west, east = _FRANCE
    if south <= latitude <= north and west <= longitude <= east:
        return Plane(LAMBERT_93)
    zone = min(max(floor((longitude + 180.0) / 6.0) + 1, 1), 60)
    return Plane((32_600 if latitude >= 0 else 32_700) + zone)


def roughly_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Return the distance of two points to a few per cent within a country: enough to see what cannot be."""
    north = (latitude - other_latitude) * _M_PER_DEGREE
    turn = (longitude - other_longitude + 180.0) % 360.0 - 180.0
    east = turn * _M_PER_DEGREE * cos(radians((latitude + other_latitude) / 2.0))
    return float(np.hypot(north, east)) / 1000.0


@cache
def _transformer(epsg: int) -> Transformer:
    return Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)
