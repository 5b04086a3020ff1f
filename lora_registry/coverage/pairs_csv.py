"""Reading measured receptions from CSV lines, for `coverage evaluate`; columns in any order, others ignored.

`point_id,lat,lon,gateway_id,gateway_lat,gateway_lon,heard[,esp_dbm|rssi_dbm,snr_db][,sf]`

A row that cannot be true is left out and told with its line and the reason. A gateway that moved by more than
100 m is another gateway: what was heard from its old place says nothing of the new one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import nan
from typing import NamedTuple

import numpy as np

from lora_registry.coverage.pairs import Pairs, demand_db
from lora_registry.coverage.plane import plane_of, roughly_km
from lora_registry.coverage.reception_row import (
    AWAY,
    DUPLICATE,
    OPTIONAL,
    REQUIRED,
    SWAPPED,
    WIDTH,
    Row,
    WrongError,
    read_row,
)
from lora_registry.domain.errors import ImportFileError

_MOVED_KM = 0.1
_FARTHEST_KM = 300.0
"""No city's device is heard from so far; beyond it a position is wrong."""


_Key = tuple[str, float, float, str, str]


class Rejection(NamedTuple):
    """A row that was left out."""

    line: int
    kind: str
    """What is wrong, in words that rows with the same fault share."""
    reason: str
    """The same with the row's own values."""


@dataclass(frozen=True, slots=True, eq=False)
class Receptions:
    """What a file holds."""

    pairs: Pairs
    rejected: list[Rejection]
    too_far: int
    """Pairs left out because they are farther apart than was asked for."""


@dataclass(slots=True)
class _Gateways:
    """Numbers of gateways, by identifier and place."""

    places: dict[str, list[tuple[float, float, int]]] = field(default_factory=dict)
    count: int = 0

    def number(self, row: Row) -> int:
        known = self.places.setdefault(row.gateway, [])
        for lat, lon, number in known:
            if roughly_km(lat, lon, row.gateway_lat, row.gateway_lon) <= _MOVED_KM:
                return number
        known.append((row.gateway_lat, row.gateway_lon, self.count))
        self.count += 1
        return self.count - 1


def read_receptions(lines: Iterable[str], *, max_km: float) -> Receptions:
    """Read CSV `lines`, the first being the header.

    Raises:
        ImportFileError: no header, a column missing, or no pair that can be used; names what and the way out.

    """
    reader = csv.reader(lines, strict=True)
    columns = _header(reader)
    rejected: list[Rejection] = []
    rows: list[Row] = []
    seen: dict[_Key, int] = {}
    for cells in _cells(reader, rejected):
        try:
            row = read_row(cells, columns, reader.line_num)
            _only_once(row, seen)
        except WrongError as wrong:
            rejected.append(Rejection(reader.line_num, wrong.kind, str(wrong)))
        else:
            rows.append(row)
    rows = list(_of_one_network(rows, rejected))
    rejected.sort()
    if not rows:
        told = "".join(f"; line {one.line}: {one.reason}" for one in rejected[:1])
        raise ImportFileError(f"no row can be used of {len(rejected)}{told}")
    return _receptions(rows, rejected, max_km)


def _only_once(row: Row, seen: dict[_Key, int]) -> None:
    first = seen.setdefault((row.point, row.lat, row.lon, row.gateway, str(row.sf)), row.line)
    if first != row.line:
        raise WrongError(
            DUPLICATE,
            f"duplicate: point {row.point!r} and gateway {row.gateway!r} are in line {first} already; "
            "write one row a pair, or give each frame a point_id of its own",
        )


def _receptions(rows: list[Row], rejected: list[Rejection], max_km: float) -> Receptions:
    gateways = _Gateways()
    number = np.array([gateways.number(row) for row in rows], dtype=np.int64)
    points = np.array([(row.lat, row.lon) for row in rows])
    masts = np.array([(row.gateway_lat, row.gateway_lon) for row in rows])
    middle = np.median(points, axis=0)
    plane = plane_of(float(middle[0]), float(middle[1]))
    xy_km, mast_km = plane.xy_km(*points.T), plane.xy_km(*masts.T)
    heard = np.array([row.heard for row in rows], dtype=bool)
    pairs = Pairs(
        xy_km=xy_km,
        gateway=number,
        distance_km=np.hypot(*(xy_km - mast_km).T),
        heard=heard,
        level_dbm=np.where(heard, [row.level_dbm for row in rows], nan),
        demand_db=demand_db(np.array([row.sf for row in rows])),
        weight=np.ones(len(rows)),
    )
    near = pairs.distance_km <= max_km
    if not near.any():
        raise ImportFileError(
            f"none of {len(rows)} pairs is within {max_km:g} km (the nearest: {pairs.distance_km.min():.1f} km): "
            "check the gateways' positions, or give a larger --max-km"
        )
    return Receptions(pairs.take(near), rejected, int((~near).sum()))


def _header(reader: Iterator[list[str]]) -> dict[str, int]:
    names = [name.strip().lstrip("\ufeff").lower() for name in next(reader, [])]
    if not any(names):
        raise ImportFileError(f"the file is empty: its first line must be the header {','.join(REQUIRED)}")
    for name in REQUIRED + OPTIONAL:
        count = names.count(name)
        if count > 1 or (count == 0 and name in REQUIRED):
            raise ImportFileError(
                f"line 1, column {name}: found {count} times in {','.join(names)!r}; the header must hold "
                f"{','.join(REQUIRED)}, separated by commas, and may hold {', '.join(OPTIONAL)}"
            )
    return {name: names.index(name) for name in REQUIRED + OPTIONAL if name in names} | {WIDTH: len(names)}


def _cells(reader: Iterator[list[str]], rejected: list[Rejection]) -> Iterator[list[str]]:
    try:
        yield from (cells for cells in reader if cells)
    except csv.Error as error:
        line = getattr(reader, "line_num", 0)
        rejected.append(Rejection(line, "not CSV", f"not CSV from here on ({error}): check the quotes"))


def _of_one_network(rows: list[Row], rejected: list[Rejection]) -> Iterator[Row]:
    """Yield the rows whose point and gateway lie where the others do."""
    if not rows:
        return
    lat, lon = np.median([(row.gateway_lat, row.gateway_lon) for row in rows], axis=0).tolist()
    for row in rows:
        places = {"point": (row.lat, row.lon), "gateway": (row.gateway_lat, row.gateway_lon)}
        for what, (one_lat, one_lon) in places.items():
            away = roughly_km(one_lat, one_lon, lat, lon)
            if away <= _FARTHEST_KM:
                continue
            swapped = roughly_km(one_lon, one_lat, lat, lon) <= _FARTHEST_KM
            kind, why = (SWAPPED, SWAPPED) if swapped else (AWAY, f"{away:.0f} km from the other gateways")
            rejected.append(Rejection(row.line, kind, f"{what} at lat {one_lat:g}, lon {one_lon:g}: {why}"))
            break
        else:
            yield row
