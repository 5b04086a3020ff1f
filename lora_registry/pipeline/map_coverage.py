"""What the map shows of coverage: the last complete build, its holes, and candidates where there are any."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from lora_registry.coverage.candidates_file import Candidate
from lora_registry.coverage.cells import CellState
from lora_registry.coverage.grid import SIZE_M, Cell, degrees_of_corners
from lora_registry.domain.mapcoverage import (
    Lattice,
    MapCandidate,
    MapCommuneCoverage,
    MapCoverage,
    MapGap,
    MapReach,
    MapSquare,
    MapTruth,
)
from lora_registry.pipeline.coverage_gaps import Holes, RankedGap, holes
from lora_registry.pipeline.coverage_model import Run, last_run
from lora_registry.pipeline.coverage_rows import site_rows
from lora_registry.pipeline.coverage_siting import next_gateways
from lora_registry.pipeline.plan_coverage import Question
from lora_registry.store import coverage_plans, coverage_reads
from lora_registry.store.coverage_packing import unpack_heard_by

_EVERY_OTHER = 0.5
GAPS_SHOWN = 20
CANDIDATES_SHOWN = 5


def map_coverage(
    connection: Connection, *, candidates: Sequence[Candidate] = (), truth: MapTruth | None = None
) -> MapCoverage | None:
    """Return what the map shows of coverage; None before the first build, or without any square."""
    if coverage_reads.last_run(connection) is None:
        return None
    run = last_run(connection)
    rows = coverage_reads.cells(connection, run.id)
    if not rows:
        return None
    cells = [Cell(row["northing_m"], row["easting_m"]) for row in rows]
    longitude, latitude = degrees_of_corners(cells)
    squares = tuple(_square(row, cells[0], run) for row in rows)
    found = holes(connection)
    return MapCoverage(
        built_at=run.built_at,
        target=run.target,
        lattice=Lattice(longitude, latitude),  # type: ignore[arg-type]  # six coefficients each
        squares=squares,
        reaches=tuple(_reaches(run, squares)),
        gaps=tuple(_gap(gap, found) for gap in found.ranked[:GAPS_SHOWN]),
        candidates=tuple(_candidates(connection, run, candidates)),
        communes=tuple(
            MapCommuneCoverage(one.polygon, one.covered, one.gap, one.unknown) for one in found.accounts
        ),
        truth=truth,
    )


def _square(row: coverage_reads.Row, first: Cell, run: Run) -> MapSquare:
    withheld = row["basis"] == "withheld"
    heard_by = () if withheld else unpack_heard_by(row["heard_by"])
    covered = row["state"] == CellState.COVERED
    return MapSquare(
        column=(row["easting_m"] - first.easting_m) // SIZE_M,
        row=(row["northing_m"] - first.northing_m) // SIZE_M,
        state=row["state"],
        basis=row["basis"],
        devices=row["devices"],
        last_on=row["last_on"],
        gateways=0.0 if withheld else row["gateways"],
        hangs_on_one=covered and row["without_worst"] < run.target,
        heard_by=tuple(one.number for one in heard_by if one.probability >= _EVERY_OTHER),
    )


def _reaches(run: Run, squares: Sequence[MapSquare]) -> list[MapReach]:
    own = {row["number"] for row in run.gateways if not row["third_party"]}
    reached, alone = dict.fromkeys(range(len(run.gateways)), 0), dict.fromkeys(range(len(run.gateways)), 0)
    for square in squares:
        for number in square.heard_by:
            reached[number] += 1
        ours = [number for number in square.heard_by if number in own]
        if square.state == CellState.COVERED and len(ours) == 1:
            alone[ours[0]] += 1
    return [
        MapReach(
            str(row["gateway_id"]), row["name"], row["third_party"], reached[row["number"]], alone[row["number"]]
        )
        for row in run.gateways
    ]


def _gap(one: RankedGap, found: Holes) -> MapGap:
    return MapGap(
        communes=one.communes,
        squares=len(one.cells),
        population=one.gap.population if found.has_population else None,
        silent=int(one.gap.silent),
        failing=int(one.gap.failing),
        declared=int(one.gap.declared),
        latitude=one.latitude,
        longitude=one.longitude,
    )


def _candidates(connection: Connection, run: Run, candidates: Sequence[Candidate]) -> list[MapCandidate]:
    """Return the best of the places that were given; else those that were worked out with the build."""
    if candidates and run.network is not None:
        rows = site_rows(next_gateways(connection, candidates, CANDIDATES_SHOWN))
    else:
        rows = coverage_plans.answers(connection).get(Question.NEXT_GATEWAY, [])[:CANDIDATES_SHOWN]
    return [
        MapCandidate(
            row["name"], row["latitude"], row["longitude"], row["adds"], row["p10"], row["p90"],
            row["measure_first"],
        )
        for row in rows
    ]  # fmt: skip
