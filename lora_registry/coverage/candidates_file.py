"""Places where a gateway could be: a CSV or GeoJSON of public buildings and masts, from its text."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from math import nan
from typing import Any, NamedTuple

from lora_registry.coverage.whereabouts import Box, why_not
from lora_registry.domain.errors import ImportFileError

_LATITUDES, _LONGITUDES, _NAMES = ("lat", "latitude"), ("lon", "lng", "longitude"), ("name", "nom", "id")
_GAINS = ("gain_db",)
_MOST_GAIN_DB = 30.0


class Candidate(NamedTuple):
    """A place where a gateway could be."""

    name: str
    latitude: float
    longitude: float
    gain_db: float
    """What its height or antenna adds to an ordinary gateway's."""


def read_candidates(text: str, box: Box | None) -> list[Candidate]:
    """Return the candidates of a file, in its order.

    CSV: a header with `name`, `lat`, `lon` and, where it is known, `gain_db`; comma or semicolon. GeoJSON: points,
    or areas, of which the middle is taken; `name` and `gain_db` among their properties.

    Raises:
        ImportFileError: with every fault and its place.

    """
    rows = list(_of_geojson(text) if text.lstrip("\ufeff \n\r\t").startswith("{") else _of_csv(text))
    faults, found = list[str](), list[Candidate]()
    seen: dict[tuple[float, float], str] = {}
    for place, name, latitude, longitude, gain in rows:
        wrong = why_not(latitude, longitude, box) or _wrong_gain(gain)
        other = seen.get((latitude, longitude))
        if wrong is None and other is not None:
            wrong = f"the same place as {other}"
        if wrong is not None:
            faults.append(f"{place} ({name}): {wrong}")
            continue
        seen[latitude, longitude] = place
        found.append(Candidate(name, latitude, longitude, gain))
    if faults:
        raise ImportFileError(":\n" + "\n".join(faults))
    if not found:
        raise ImportFileError("no candidate in it: give a row a place, with name, lat and lon")
    return found


_Row = tuple[str, str, float, float, float]


def _of_csv(text: str) -> Iterator[_Row]:
    lines = text.lstrip("\ufeff").splitlines()
    header = lines[0] if lines else ""
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(lines, delimiter=delimiter)
    columns = {(column or "").strip().lower(): column for column in reader.fieldnames or ()}
    latitude, longitude = _column(columns, _LATITUDES), _column(columns, _LONGITUDES)
    if latitude is None or longitude is None:
        raise ImportFileError(
            f"line 1: columns {', '.join(columns) or 'none'}: name, lat and lon are needed, in WGS 84 degrees"
        )
    name, gain = _column(columns, _NAMES), _column(columns, _GAINS)
    for row in reader:
        place = f"line {reader.line_num}"
        yield (
            place,
            ((row.get(name) or "").strip() if name else "") or place,
            _number(row.get(latitude)),
            _number(row.get(longitude)),
            _number(row.get(gain)) if gain and (row.get(gain) or "").strip() else 0.0,
        )


def _of_geojson(text: str) -> Iterator[_Row]:
    from shapely.errors import ShapelyError  # noqa: PLC0415 - only this kind of file needs geometry
    from shapely.geometry import shape  # noqa: PLC0415

    try:
        told: Any = json.loads(text.lstrip("\ufeff"))
        features = told["features"] if told.get("type") == "FeatureCollection" else [told]
        for number, feature in enumerate(features, start=1):
            properties = feature.get("properties") or {}
            point = shape(feature["geometry"]).centroid
            name = next((str(properties[key]) for key in _NAMES if properties.get(key)), f"feature {number}")
            yield f"feature {number}", name, point.y, point.x, _number(properties.get("gain_db", 0.0))
    except (ValueError, KeyError, TypeError, AttributeError, ShapelyError) as error:
        raise ImportFileError(f"it is neither CSV nor GeoJSON of points: {error!r}") from error


def _column(columns: dict[str, str], names: Sequence[str]) -> str | None:
    return next((columns[name] for name in names if name in columns), None)


def _number(value: Any) -> float:  # noqa: ANN401 - whatever a file holds
    try:
        return float(str(value).strip().replace(",", "."))
    except ValueError:
        return nan


def _wrong_gain(gain_db: float) -> str | None:
    if not abs(gain_db) <= _MOST_GAIN_DB:
        return f"gain_db is not a number of decibels between -{_MOST_GAIN_DB:g} and {_MOST_GAIN_DB:g}"
    return None
