"""Tiles of a city, in line or in processes: what is written of each depends on its own evidence alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from threadpoolctl import threadpool_limits

from lora_registry.coverage.heads import Network
from lora_registry.coverage.pairs import Flags, Floats, Indices, Pairs
from lora_registry.coverage.summary import Summary, summarise
from lora_registry.coverage.tiles import TileCells, around, predict, tiles_of

Tile = tuple[int, int]
WORTH_PROCESSES = 60_000
"""Rows of evidence by area: with fewer, starting processes takes longer than it saves."""
_AHEAD = 4


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """What every tile needs."""

    network: Network
    cell_km: Floats
    mast_km: Floats
    own: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """One tile."""

    name: Tile
    cells: TileCells
    summary: Summary


_city: City | None = None


def one_thread() -> threadpool_limits:
    """Keep matrix products on one thread: several, on busy cores, wait for each other ten times as long."""
    return threadpool_limits(limits=1, user_api="blas")


def build(city: City, areas: Pairs, *, processes: int) -> Iterator[Built]:
    """Yield every tile that holds cells; `areas` are the evidence by area."""
    tiles = tiles_of(city.cell_km)
    work = ((tile, cell, around(tile, areas)) for tile, cell in tiles.items())
    if processes <= 1 or len(areas) < WORTH_PROCESSES:
        with one_thread():
            for one in work:
                yield _one(one, city)
        return
    # Spawned, not forked: a fork of a process with threads and connections inherits both in an unknown state.
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_begin, initargs=(city,)
    ) as workers:
        yield from workers.map(_in_process, work, chunksize=_AHEAD)


def _begin(city: City) -> None:
    global _city  # noqa: PLW0603 - what a worker is told once rather than with each tile
    _city = city
    one_thread()


def _in_process(work: tuple[Tile, Indices, Pairs]) -> Built:
    assert _city is not None  # noqa: S101 - `_begin` ran first
    return _one(work, _city)


def _one(work: tuple[Tile, Indices, Pairs], city: City) -> Built:
    tile, cell, pairs = work
    found = predict(city.network, tile, cell, cell_km=city.cell_km, mast_km=city.mast_km, pairs=pairs)
    return Built(tile, found, summarise(found, city.own))


def nothing_known(cells: int) -> Summary:
    """Return the figures of cells of which no model knows anything."""
    zero, half = np.zeros(cells), np.full(cells, 0.5)
    none = np.zeros((cells, 0))
    return Summary(
        mean=half, variance=np.full(cells, 0.2), expected=zero, strong=zero, any_hears=zero, without_worst=zero,
        sf7=zero, indoor=zero, best=none.astype(np.int64), probability=none, level_dbm=none,
    )  # fmt: skip
