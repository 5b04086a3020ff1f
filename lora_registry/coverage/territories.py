"""Which territory a point lies in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry import shape


class Territories:
    """Boundaries by code, asked for many points at once."""

    def __init__(self, boundaries: Mapping[str, dict[str, Any]]) -> None:
        """Take GeoJSON geometries (polygons, WGS 84) by code."""
        self._codes = sorted(boundaries)
        self._tree = shapely.STRtree([shape(boundaries[code]) for code in self._codes])

    def of(self, points: Sequence[tuple[float, float]]) -> list[str | None]:
        """Return the code of each (longitude, latitude); None outside all. On a border, the first code wins."""
        found: list[str | None] = [None] * len(points)
        if not points or not self._codes:
            return found
        pairs = self._tree.query(shapely.points(points), predicate="intersects")
        for point, territory in sorted(pairs.T.tolist(), reverse=True):
            found[point] = self._codes[territory]
        return found
