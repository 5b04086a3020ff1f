"""Where a sheet says that an object is, and the ways in which people get coordinates wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from lora_registry.domain.services import PositionSource
from lora_registry.onboarding.tell import Gravity, Told, told

Remarker = Callable[[Gravity, str, str | None, Told], None]
_L93_X = (50_000.0, 1_300_000.0)
_L93_Y = (6_000_000.0, 7_200_000.0)
"""Metropolitan France and its islands in EPSG:2154, with some room."""
_DEGREE_KM = 111.2
"""One degree of latitude."""


class Place(NamedTuple):
    """A point: WGS 84 degrees, metres."""

    latitude: float
    longitude: float
    altitude_m: float | None
    accuracy_m: float | None
    source: str
    since: str | None
    """A day, from which on; None: from now on."""

    def plain(self) -> dict[str, Any]:
        """Return the value of the field `position`."""
        value = {**self._asdict()}
        since = value.pop("since")
        return value if since is None else {**value, "since": f"{since}T00:00:00+00:00"}

    def distance_m(self, latitude: float, longitude: float) -> float:
        """Return the distance to a point nearby, in metres, on a plane tangent to the sphere."""
        north = (latitude - self.latitude) * _DEGREE_KM * 1000
        east = (longitude - self.longitude) * _DEGREE_KM * 1000 * math.cos(math.radians(self.latitude))
        return math.hypot(north, east)


class Bounds(NamedTuple):
    """The rectangle that the registry's territories fill, degrees."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float, margin: float = 0.1) -> bool:
        """Tell whether a point is inside, or within `margin` degrees of it."""
        return (
            self.south - margin <= latitude <= self.north + margin
            and self.west - margin <= longitude <= self.east + margin
        )


def place_of(
    remark: Remarker, numbers: Mapping[str, float], headings: Mapping[str, str], *, source: str, since: str | None
) -> Place | None:
    """Return the place that the cells of one line give; what is wrong with it goes to `remark`."""
    latitude, longitude = numbers.get("latitude"), numbers.get("longitude")
    if "x_l93" in numbers and "y_l93" in numbers and latitude is None:
        latitude, longitude = from_lambert_93(numbers["x_l93"], numbers["y_l93"])
    if latitude is None and longitude is None:
        return None
    heading = headings.get("latitude") or headings.get("longitude")
    if latitude is None or longitude is None:
        remark(Gravity.ERROR, "half_a_place", heading, told(
            "latitude and longitude go together: one of them is empty",
            "latitude et longitude vont ensemble : l'une des deux est vide",
        ))  # fmt: skip
        return None
    if not _is_sane(remark, latitude, longitude, heading):
        return None
    if source and source not in list(PositionSource):
        known = ", ".join(one for one in PositionSource if one != PositionSource.NONE)
        remark(Gravity.ERROR, "bad_position_source", headings.get("position_source"), told(
            f"{source!r} is no source of a position: {known}",
            f"{source!r} n'est pas une source de position : {known}",
        ))  # fmt: skip
        return None
    return Place(
        latitude, longitude, numbers.get("altitude_m"), numbers.get("accuracy_m"),
        source or PositionSource.IMPORTED.value, since,
    )  # fmt: skip


def _is_sane(remark: Remarker, latitude: float, longitude: float, heading: str | None) -> bool:
    if latitude == 0 and longitude == 0:
        remark(Gravity.ERROR, "zero_place", heading, told(
            "0, 0 is what a GPS without a fix says: leave both cells empty when nobody knows",
            "0, 0 est ce que dit un GPS sans signal : laissez les deux cellules vides si personne ne sait",
        ))  # fmt: skip
        return False
    for x, y in ((longitude, latitude), (latitude, longitude)):
        if _L93_X[0] <= x <= _L93_X[1] and _L93_Y[0] <= y <= _L93_Y[1]:
            found = "{:.6f}, {:.6f}".format(*from_lambert_93(x, y))
            remark(Gravity.ERROR, "lambert_93", heading, told(
                f"these are metres of Lambert-93: in degrees {found}; write these, or call the columns x_l93 and "
                "y_l93",
                f"ce sont des mètres Lambert-93 : en degrés {found} ; écrivez ces valeurs, ou nommez les colonnes "
                "x_l93 et y_l93",
            ))  # fmt: skip
            return False
    if abs(latitude) > 90 or abs(longitude) > 180:  # noqa: PLR2004 - the Earth's
        remark(Gravity.ERROR, "no_degrees", heading, told(
            f"{latitude:g}, {longitude:g} are no degrees: write WGS 84 degrees, 43.61 and 3.87",
            f"{latitude:g}, {longitude:g} ne sont pas des degrés : écrivez des degrés WGS 84, 43,61 et 3,87",
        ))  # fmt: skip
        return False
    return True


def check_territory(remark: Remarker, place: Place, bounds: Bounds | None) -> None:
    """Say when a place is outside all territories; swapped coordinates are told with their right order."""
    if bounds is None or bounds.holds(place.latitude, place.longitude):
        return
    if bounds.holds(place.longitude, place.latitude):
        remark(Gravity.ERROR, "swapped", None, told(
            f"latitude and longitude are swapped: write {place.longitude:g} and {place.latitude:g}",
            f"latitude et longitude sont inversées : écrivez {place.longitude:g} et {place.latitude:g}",
        ))  # fmt: skip
        return
    remark(Gravity.WARNING, "outside", None, told(
        f"{place.latitude:g}, {place.longitude:g} is outside the territory: check both numbers",
        f"{place.latitude:g}, {place.longitude:g} est hors du territoire : vérifiez les deux nombres",
    ))  # fmt: skip


def from_lambert_93(x: float, y: float) -> tuple[float, float]:
    """Return latitude and longitude (WGS 84 degrees) of a point in EPSG:2154 (metres)."""
    longitude, latitude = _to_wgs_84().transform(x, y)
    return round(latitude, 7), round(longitude, 7)


@cache
def _to_wgs_84() -> Any:  # noqa: ANN401 - pyproj is loaded for the few sheets that need it
    from pyproj import Transformer  # noqa: PLC0415

    return Transformer.from_crs(2154, 4326, always_xy=True)
