"""Which of some candidate places should have the next gateway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from sqlalchemy import Connection
from threadpoolctl import threadpool_limits

from lora_registry.coverage.candidates_file import Candidate
from lora_registry.coverage.cells import CellState
from lora_registry.coverage.grid import Cell, centres_of
from lora_registry.coverage.pairs import Floats
from lora_registry.coverage.siting import Candidates, Gain, best
from lora_registry.coverage.tiles import predict_unseen, tiles_of
from lora_registry.coverage.together import Reception
from lora_registry.coverage.whereabouts import Box
from lora_registry.domain.errors import RefusedError
from lora_registry.pipeline.coverage_gaps import needs_of
from lora_registry.pipeline.coverage_model import Model, load
from lora_registry.store import coverage_reads

REACH_KM = 12.0
"""Cells farther from every candidate gain nothing that would be seen."""


class Worth(StrEnum):
    """What serving a cell is worth."""

    CELLS = "cells"
    POPULATION = "population"
    NEEDS = "needs"
    """Inhabitants, with what is declared, silent or failing there."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate with what it adds to those before it."""

    rank: int
    candidate: Candidate
    gain: Gain
    nearest_km: float
    """To the nearest gateway of today."""

    @property
    def measure_first(self) -> bool:
        """Whether a gateway on a tripod for a week should come before a purchase."""
        return self.gain.measure_first


@dataclass(frozen=True, slots=True)
class Proposals:
    """The candidates worth having, best first."""

    ranked: list[Proposal]
    together: Gain
    worth: Worth
    considered: int
    """Cells that are not served today and within reach of a candidate."""


def next_gateways(
    connection: Connection,
    candidates: Sequence[Candidate],
    count: int,
    *,
    worth: Worth = Worth.CELLS,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Proposals:
    """Return the best `count` candidates, by what they add to what is served today.

    Only cells that the last build does not call covered can be gained.

    Raises:
        RefusedError: coverage was never built, nothing was ever heard, or no population is known and it was asked.

    """
    model = load(connection)
    network = model.run.network
    if network is None:
        raise RefusedError("nothing was ever heard: without a single reception no gain can be estimated")
    states = {
        (row["northing_m"], row["easting_m"]): row["state"]
        for row in coverage_reads.cells(connection, model.run.id)
    }
    weight = _weight(connection, model, worth)
    at = np.array([(one.latitude, one.longitude) for one in candidates])
    mast_km = model.plane.xy_km(at[:, 0], at[:, 1])
    cell_km = model.cell_km()
    nearest = np.hypot(*(cell_km[:, None, :] - mast_km[None, :, :]).transpose(2, 0, 1)).min(axis=1)
    open_ = np.array(
        [states.get((cell.northing_m, cell.easting_m)) != CellState.COVERED for cell in model.cells],
        dtype=np.bool_,
    )
    kept = np.flatnonzero(open_ & (nearest <= REACH_KM) & (weight > 0))
    tiles = tiles_of(cell_km[kept])
    gains = np.array([one.gain_db for one in candidates])
    parts, rows = [], []
    with threadpool_limits(limits=1, user_api="blas"):
        for done, (tile, cell) in enumerate(tiles.items(), start=1):
            parts.append(
                predict_unseen(
                    network,
                    tile,
                    cell,
                    cell_km=cell_km[kept],
                    candidate_km=mast_km,
                    gain_db=gains,
                    pairs=model.areas,
                )
            )
            rows.append(cell)
            on_progress(done, len(tiles))
        order = kept[np.concatenate(rows)] if rows else kept
        existing = Reception(
            model.reception.margin[order], model.reception.common[order], model.reception.own[order]
        )
        plan = best(existing, _joined(parts, len(candidates)), weight[order], count)
    away = _nearest_gateway_km(model, mast_km)
    ranked = [
        Proposal(rank, candidates[number], gain, float(away[number]))
        for rank, (number, gain) in enumerate(zip(plan.chosen.tolist(), plan.gains, strict=True), start=1)
    ]
    return Proposals(ranked, plan.together, worth, len(kept))


def territory_box(connection: Connection) -> Box | None:
    """Return the box of what was built last: a candidate far from it is no candidate; None before a build."""
    run = coverage_reads.last_run(connection)
    extent = None if run is None else coverage_reads.extent(connection, run["id"])
    if extent is None:
        return None
    latitudes, longitudes = centres_of([Cell(*extent[:2]), Cell(*extent[2:])])
    return Box(float(latitudes.min()), float(longitudes.min()), float(latitudes.max()), float(longitudes.max()))


def _weight(connection: Connection, model: Model, worth: Worth) -> Floats:
    if worth is Worth.CELLS:
        return np.ones(len(model.cells))
    needs, household = needs_of(connection, model.cells)
    if worth is Worth.NEEDS:
        return needs.weight() + household.weight()
    if not needs.population.any():
        raise RefusedError(
            "no inhabitants are known: import them with `lora-registry coverage population FILE`, or choose "
            "another --worth"
        )
    return needs.population


def _joined(parts: list[Candidates], count: int) -> Candidates:
    if not parts:
        none = np.zeros((0, count))
        return Candidates(Reception(none, none, none), none)
    receptions = [part.reception for part in parts]
    return Candidates(
        Reception(
            np.concatenate([one.margin for one in receptions]),
            np.concatenate([one.common for one in receptions]),
            np.concatenate([one.own for one in receptions]),
        ),
        np.concatenate([part.mast for part in parts]),
    )


def _nearest_gateway_km(model: Model, mast_km: Floats) -> Floats:
    placed = [(row["latitude"], row["longitude"]) for row in model.run.gateways if row["latitude"] is not None]
    if not placed:
        return np.full(len(mast_km), np.nan)
    at = np.array(placed, dtype=np.float64)
    today = model.plane.xy_km(at[:, 0], at[:, 1])
    nearest: Floats = np.hypot(*(mast_km[:, None, :] - today[None, :, :]).transpose(2, 0, 1)).min(axis=1)
    return nearest
