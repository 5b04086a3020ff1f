"""The last build of coverage, whole again: what later questions are asked of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from lora_registry.coverage import remembered
from lora_registry.coverage.grid import Cell, centres_of
from lora_registry.coverage.heads import Network
from lora_registry.coverage.pairs import Flags, Floats, Pairs
from lora_registry.coverage.plane import Plane, plane_of
from lora_registry.coverage.together import Reception
from lora_registry.domain.errors import RefusedError
from lora_registry.store import coverage_reads as reads

OUT_OF_PLAY = -np.inf
_PAIR_COLUMNS = ("xy_km", "gateway", "distance_km", "heard", "level_dbm", "demand_db", "weight")
NEVER_BUILT = "coverage was never built: run `lora-registry coverage build`"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A complete build."""

    id: int
    built_at: datetime
    target: float
    network: Network | None
    """None where nothing was ever heard."""
    gateways: list[reads.Row]
    """By number."""
    plane: Plane | None
    """In which its kilometres are."""

    @property
    def own(self) -> Flags:
        """Which gateways are one's own, (G,)."""
        return np.array([not row["third_party"] for row in self.gateways], dtype=bool)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What a build thinks of every gateway at every cell."""

    run: Run
    cells: list[Cell]
    reception: Reception
    """(C, G); a gateway out of a tile's play has a margin of -inf there."""
    areas: Pairs
    """The evidence, by area."""
    plane: Plane

    def cell_km(self) -> Floats:
        """Return the centres of the cells, (C, 2)."""
        return self.plane.xy_km(*centres_of(self.cells))


def last_run(connection: Connection) -> Run:
    """Return the last complete build.

    Raises:
        RefusedError: there is none.

    """
    row = reads.last_run(connection)
    if row is None:
        raise RefusedError(NEVER_BUILT)
    network = None if row["network"] is None else remembered.from_json(row["network"])
    plane = None if row["network"] is None else Plane(row["network"]["epsg"])
    return Run(row["id"], row["built_at"], row["target"], network, reads.gateways(connection, row["id"]), plane)


def load(connection: Connection) -> Model:
    """Return the last complete build with all its tiles.

    Raises:
        RefusedError: there is none.

    """
    run = last_run(connection)
    tiles = reads.tiles(connection, run.id)
    keys = np.concatenate([tile["cells"] for tile in tiles.values()] or [np.empty((0, 2), dtype=np.int32)])
    shape = (len(keys), len(run.gateways))
    margin = np.full(shape, OUT_OF_PLAY)
    common, own = np.zeros(shape), np.zeros(shape)
    start = 0
    for tile in tiles.values():
        end = start + len(tile["cells"])
        if "gateways" in tile and end > start:
            rows = np.ix_(np.arange(start, end), tile["gateways"].astype(np.int64))
            margin[rows], common[rows], own[rows] = tile["margin"], tile["common"], tile["own"]
        start = end
    cells = [Cell(int(northing), int(easting)) for northing, easting in keys]
    return Model(run, cells, Reception(margin, common, own), _areas(tiles), run.plane or _plane(cells))


def _areas(tiles: reads.Tiles) -> Pairs:
    def joined(column: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        return np.concatenate([tile[f"pair_{column}"] for tile in tiles.values()])

    if not tiles:
        none = np.empty(0)
        whole = none.astype(np.int64)
        return Pairs(none.reshape(0, 2), whole, none, none.astype(bool), none, none, none)
    columns = {column: joined(column) for column in _PAIR_COLUMNS}
    return Pairs(**columns | {"gateway": columns["gateway"].astype(np.int64)})  # type: ignore[arg-type]


def _plane(cells: list[Cell]) -> Plane:
    latitudes, longitudes = centres_of(cells)
    if not cells:
        return plane_of(0.0, 0.0)
    return plane_of(float(np.median(latitudes)), float(np.median(longitudes)))
