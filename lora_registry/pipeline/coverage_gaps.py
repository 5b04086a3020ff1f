"""Where the network is missing, ranked by who needs it; and each commune's own account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from lora_registry.coverage.cells import CellState
from lora_registry.coverage.gaps import FEWEST_CELLS, Account, Gap, Needs, accounts, gaps
from lora_registry.coverage.grid import SIZE_M, Cell, cells_of, centres_of
from lora_registry.coverage.pairs import Floats
from lora_registry.coverage.whereabouts import why_not
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.radio_state import RadioState
from lora_registry.domain.services import PrivacyClass
from lora_registry.pipeline.coverage_model import last_run
from lora_registry.store import coverage_evidence, coverage_reads, map_reads

FEWEST_HOUSEHOLDS = 3
POOR_DELIVERY = 0.8
"""A device that surely delivers less is failing: the audit's own threshold (docs/rules.md)."""
_NARROWER = 0.7
"""A degree of longitude against one of latitude, about, in Europe."""
_OVER = frozenset(
    (Lifecycle.TO_REMOVE, Lifecycle.REMOVED, Lifecycle.REUSED, Lifecycle.RECYCLED, Lifecycle.SUSPENDED)
)


@dataclass(frozen=True, slots=True, eq=False)
class RankedGap:
    """A hole with its rank and where it is."""

    rank: int
    gap: Gap
    cells: list[Cell]
    communes: tuple[str, ...]
    """Names."""
    latitude: float
    longitude: float
    """Of its middle cell, WGS 84 degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Holes:
    """The holes of the last build, and what each commune has."""

    ranked: list[RankedGap]
    accounts: list[Account]
    names: dict[str, str]
    """Communes by code."""
    has_population: bool


def holes(connection: Connection, *, which: CellState = CellState.GAP) -> Holes:
    """Return the holes of the last build, greatest need first.

    Raises:
        RefusedError: coverage was never built.

    """
    run = last_run(connection)
    rows = coverage_reads.cells(connection, run.id)
    cells = [Cell(row["northing_m"], row["easting_m"]) for row in rows]
    state = np.array([row["state"] for row in rows], dtype="<U8")
    codes = [row["territory_code"] for row in rows]
    needs, household = needs_of(connection, cells)
    names = {row["code"]: row["name"] for row in map_reads.territories(connection)}
    corner = np.array(cells, dtype=np.int64).reshape(-1, 2) // SIZE_M
    found = gaps(corner[:, 1], corner[:, 0], state, _sum(needs, household), codes, which=which)
    told = [one for gap in found if (one := _told(gap, needs, household)) is not None]
    told.sort(key=lambda gap: (-gap.need, -len(gap.cells), int(gap.cells[0])))
    return Holes(
        [_ranked(rank, gap, cells, names) for rank, gap in enumerate(told, start=1)],
        accounts(state, needs.population, codes),
        names,
        bool(needs.population.any()),
    )


def needs_of(connection: Connection, cells: Sequence[Cell]) -> tuple[Needs, Needs]:
    """Return who is in each cell: what may be told one by one, and what household devices add."""
    index = {cell: number for number, cell in enumerate(cells)}
    inhabitants = coverage_reads.population(connection)
    population = np.array(
        [inhabitants.get((cell.northing_m, cell.easting_m), 0.0) for cell in cells], dtype=np.float64
    )
    counts = {
        hidden: {kind: np.zeros(len(cells)) for kind in ("silent", "failing", "declared")}
        for hidden in (False, True)
    }
    spots = {
        eui: spot
        for eui, spot in coverage_evidence.latest_spots(connection).items()
        if why_not(spot.latitude, spot.longitude, None) is None
    }
    for row in coverage_evidence.devices(connection):
        kind, spot = _need(row), spots.get(row["dev_eui"])
        if kind is None or spot is None:
            continue
        cell = index.get(_cell(spot.latitude, spot.longitude))
        if cell is not None:
            hidden = PrivacyClass(row["privacy"] or PrivacyClass.HOUSEHOLD).hides_position
            counts[hidden][kind][cell] += 1
    for visit in coverage_reads.visits(connection):
        cell = index.get(_cell(visit["latitude"], visit["longitude"])) if not visit["heard"] else None
        if cell is not None:
            counts[False]["failing"][cell] += 1
    return Needs(population=population, **counts[False]), Needs(population=np.zeros(len(cells)), **counts[True])


def _need(row: coverage_evidence.Row) -> str | None:
    if row["lifecycle"] == Lifecycle.PLANNED:
        return "declared"
    if row["lifecycle"] in _OVER:
        return None
    if row["state"] in (RadioState.SILENT, RadioState.NEVER_SEEN):
        return "silent"
    return "failing" if (row["delivery_high"] or 1.0) < POOR_DELIVERY else None


def _cell(latitude: float, longitude: float) -> Cell:
    return cells_of(np.array([latitude]), np.array([longitude]))[0]


def _sum(one: Needs, other: Needs) -> Needs:
    return Needs(
        population=one.population + other.population,
        silent=one.silent + other.silent,
        failing=one.failing + other.failing,
        declared=one.declared + other.declared,
    )


def _told(gap: Gap, needs: Needs, household: Needs) -> Gap | None:
    """Return a hole as it may be told: household devices only where there are three or more of them.

    A small hole that is there for household devices alone is not told: it would say whose meter is where.
    """
    names = ("silent", "failing", "declared")
    hidden = {name: float(getattr(household, name)[gap.cells].sum()) for name in names}
    if sum(hidden.values()) >= FEWEST_HOUSEHOLDS or not any(hidden.values()):
        return gap
    plain = {name: float(getattr(needs, name)[gap.cells].sum()) for name in names}
    if len(gap.cells) < FEWEST_CELLS and not any(plain.values()):
        return None
    need = float(needs.weight()[gap.cells].sum())
    return gap._replace(need=need, silent=plain["silent"], failing=plain["failing"], declared=plain["declared"])


def _ranked(rank: int, gap: Gap, cells: Sequence[Cell], names: dict[str, str]) -> RankedGap:
    own = [cells[number] for number in gap.cells.tolist()]
    latitudes, longitudes = centres_of(own)
    middle = _middle(latitudes, longitudes)
    return RankedGap(
        rank, gap, own, tuple(names.get(code, code) for code in gap.polygons), float(latitudes[middle]),
        float(longitudes[middle]),
    )  # fmt: skip


def _middle(latitudes: Floats, longitudes: Floats) -> int:
    """Return which cell is nearest to the middle of all: a hole may be bent around what is covered."""
    away = np.hypot(latitudes - latitudes.mean(), (longitudes - longitudes.mean()) * _NARROWER)
    return int(np.argmin(away))
