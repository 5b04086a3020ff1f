"""What a build of coverage writes: a run, tile by tile; shown once it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from lora_registry.domain.identifiers import GatewayId
from lora_registry.store import staging
from lora_registry.store.coverage import (
    CellPopulation,
    CoverageCell,
    CoverageGateway,
    CoverageRun,
    CoverageTile,
    CoverageVisit,
)

_RUNS_KEPT = 2


class GatewayRow(NamedTuple):
    """The columns of `coverage_gateway`."""

    run_id: int
    number: int
    gateway_id: GatewayId
    name: str | None
    third_party: bool
    latitude: float | None
    longitude: float | None
    since: date | None


class CellRow(NamedTuple):
    """The columns of `coverage_cell`."""

    run_id: int
    northing_m: int
    easting_m: int
    state: str
    basis: str
    confidence: float | None
    devices: int
    frames: float
    last_on: date | None
    gateways: float
    strong: int
    any_hears: float
    without_worst: float
    sf7: float
    indoor: float
    territory_code: str | None
    heard_by: bytes


def start_run(
    connection: Connection,
    *,
    built_at: datetime,
    target: float,
    network: Mapping[str, Any] | None,
    rejected: Mapping[str, int],
) -> int:
    """Begin a run; it is invisible until `complete_run`."""
    result = connection.execute(
        insert(CoverageRun).values(
            built_at=built_at, target=target, network=None if network is None else dict(network),
            rejected=dict(rejected),
        )
    )  # fmt: skip
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - a single-row insert has one
    return int(key[0])


def write_gateways(connection: Connection, rows: Iterable[GatewayRow]) -> None:
    """Write the gateways of a run; written again, they replace themselves."""
    staging.merge(connection, CoverageGateway.table(), GatewayRow._fields, rows)


def write_tile(
    connection: Connection, run_id: int, tile: tuple[int, int], body: bytes, cells: list[CellRow]
) -> None:
    """Write one tile and its cells; written again, they replace themselves."""
    columns = ("run_id", "tile_column", "tile_row", "body")
    staging.merge(connection, CoverageTile.table(), columns, [(run_id, *tile, body)])
    if cells:
        staging.merge(connection, CoverageCell.table(), CellRow._fields, cells)


def complete_run(connection: Connection, run_id: int, *, completed_at: datetime) -> None:
    """Make the run the one that is shown, and forget what older runs wrote."""
    connection.execute(update(CoverageRun).where(CoverageRun.id == run_id).values(completed_at=completed_at))
    complete = select(CoverageRun.id).where(CoverageRun.completed_at.is_not(None))
    newest = complete.order_by(CoverageRun.id.desc()).limit(_RUNS_KEPT)
    oldest_kept = connection.scalar(select(func.min(newest.subquery().c.id)))
    for table in (CoverageCell, CoverageTile, CoverageGateway):
        connection.execute(delete(table).where(table.run_id < oldest_kept))


def add_visit(connection: Connection, **values: Any) -> None:  # noqa: ANN401 - the columns of `coverage_visit`
    """Add what somebody found on the spot."""
    connection.execute(insert(CoverageVisit).values(**values))


def replace_population(connection: Connection, rows: Iterable[tuple[int, int, float]]) -> None:
    """Make these (northing, easting, inhabitants) the population that is known."""
    connection.execute(delete(CellPopulation))
    staging.merge(connection, CellPopulation.table(), ("northing_m", "easting_m", "inhabitants"), rows)
