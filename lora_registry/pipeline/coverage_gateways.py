"""Gateways as a build of coverage sees them: where each stands now, since when, and when it was up there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from lora_registry.coverage import uptime
from lora_registry.coverage.gathering import Heard
from lora_registry.coverage.pairs import Floats, Indices
from lora_registry.coverage.plane import Plane, roughly_km
from lora_registry.coverage.whereabouts import Box, why_not
from lora_registry.store import coverage_days
from lora_registry.store import coverage_evidence as store


@dataclass(frozen=True, slots=True)
class KnownGateway:
    """A gateway; its number is its place in the list."""

    gateway_id: int
    """As stored."""
    name: str | None
    third_party: bool
    place: tuple[float, float] | None
    """Latitude, longitude; None: heard, but not modelled."""
    since: datetime | None
    """It moved then: what it heard before does not count."""


def gateways_of(
    connection: Connection,
    told: list[store.Row],
    days_heard: coverage_days.Days,
    box: Box,
    rejected: Counter[str],
    *,
    now: datetime,
) -> tuple[list[KnownGateway], Heard, Floats]:
    """Return the gateways, what each heard where it stands now, and when it was up there (G, D)."""
    said = {row["gateway_id"]: row for row in told}
    days = days_heard.told.shape[1]
    masts_of: dict[int, list[int]] = {}
    for number, mast in enumerate(days_heard.masts):
        masts_of.setdefault(mast.gateway_id, []).append(number)
    reports = store.reports(connection, until=now.date(), days=days)
    found: list[KnownGateway] = []
    up = np.zeros((len(said.keys() | masts_of.keys()), days))
    gateway_of_mast = np.full(len(days_heard.masts), -1, dtype=np.int64)
    for gateway_id in sorted(said.keys() | masts_of.keys()):
        numbers = masts_of.get(gateway_id, [])
        masts = [days_heard.masts[n] for n in numbers]
        presence = days_heard.told[np.array(numbers, dtype=np.int64)]
        life = uptime.life(presence, [mast.place is not None for mast in masts])
        row = said.get(gateway_id, {})
        place = _place(row, None if life.mast is None else masts[life.mast].place, masts)
        wrong = why_not(*place, box) if place is not None else None
        if wrong is not None:
            rejected[wrong] += 1
        number = len(found)
        up[number] = uptime.up(reports.get(gateway_id), np.logical_or.reduce(presence, axis=0), life)
        for local, n in enumerate(numbers):
            # An uplink that told no place is of this life only where there was no other.
            if local == life.mast or (masts[local].place is None and life.first_day == 0):
                gateway_of_mast[n] = number
        moved = now.date() - timedelta(days=days - 1 - life.first_day)
        found.append(
            KnownGateway(
                gateway_id,
                row.get("name"),
                bool(row.get("third_party")),
                None if wrong is not None else place,
                datetime(moved.year, moved.month, moved.day, tzinfo=UTC) if life.first_day else None,
            )
        )
    return found, _of_gateways(days_heard, gateway_of_mast, len(found)), up


def _place(
    row: store.Row, now_at: tuple[float, float] | None, masts: list[coverage_days.Mast]
) -> tuple[float, float] | None:
    """Return where a gateway stands: its owner's word, unless that is where it stood before it moved."""
    declared = row.get("declared")
    if declared is not None and now_at is not None and _apart_km(declared, now_at) > store.MOVED_KM:
        former = (mast.place for mast in masts if mast.place is not None and mast.place != now_at)
        if any(_apart_km(declared, place) <= store.MOVED_KM for place in former):
            return now_at
    return declared or row.get("own") or now_at


def _apart_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    return roughly_km(one[0], one[1], other[0], other[1])


def _of_gateways(days_heard: coverage_days.Days, gateway_of_mast: Indices, count: int) -> Heard:
    """Return what was heard by gateway instead of by mast."""
    gateway = gateway_of_mast[days_heard.mast] if len(gateway_of_mast) else days_heard.mast
    kept = gateway >= 0
    keys, inverse = np.unique(days_heard.device[kept] * max(count, 1) + gateway[kept], return_inverse=True)
    frames = np.bincount(inverse.ravel(), weights=days_heard.heard[kept], minlength=len(keys)).astype(np.float64)
    level = np.nan_to_num(days_heard.level_dbm[kept])
    known = days_heard.heard[kept] * np.isfinite(days_heard.level_dbm[kept])
    weight = np.bincount(inverse.ravel(), weights=known, minlength=len(keys))
    total = np.bincount(inverse.ravel(), weights=known * level, minlength=len(keys))
    mean = np.divide(total, weight, out=np.full(len(keys), np.nan), where=weight > 0)
    return Heard(keys // max(count, 1), keys % max(count, 1), frames, mean)


def mast_km(gateways: list[KnownGateway], plane: Plane) -> Floats:
    """Return the places of gateways, (G, 2); NaN where not known."""
    found = np.full((len(gateways), 2), np.nan)
    placed = [number for number, gateway in enumerate(gateways) if gateway.place is not None]
    if placed:
        at = np.array([gateways[number].place for number in placed], dtype=np.float64)
        found[placed] = plane.xy_km(at[:, 0], at[:, 1])
    return found
