"""The 200 m grid that European statistics use (EPSG:3035, INSEE's), so that cells join population data.

Source: INSEE, "carroyage"; cells are named by the metres of their south-west corner.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

SIZE_M = 200
_CODE = re.compile(rf"CRS3035RES{SIZE_M}mN(\d+)E(\d+)")
_WGS84, _LAEA = "EPSG:4326", "EPSG:3035"


class Cell(NamedTuple):
    """A square of the grid, by its south-west corner in metres of EPSG:3035."""

    northing_m: int
    easting_m: int

    @property
    def code(self) -> str:
        """INSEE's name of the cell, CRS3035RES200mN2032000E4254000."""
        return f"CRS3035RES{SIZE_M}mN{self.northing_m}E{self.easting_m}"


def cells_of(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> list[Cell]:
    """Return the cell of each point, WGS 84 degrees, (n,) each.

    Raises:
        ValueError: a coordinate that cannot be projected (not finite, or off the grid's half of the globe).

    """
    east, north = _forward().transform(longitudes, latitudes)
    if not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise ValueError(
            "a point cannot be placed on the European grid: latitude and longitude swapped, or far away"
        )
    south_west = np.floor(np.column_stack((north, east)) / SIZE_M).astype(np.int64) * SIZE_M
    return [Cell(int(northing), int(easting)) for northing, easting in south_west]


def centres_of(cells: Sequence[Cell]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres of cells as (c,) latitudes and (c,) longitudes, WGS 84 degrees."""
    corners = np.array(cells, dtype=np.float64).reshape(-1, 2) + SIZE_M / 2
    longitudes, latitudes = _backward().transform(corners[:, 1], corners[:, 0])
    return np.asarray(latitudes), np.asarray(longitudes)


def named(code: str) -> Cell:
    """Return the cell of INSEE's name.

    Raises:
        ValueError: it is no name of a cell of this grid.

    """
    found = _CODE.fullmatch(code.strip())
    if found is None:
        raise ValueError(f"{code!r} names no cell: write CRS3035RES{SIZE_M}mN2032000E4254000")
    northing, easting = (int(number) for number in found.groups())
    if northing % SIZE_M or easting % SIZE_M:
        raise ValueError(f"{code!r} names no cell: its corner is no multiple of {SIZE_M} m")
    return Cell(northing, easting)


def degrees_of_corners(cells: Sequence[Cell]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return longitude and latitude of the grid's corners as quadratics of column and row, counted in cells.

    Coefficients of 1, c, r, c², c·r, r², c and r being easting and northing over `SIZE_M` less those of the first
    cell; fitted to the cells' own corners. Over 40 km the projection departs from them by less than a metre.

    Raises:
        ValueError: no cell.

    """
    if not cells:
        raise ValueError("no cell: a grid needs one")
    south_west = np.array(cells, dtype=np.float64)
    offsets = np.array([[0.0, 0.0], [0.0, SIZE_M], [SIZE_M, 0.0], [SIZE_M, SIZE_M]])
    corners = (south_west[:, None, :] + offsets).reshape(-1, 2)
    row, column = ((corners - south_west[0]) / SIZE_M).T
    terms = np.column_stack((np.ones_like(row), column, row, column**2, column * row, row**2))
    longitudes, latitudes = _backward().transform(corners[:, 1], corners[:, 0])
    both = np.linalg.lstsq(terms, np.column_stack((longitudes, latitudes)), rcond=None)[0]
    return tuple(both[:, 0].tolist()), tuple(both[:, 1].tolist())


def ring_of(cell: Cell) -> tuple[tuple[float, float], ...]:
    """Return the cell's corners as (longitude, latitude), counter-clockwise, the first one repeated."""
    south, west = cell
    east = [west, west + SIZE_M, west + SIZE_M, west, west]
    north = [south, south, south + SIZE_M, south + SIZE_M, south]
    longitudes, latitudes = _backward().transform(east, north)
    return tuple(zip(map(float, longitudes), map(float, latitudes), strict=True))


@cache
def _forward() -> Transformer:
    return Transformer.from_crs(_WGS84, _LAEA, always_xy=True)


@cache
def _backward() -> Transformer:
    return Transformer.from_crs(_LAEA, _WGS84, always_xy=True)
