"""Whose neighbours tell the same: of objects whose hourly means may be compared, a stretch of land at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree
from sqlalchemy import Connection

from lora_registry.domain.identifiers import DevEui
from lora_registry.store import evidence, sketch_reads, usefulness_evidence
from lora_registry.usefulness.facts import Neighbours
from lora_registry.usefulness.information import is_housekeeping
from lora_registry.usefulness.neighbours import MOST_NEIGHBOURS, NEAR_M, Compared, Series, compare, proposed
from lora_registry.usefulness.uniqueness import REDUNDANT_WITHIN

SPAN_DAYS = 35
"""All that is kept of hourly means."""
AT_ONCE = 200
"""Objects compared at once; with their neighbours some thousand are in memory, 60 kB each."""
_CANDIDATES = 4 * MOST_NEIGHBOURS
_EARTH_M = 6_371_008.8

Told = dict[DevEui, Neighbours]


class _Placed(NamedTuple):
    eui: DevEui
    tolerance: Mapping[str, float]


def compare_neighbours(connection: Connection, *, until: date) -> Told:
    """Return what is to be said of each object whose hourly means may be compared; of no other one anything."""
    places = evidence.positions(connection)
    told: Told = {}
    placed: list[_Placed] = []
    for eui, _, tolerance in usefulness_evidence.comparable(connection):
        channels = {name: delta for name, delta in tolerance.items() if not is_housekeeping(name)}
        if not channels:
            told[eui] = Neighbours(reason="no_tolerance")
        elif eui not in places:
            told[eui] = Neighbours(reason="position")
        else:
            placed.append(_Placed(eui, channels))
    if placed:
        told |= _compared(connection, placed, [places[one.eui] for one in placed], until)
    return told


def _compared(
    connection: Connection, placed: Sequence[_Placed], places: Sequence[tuple[float, float]], until: date
) -> Told:
    tree = cKDTree(_on_the_globe(places))
    count = range(1, min(_CANDIDATES + 1, len(placed)) + 1)
    reach, beside = map(np.asarray, tree.query(tree.data, k=count, distance_upper_bound=NEAR_M))
    order = np.lexsort(tree.data.T)  # neighbours on the ground stay together
    told: Told = {}
    found: dict[DevEui, Compared] = {}
    for start in range(0, len(order), AT_ONCE):
        rows = order[start : start + AT_ONCE]
        wanted = sorted({int(place) for row in rows for place in (row, *beside[row]) if place < len(placed)})
        means = sketch_reads.hourly_means(
            connection,
            [placed[place].eui for place in wanted],
            first=until - timedelta(days=SPAN_DAYS - 1),
            last=until,
        )
        for row in rows.tolist():
            one = _series(placed[row], means)
            if one is None:
                told[placed[row].eui] = Neighbours(reason="too_few")
                continue
            near = zip(reach[row].tolist(), beside[row].tolist(), strict=True)
            others = list(_others(one, near, placed, means))
            compared = compare(one, others)
            nearest_m = round(others[0][1], 1) if others else None
            if compared is None:
                reason = "too_few" if others else None
                told[placed[row].eui] = Neighbours(reason=reason, nearest_m=nearest_m)
                continue
            found[placed[row].eui] = compared
            told[placed[row].eui] = _neighbours(compared, nearest_m)
    for eui in _proposed(found):
        told[eui] = _neighbours(found[eui], told[eui].nearest_m, is_proposed=True)
    return told


def _on_the_globe(places: Sequence[tuple[float, float]]) -> np.typing.NDArray[np.float64]:
    """Return (longitude, latitude) as points on a sphere, in metres: over 2 km a chord is the distance."""
    longitude, latitude = np.radians(np.array(places)).T
    around = np.cos(latitude)
    return _EARTH_M * np.column_stack([around * np.cos(longitude), around * np.sin(longitude), np.sin(latitude)])


def _series(one: _Placed, means: Mapping[DevEui, Mapping[str, sketch_reads.HourlySeries]]) -> Series | None:
    told = means.get(one.eui, {})
    tolerance = {name: delta for name, delta in one.tolerance.items() if name in told}
    if not tolerance:
        return None
    return Series(str(one.eui), {name: (told[name].hour, told[name].mean) for name in told}, tolerance)


def _others(
    one: Series,
    beside: Iterable[tuple[float, int]],
    placed: Sequence[_Placed],
    means: Mapping[DevEui, Mapping[str, sketch_reads.HourlySeries]],
) -> Iterator[tuple[Series, float]]:
    """Yield the neighbours that measure all that `one` measures, nearest first, with their distances."""
    for metres, place in beside:
        other = _series(placed[place], means) if place < len(placed) else None
        if other is not None and other.key != one.key and one.tolerance.keys() <= other.means.keys():
            yield other, metres


def _neighbours(compared: Compared, nearest_m: float | None, *, is_proposed: bool = False) -> Neighbours:
    return Neighbours(
        near=len(compared.near),
        nearest_m=nearest_m,
        error=round(compared.error, 4),
        within=round(compared.within, 4),
        days=compared.days,
        twin=compared.twin,
        proposed=is_proposed,
    )


def _proposed(found: Mapping[DevEui, Compared]) -> list[DevEui]:
    redundant = {
        str(eui): ([one.twin] if one.twin is not None else list(one.near))
        for eui, one in found.items()
        if one.twin is not None or one.within >= REDUNDANT_WITHIN
    }
    order = sorted(redundant, key=lambda key: (found[DevEui(key)].twin is None, found[DevEui(key)].error, key))
    return [DevEui(key) for key in proposed(redundant, order)]
