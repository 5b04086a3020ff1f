"""Whether places are covered: the last build's word, with what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection

from lora_registry.coverage.cells import CellState
from lora_registry.coverage.explained import OUTSIDE, Text, impossible, sentence
from lora_registry.coverage.grid import Cell, cells_of, centres_of
from lora_registry.coverage.whereabouts import SWAPPED, Box, why_not
from lora_registry.pipeline.coverage_model import Run, last_run
from lora_registry.store import coverage_reads as reads
from lora_registry.store.coverage_packing import unpack_heard_by


class HeardAt(NamedTuple):
    """One gateway at the place asked for."""

    gateway_id: str
    name: str | None
    third_party: bool
    probability: float
    """That it hears a frame (SF12, outdoors)."""
    level_dbm: int | None
    """Of a frame that it receives."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one point. Figures are None where there is no cell to say them of."""

    latitude: float
    longitude: float
    state: CellState
    basis: str
    """measured, predicted, withheld, outside, or impossible."""
    explanation: Text
    """By language."""
    built_at: datetime
    cell: str | None = None
    """INSEE's name of the square."""
    commune: str | None = None
    confidence: float | None = None
    """P(delivery ratio >= target)."""
    devices: int | None = None
    frames: float | None = None
    last_on: date | None = None
    gateways: float | None = None
    """That hear a frame there, on average."""
    strong: int | None = None
    """That hear four frames in five."""
    any_hears: float | None = None
    without_worst: float | None = None
    sf7: float | None = None
    indoor: float | None = None
    heard_by: tuple[HeardAt, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the answer as JSON values but for its dates."""
        told = asdict(self)
        told["heard_by"] = [one._asdict() for one in self.heard_by]
        return told


def covered_at(connection: Connection, points: Sequence[tuple[float, float]]) -> list[Answer]:
    """Answer for each point (latitude, longitude), WGS 84 degrees, in their order.

    Raises:
        RefusedError: coverage was never built.

    """
    run = last_run(connection)
    faults = [why_not(latitude, longitude, None) for latitude, longitude in points]
    possible = [point for point, fault in zip(points, faults, strict=True) if fault is None]
    cell_of = dict(zip(possible, _cells(possible), strict=True))
    wanted = [cell for cell in cell_of.values() if cell is not None]
    found = reads.cells_at(connection, run.id, wanted)
    box = _box(connection, run.id) if any(cell not in found for cell in wanted) else None
    answers = []
    for (latitude, longitude), fault in zip(points, faults, strict=True):
        cell = cell_of.get((latitude, longitude))
        row = found.get(cell) if cell is not None else None
        if row is not None and cell is not None:
            answers.append(_answer((latitude, longitude), cell, row, run))
            continue
        swapped = why_not(latitude, longitude, box) == SWAPPED
        wrong = fault or (SWAPPED if swapped else None)
        basis, text = ("impossible", impossible(wrong)) if wrong is not None else ("outside", OUTSIDE)
        answers.append(Answer(latitude, longitude, CellState.UNKNOWN, basis, text, run.built_at))
    return answers


def _cells(points: Sequence[tuple[float, float]]) -> list[Cell | None]:
    """Return the cell of each point; None where the European grid has no place for it."""
    found: list[Cell | None] = []
    for latitude, longitude in points:
        try:
            found.extend(cells_of(np.array([latitude]), np.array([longitude])))
        except ValueError:
            found.append(None)
    return found


def _box(connection: Connection, run_id: int) -> Box | None:
    """Return the box of what was built: a point that lies in it only when its numbers are exchanged is swapped."""
    rows = reads.extent(connection, run_id)
    if rows is None:
        return None
    latitudes, longitudes = centres_of([Cell(*rows[:2]), Cell(*rows[2:])])
    return Box(float(latitudes.min()), float(longitudes.min()), float(latitudes.max()), float(longitudes.max()))


def _answer(point: tuple[float, float], cell: Cell, row: reads.Row, run: Run) -> Answer:
    gateways = run.gateways
    withheld = row["basis"] == "withheld"
    heard_by = tuple(
        HeardAt(
            str(gateways[one.number]["gateway_id"]), gateways[one.number]["name"],
            gateways[one.number]["third_party"], one.probability, one.level_dbm,
        )
        for one in unpack_heard_by(row["heard_by"])
    )  # fmt: skip
    figures = ("gateways", "strong", "any_hears", "without_worst", "sf7", "indoor")
    return Answer(
        latitude=point[0],
        longitude=point[1],
        state=CellState(row["state"]),
        basis=row["basis"],
        explanation=sentence(row["state"], row["basis"], devices=row["devices"], last_on=row["last_on"]),
        built_at=run.built_at,
        cell=cell.code,
        commune=row["territory_code"],
        confidence=row["confidence"],
        devices=row["devices"],
        frames=row["frames"],
        last_on=row["last_on"],
        heard_by=() if withheld else heard_by,
        **({} if withheld else {name: row[name] for name in figures}),
    )
