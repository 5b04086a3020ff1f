"""Build coverage as of now: evidence, the network's numbers, tile after tile, states of cells; then show it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from lora_registry.coverage import remembered
from lora_registry.coverage.cells import NEVER, TARGET_OUTDOOR, Cells, Evidence, judge
from lora_registry.coverage.grid import centres_of
from lora_registry.coverage.heads import Network, learn_network
from lora_registry.coverage.links import by_area
from lora_registry.coverage.pairs import Indices, Pairs
from lora_registry.coverage.summary import Summary
from lora_registry.coverage.territories import Territories
from lora_registry.coverage.tiles import TILE_KM, tiles_of
from lora_registry.domain.errors import LoraRegistryError
from lora_registry.domain.identifiers import GatewayId
from lora_registry.pipeline.coverage_tiles import Built, City, Tile, build, nothing_known, one_thread
from lora_registry.pipeline.gather_coverage import Gathered, gather
from lora_registry.store import coverage_writes as writes
from lora_registry.store.coverage_packing import HeardBy, pack_arrays, pack_heard_by
from lora_registry.store.coverage_writes import CellRow, GatewayRow
from lora_registry.store.engine import reading, writing

_MOST_PROCESSES = 8
_EPOCH = date(1970, 1, 1)
_PAIR_COLUMNS = ("xy_km", "gateway", "distance_km", "heard", "level_dbm", "demand_db", "weight")


@dataclass(slots=True)
class BuiltCoverage:
    """What a build said, in numbers."""

    run_id: int
    states: Counter[str] = field(default_factory=Counter)
    withheld: int = 0
    """Of the unknown ones: fewer than three household devices alone."""
    devices: int = 0
    """Devices with evidence."""
    gateways: int = 0
    """Gateways whose place is known."""
    unplaced: int = 0
    """Gateways that hear and whose place nobody knows."""
    rejected: Counter[str] = field(default_factory=Counter)


def build_coverage(
    engine: Engine,
    *,
    now: datetime,
    clock: Callable[[], datetime],
    target: float = TARGET_OUTDOOR,
    processes: int | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> BuiltCoverage:
    """Build coverage of what is known by `now`; shown once it is complete, until then the build before.

    Args:
        engine: the registry.
        now: evidence after it is not looked at.
        clock: dates the completion.
        target: share of frames that a covered cell delivers.
        processes: for the tiles; None: as many as the machine has processors, eight at most.
        on_progress: told tiles done and tiles in all.

    Raises:
        LoraRegistryError: nothing in the registry has a place.
        ValueError: a target that is no share, a boundary larger than any territory.

    """
    if not 0.0 < target < 1.0:
        raise ValueError(f"target {target} is not a share of frames between 0 and 1")
    with reading(engine) as connection, one_thread():
        gathered = gather(connection, now=now)
    if gathered is None:
        raise LoraRegistryError(
            "no commune, gateway or device of the registry has a place: import them with `registry import`, or "
            "boundaries with `territory import`"
        )
    pairs = gathered.links.pairs()
    areas = by_area(pairs) if len(pairs) else pairs
    with one_thread():
        network = learn_network(areas) if areas.heard.any() else None
    with writing(engine) as connection:
        told = None if network is None else remembered.as_json(network) | {"epsg": gathered.plane.epsg}
        run_id = writes.start_run(
            connection, built_at=now, target=target, network=told, rejected=gathered.rejected
        )
        writes.write_gateways(connection, _gateway_rows(run_id, gathered))
    built = BuiltCoverage(
        run_id,
        devices=len(gathered.evidence.cell),
        gateways=sum(gateway.place is not None for gateway in gathered.gateways),
        unplaced=sum(gateway.place is None for gateway in gathered.gateways),
        rejected=gathered.rejected,
    )
    names = _Places(gathered)
    cell_km = gathered.cell_km()
    tiles, left = tiles_of(cell_km), set(_tiles_of_pairs(areas))
    for done, tile in enumerate(_built(network, gathered, cell_km, areas, processes=processes), start=1):
        name, cell, summary = tile.name, tile.cell, tile.summary
        # Where nothing was ever heard, that a device was not is no news of its place.
        evidence = names.evidence(cell if network is not None else cell[:0])
        judged = judge(summary.mean, summary.variance, summary.expected, evidence, target=target)
        body = _body(areas, name, cell, gathered, tile.built)
        with writing(engine) as connection:
            writes.write_tile(connection, run_id, name, body, list(_rows(run_id, cell, judged, summary, names)))
        built.states.update(judged.state.tolist())
        built.withheld += int((judged.basis == "withheld").sum())
        left.discard(name)
        on_progress(done, len(tiles))
    with writing(engine) as connection:
        nobody = np.empty(0, dtype=np.int64)
        for name in sorted(left):  # evidence in the halo, where no cell is
            writes.write_tile(connection, run_id, name, _body(areas, name, nobody, gathered, None), [])
        writes.complete_run(connection, run_id, completed_at=clock())
    return built


@dataclass(frozen=True, slots=True, eq=False)
class _Tile:
    name: Tile
    cell: Indices
    summary: Summary
    built: Built | None
    """None where nothing was ever heard."""


def _built(
    network: Network | None,
    gathered: Gathered,
    cell_km: NDArray[np.float64],
    areas: Pairs,
    *,
    processes: int | None,
) -> Iterable[_Tile]:
    if network is None:
        for name, cell in tiles_of(cell_km).items():
            yield _Tile(name, cell, nothing_known(len(cell)), None)
        return
    city = City(network, cell_km, gathered.mast_km(), gathered.own())
    count = processes if processes is not None else min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)
    for built in build(city, areas, processes=count):
        yield _Tile(built.name, built.cells.cell, built.summary, built)


class _Places:
    """Names of cells and territories, and the evidence of some cells."""

    def __init__(self, gathered: Gathered) -> None:
        self.cells = gathered.cells
        latitudes, longitudes = centres_of(gathered.cells)
        points = list(zip(longitudes.tolist(), latitudes.tolist(), strict=True))
        self.territory = Territories(gathered.boundaries).of(points)
        self._evidence = gathered.evidence
        order = np.argsort(gathered.evidence.cell, kind="stable")
        self._order, self._sorted = order, gathered.evidence.cell[order]

    def evidence(self, cell: Indices) -> Evidence:
        """Return the evidence of some cells, which it numbers from 0 in their order."""
        first, last = np.searchsorted(self._sorted, cell), np.searchsorted(self._sorted, cell, side="right")
        count = last - first
        rows = self._order[
            np.repeat(first, count) + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        ]
        of = {name: getattr(self._evidence, name)[rows] for name in Evidence.__dataclass_fields__}
        return Evidence(**(of | {"cell": np.repeat(np.arange(len(cell)), count)}))


def _gateway_rows(run_id: int, gathered: Gathered) -> Iterable[GatewayRow]:
    for number, gateway in enumerate(gathered.gateways):
        latitude, longitude = gateway.place or (None, None)
        yield GatewayRow(
            run_id, number, GatewayId.from_int64(gateway.gateway_id), gateway.name, gateway.third_party, latitude,
            longitude, None if gateway.since is None else gateway.since.date(),
        )  # fmt: skip


def _rows(run_id: int, cell: Indices, judged: Cells, summary: Summary, names: _Places) -> Iterable[CellRow]:
    for row, number in enumerate(cell.tolist()):
        withheld = judged.basis[row] == "withheld"
        yield CellRow(
            run_id=run_id,
            northing_m=names.cells[number].northing_m,
            easting_m=names.cells[number].easting_m,
            state=str(judged.state[row]),
            basis=str(judged.basis[row]),
            confidence=None if withheld else float(judged.confidence[row]),
            devices=int(judged.devices[row]),
            frames=float(judged.frames[row]),
            last_on=None if judged.last_day[row] == NEVER else _EPOCH + timedelta(days=int(judged.last_day[row])),
            gateways=float(summary.expected[row]),
            strong=int(summary.strong[row]),
            any_hears=float(summary.any_hears[row]),
            without_worst=float(summary.without_worst[row]),
            sf7=float(summary.sf7[row]),
            indoor=float(summary.indoor[row]),
            territory_code=names.territory[number],
            heard_by=pack_heard_by(_heard_by(summary, row)),
        )


def _heard_by(summary: Summary, row: int) -> Iterable[HeardBy]:
    columns = summary.best[row].tolist(), summary.probability[row].tolist(), summary.level_dbm[row].tolist()
    for number, probability, level in zip(*columns, strict=True):
        if number >= 0:
            yield HeardBy(number, probability, round(level) if np.isfinite(level) else None)


def _tiles_of_pairs(areas: Pairs) -> list[Tile]:
    return list(tiles_of(areas.xy_km)) if len(areas) else []


def _body(areas: Pairs, name: Tile, cell: Indices, gathered: Gathered, built: Built | None) -> bytes:
    """Return what later questions start from: a tile's evidence, and what each gateway is to each cell."""
    inside = (np.floor(areas.xy_km / TILE_KM).astype(np.int64) == np.array(name)).all(axis=1)
    part = areas.take(inside)
    keys = np.array([gathered.cells[number] for number in cell.tolist()], dtype=np.int32).reshape(-1, 2)
    arrays: dict[str, NDArray[np.generic]] = {f"pair_{column}": getattr(part, column) for column in _PAIR_COLUMNS}
    arrays |= {"cells": keys}
    if built is not None:
        found = built.cells
        arrays |= {
            "gateways": found.gateways, "margin": found.reception.margin, "common": found.reception.common,
            "own": found.reception.own, "per_db": found.per_db,
        }  # fmt: skip
    return pack_arrays(arrays)
