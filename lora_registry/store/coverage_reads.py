"""What is said of coverage: by the last complete build."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from lora_registry.domain.identifiers import GatewayId
from lora_registry.store.coverage import (
    CellPopulation,
    CoverageCell,
    CoverageGateway,
    CoverageRun,
    CoverageTile,
    CoverageVisit,
)
from lora_registry.store.coverage_packing import unpack_arrays

Row = dict[str, Any]
Tiles = dict[tuple[int, int], dict[str, NDArray[Any]]]
"""Arrays of each tile by name."""


def last_run(connection: Connection) -> Row | None:
    """Return the last complete build: `id`, `built_at`, `target`, `network`, `rejected`; None before one."""
    newest = select(func.max(CoverageRun.id)).where(CoverageRun.completed_at.is_not(None)).scalar_subquery()
    query = select(
        CoverageRun.id, CoverageRun.built_at, CoverageRun.target, CoverageRun.network, CoverageRun.rejected
    ).where(CoverageRun.id == newest)
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def gateways(connection: Connection, run_id: int) -> list[Row]:
    """Return the gateways of a run by number."""
    query = select(*CoverageGateway.table().c).where(CoverageGateway.run_id == run_id)
    return [
        row | {"gateway_id": GatewayId(row["gateway_id"])}
        for row in map(dict, connection.execute(query.order_by(CoverageGateway.number)).mappings())
    ]


def cells(connection: Connection, run_id: int) -> list[Row]:
    """Return all cells of a run, by northing and easting."""
    query = select(*CoverageCell.table().c).where(CoverageCell.run_id == run_id)
    ordered = query.order_by(CoverageCell.northing_m, CoverageCell.easting_m)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def cells_at(connection: Connection, run_id: int, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Row]:
    """Return the cells of a run at some (northing, easting); those that it did not build are missing."""
    asked = set(wanted)
    query = select(*CoverageCell.table().c).where(CoverageCell.run_id == run_id)
    if asked:
        northings, eastings = zip(*asked, strict=True)
        query = query.where(
            CoverageCell.northing_m.between(min(northings), max(northings)),
            CoverageCell.easting_m.between(min(eastings), max(eastings)),
        )
    rows = (dict(row) for row in connection.execute(query).mappings()) if asked else ()
    return {key: row for row in rows if (key := (row["northing_m"], row["easting_m"])) in asked}


def tiles(connection: Connection, run_id: int) -> Tiles:
    """Return the arrays of every tile of a run, tiles ascending."""
    query = select(CoverageTile.tile_column, CoverageTile.tile_row, CoverageTile.body)
    ordered = query.where(CoverageTile.run_id == run_id).order_by(CoverageTile.tile_column, CoverageTile.tile_row)
    return {(column, row): unpack_arrays(body) for column, row, body in connection.execute(ordered)}


def population(connection: Connection) -> dict[tuple[int, int], float]:
    """Return the inhabitants of each cell that somebody gave them for."""
    query = select(CellPopulation.northing_m, CellPopulation.easting_m, CellPopulation.inhabitants)
    return {(northing, easting): count for northing, easting, count in connection.execute(query)}


def visits(connection: Connection) -> list[Row]:
    """Return what people found on the spot, oldest first."""
    query = select(
        CoverageVisit.visited_on, CoverageVisit.latitude, CoverageVisit.longitude, CoverageVisit.heard,
        CoverageVisit.note, CoverageVisit.said_by,
    ).order_by(CoverageVisit.visited_on, CoverageVisit.id)  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def extent(connection: Connection, run_id: int) -> tuple[int, int, int, int] | None:
    """Return least northing and easting, greatest northing and easting of a run's cells; None without any."""
    query = select(
        func.min(CoverageCell.northing_m), func.min(CoverageCell.easting_m),
        func.max(CoverageCell.northing_m), func.max(CoverageCell.easting_m),
    ).where(CoverageCell.run_id == run_id)  # fmt: skip
    found: tuple[int | None, ...] = tuple(connection.execute(query).one())
    whole = [edge for edge in found if edge is not None]
    return (whole[0], whole[1], whole[2], whole[3]) if len(whole) == len(found) else None
