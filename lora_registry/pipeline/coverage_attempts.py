"""Devices that stand somewhere, as columns; and what was tried there without being heard by anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from lora_registry.coverage import gathering
from lora_registry.coverage.cells import FAILED_VISIT_FRAMES, NEVER_JOINED_FRAMES, Evidence
from lora_registry.coverage.gathering import Devices
from lora_registry.coverage.grid import Cell, cells_of
from lora_registry.coverage.links import Links, never_heard
from lora_registry.coverage.pairs import Floats, Indices
from lora_registry.coverage.plane import Plane
from lora_registry.coverage.whereabouts import Box, why_not
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.services import NetworkKind, PositionSource, PrivacyClass
from lora_registry.store import coverage_evidence as store
from lora_registry.store import coverage_reads, networks

_ACCURACY_M = {
    PositionSource.SURVEYED: 10.0,
    PositionSource.IMPORTED: 30.0,
    PositionSource.TAG: 50.0,
    PositionSource.GEOCODED: 80.0,
    PositionSource.ESTIMATED: 500.0,
    PositionSource.NONE: 2000.0,
}
"""Where nobody said how closely a place is known."""
_SETTLED = timedelta(days=7)
"""A device that was declared less than this ago may join yet (the audit's own patience)."""
_RECENT_DAYS = 7


class Columns:
    """Placed devices as columns, by DevEUI."""

    def __init__(self, rows: list[store.Row], spots: Mapping[int, store.Spot]) -> None:
        """Take devices, each with its spot."""
        self.rows = rows
        where = [spots[row["dev_eui"]] for row in rows]
        self.eui = np.array([row["dev_eui"] for row in rows], dtype=np.int64)
        self.latitude = np.array([spot.latitude for spot in where], dtype=np.float64)
        self.longitude = np.array([spot.longitude for spot in where], dtype=np.float64)
        self.accuracy_m = np.array(
            [
                spot.accuracy_m if spot.accuracy_m is not None else _ACCURACY_M[PositionSource(spot.source)]
                for spot in where
            ],
            dtype=np.float64,
        )
        self.household = np.array(
            [PrivacyClass(row["privacy"] or PrivacyClass.HOUSEHOLD).hides_position for row in rows], dtype=np.int64
        )
        self._since = [spot.since for spot in where]

    def since(self, first: int) -> Indices:
        """Return the first day that counts of each, days since 1970."""
        return np.array(
            [first if at is None else store.day_number(at.date()) + 1 for at in self._since], dtype=np.int64
        )


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What attempts are put on: the cells and the gateways of today."""

    index: Mapping[Cell, int]
    """Cells by number."""
    plane: Plane
    box: Box
    mast_km: Floats
    """(G, 2)."""
    up: Floats
    """(G, D)."""


def attempts(
    connection: Connection, known: Columns, devices: Devices, ground: Ground, *, now: datetime
) -> tuple[Links, Evidence]:
    """Return what nobody heard, devices in service that never joined and visits that failed; and other visits."""
    kinds = networks.kinds(connection)
    never = np.array(
        [
            row["heard_since"] is None
            and row["lifecycle"] == Lifecycle.IN_SERVICE
            and kinds.get(row["network_id"]) != NetworkKind.DECLARED
            and row["recorded_at"] is not None
            and row["recorded_at"] <= now - _SETTLED
            for row in known.rows
        ],
        dtype=bool,
    )
    visits = [
        visit
        for visit in coverage_reads.visits(connection)
        if visit["visited_on"] <= now.date() and why_not(visit["latitude"], visit["longitude"], ground.box) is None
    ]
    at = np.array([(visit["latitude"], visit["longitude"]) for visit in visits], dtype=np.float64).reshape(-1, 2)
    age = np.array([(now.date() - visit["visited_on"]).days for visit in visits], dtype=np.float64)
    worth = FAILED_VISIT_FRAMES * 0.5 ** (age / gathering.HALF_LIFE_DAYS)
    failed = np.array([not visit["heard"] for visit in visits], dtype=bool)
    stood = ground.plane.xy_km(at[:, 0], at[:, 1]) if len(at) else at
    xy = np.concatenate((devices.xy_km[never], stood[failed]))
    frames = np.concatenate((np.full(int(never.sum()), NEVER_JOINED_FRAMES), worth[failed]))
    alive = np.where((ground.up[:, -_RECENT_DAYS:] > 0).any(axis=1, keepdims=True), ground.mast_km, np.nan)
    links = never_heard(xy, alive, frames, np.zeros(len(xy)), max_km=gathering.MAX_KM)
    cell = np.concatenate((devices.cell[never], cell_numbers(ground.index, at[:, 0], at[:, 1])))
    sent = np.concatenate((np.full(int(never.sum()), NEVER_JOINED_FRAMES), worth))
    days = [store.day_number(visit["visited_on"]) for visit in visits]
    tried = Evidence(
        cell=cell,
        sent=sent,
        heard=np.concatenate((np.zeros(int(never.sum())), np.where(failed, 0.0, worth))),
        day=np.concatenate((np.full(int(never.sum()), -1), np.array(days, dtype=np.int64))),
        household=np.concatenate((devices.household[never].astype(bool), np.zeros(len(visits), dtype=bool))),
        trust=np.concatenate((devices.trust[never], np.ones(len(visits)))),
    )
    inside = tried.cell >= 0
    return links, Evidence(**{name: getattr(tried, name)[inside] for name in Evidence.__dataclass_fields__})


def cell_numbers(index: Mapping[Cell, int], latitudes: Floats, longitudes: Floats) -> Indices:
    """Return the number of each point's cell, -1 outside all."""
    if not len(latitudes):
        return np.empty(0, dtype=np.int64)
    return np.array([index.get(cell, -1) for cell in cells_of(latitudes, longitudes)], dtype=np.int64)
