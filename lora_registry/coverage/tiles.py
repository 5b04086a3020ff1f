"""A city square by square: each tile of cells from the evidence in and around it, and from nothing else.

Tiles are squares of the plane, so which tiles are asked for, in which order and on which machine changes nothing.
Evidence is fine near the tile and coarse in its halo, which bounds the work whatever the city: some 180 places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lora_registry.coverage import kernel
from lora_registry.coverage.asked import Targets, at
from lora_registry.coverage.heads import Network, margin
from lora_registry.coverage.layout import of_places
from lora_registry.coverage.links import by_area
from lora_registry.coverage.pairs import Floats, Indices, Pairs
from lora_registry.coverage.siting import Candidates
from lora_registry.coverage.together import Reception

TILE_KM = 2.0
NEAR_KM = 1.2
"""Around the tile, with evidence as fine as within."""
HALO_KM = 4.0
"""Around the tile. Twice as much, or half, moves the scores by 0.001 (docs/truth.md)."""
MOST_GATEWAYS = 32
"""A place is served by its best gateways: the next would add under one frame in a thousand."""
_FAR_KM = 1.2
"""Side of the halo's squares: a multiple of AREA_KM, so that they hold whole ones."""


@dataclass(frozen=True, slots=True, eq=False)
class TileCells:
    """The cells of one tile."""

    cell: Indices
    """(c,) rows of the cells that were asked for."""
    gateways: Indices
    """(g,) the gateways that hear most around there, ascending; others are not counted on."""
    reception: Reception
    """(c, g) for the reference spreading factor."""
    level_dbm: Floats
    """(c, g) level of a frame that is received; NaN without levels."""
    level_sd_db: Floats
    per_db: Floats
    """(c, g) by how much a margin falls for each dB that a frame lacks: another spreading factor, indoors."""


def tiles_of(cell_km: Floats) -> dict[tuple[int, int], Indices]:
    """Return the rows of the cells (n, 2) by tile, tiles in ascending order."""
    tile = np.floor(cell_km / TILE_KM).astype(np.int64)
    names, number = np.unique(tile, axis=0, return_inverse=True)
    return {(int(name[0]), int(name[1])): np.flatnonzero(number.ravel() == i) for i, name in enumerate(names)}


def around(tile: tuple[int, int], pairs: Pairs) -> Pairs:
    """Return the evidence that a tile is told by; `pairs` are summed by area (`links.by_area`)."""
    low = np.array(tile) * TILE_KM
    away = np.maximum(low - pairs.xy_km, pairs.xy_km - (low + TILE_KM)).max(axis=1)
    near, halo = away <= NEAR_KM, (away > NEAR_KM) & (away <= HALO_KM)
    return _joined(pairs.take(near), by_area(pairs.take(halo), _FAR_KM))


def predict(
    network: Network,
    tile: tuple[int, int],
    cell: Indices,
    *,
    cell_km: Floats,
    mast_km: Floats,
    pairs: Pairs,
) -> TileCells:
    """Return what the evidence around a tile says of its cells.

    Args:
        network: its numbers, learnt beforehand.
        tile: its name.
        cell: (c,) rows of its cells.
        cell_km: (n, 2) centres of all cells.
        mast_km: (G, 2) places of all gateways, by number; NaN where not known.
        pairs: evidence by area, of the whole city or of this tile and its halo: the answer is the same.

    """
    told = around(tile, pairs)
    gateways = _strongest(told, mast_km)
    told = told.take(np.isin(told.gateway, gateways))
    shape = (len(cell), len(gateways))
    if not len(gateways):
        empty = np.zeros(shape)
        return TileCells(cell, gateways, Reception(empty, empty, empty), empty, empty, empty)
    places = cell_km[cell]
    apart_km = np.hypot(*(places[:, None, :] - mast_km[gateways][None, :, :]).transpose(2, 0, 1))
    targets = Targets(
        place_km=places,
        place=np.repeat(np.arange(len(cell)), len(gateways)),
        gateway=np.tile(gateways, len(cell)),
        l_decades=kernel.decades(apart_km.ravel()),
    )
    decoded = network.views.decoded
    field = at(decoded.mode(of_places(told, told.xy_km), told).posterior, targets)
    spread = np.sqrt(field.variance + decoded.observation.noise_db**2)
    z = margin(decoded, decoded.line(targets.l_decades) + field.mean, field.variance, np.zeros(len(spread)))
    own = np.sqrt(np.maximum(field.variance - field.common**2, 0.0))
    level, sd = _levels(network, told, targets)
    return TileCells(
        cell=cell,
        gateways=gateways,
        reception=Reception(
            network.corrections.link.margin(z).reshape(shape),
            np.maximum(field.common / spread, 0.0).reshape(shape),
            (own / spread).reshape(shape),
        ),
        level_dbm=level.reshape(shape),
        level_sd_db=sd.reshape(shape),
        per_db=(network.corrections.link.slope / spread).reshape(shape),
    )


def predict_unseen(
    network: Network,
    tile: tuple[int, int],
    cell: Indices,
    *,
    cell_km: Floats,
    candidate_km: Floats,
    gain_db: Floats,
    pairs: Pairs,
) -> Candidates:
    """Return how gateways that do not exist yet would hear a tile's cells, (c, K).

    Of a mast nothing is known but where it would stand: its offset, slope and own field are drawn anew each time.

    Args:
        network: its numbers.
        tile: its name.
        cell: (c,) rows of its cells.
        cell_km: (n, 2) centres of all cells.
        candidate_km: (K, 2) where masts could be.
        gain_db: (K,) what a mast's height or antenna adds to an ordinary one's.
        pairs: evidence by area.

    """
    told = around(tile, pairs)
    told = told.take(np.isin(told.gateway, np.unique(told.gateway[told.heard])))
    places, shape = cell_km[cell], (len(cell), len(candidate_km))
    apart_km = np.hypot(*(places[:, None, :] - candidate_km[None, :, :]).transpose(2, 0, 1))
    unknown = int(pairs.gateway.max(initial=-1)) + 1
    targets = Targets(
        place_km=places,
        place=np.repeat(np.arange(len(cell)), len(candidate_km)),
        gateway=np.full(len(cell) * len(candidate_km), unknown),
        l_decades=kernel.decades(apart_km.ravel()),
    )
    decoded = network.views.decoded
    field = at(decoded.mode(of_places(told, told.xy_km), told).posterior, targets)
    spread = np.sqrt(field.variance + decoded.observation.noise_db**2)
    level = decoded.line(targets.l_decades) + field.mean + np.tile(gain_db, len(cell))
    z = margin(decoded, level, field.variance, np.zeros(len(spread)))
    mast = np.sqrt(kernel.own_variance(decoded.shadowing, targets.l_decades) - decoded.shadowing.place_db**2)
    reception = Reception(
        network.corrections.link.margin(z).reshape(shape),
        np.maximum(field.common / spread, 0.0).reshape(shape),
        np.full(shape, decoded.shadowing.place_db) / spread.reshape(shape),
    )
    return Candidates(reception, (mast / spread).reshape(shape))


def predict_all(network: Network, cell_km: Floats, mast_km: Floats, pairs: Pairs) -> Iterator[TileCells]:
    """Yield every tile that holds cells; `pairs` by area."""
    for tile, cell in tiles_of(cell_km).items():
        yield predict(network, tile, cell, cell_km=cell_km, mast_km=mast_km, pairs=pairs)


def _strongest(told: Pairs, mast_km: Floats) -> Indices:
    """Return the gateways that hear most around a tile, ascending; those without a place cannot be modelled."""
    heard = np.bincount(told.gateway[told.heard], weights=told.weight[told.heard], minlength=len(mast_km))
    heard[~np.isfinite(mast_km).all(axis=1)] = 0.0
    best = np.argsort(-heard, kind="stable")[:MOST_GATEWAYS]
    return np.sort(best[heard[best] > 0]).astype(np.int64)


def _levels(network: Network, told: Pairs, targets: Targets) -> tuple[Floats, Floats]:
    """Return level and standard deviation of received frames, dBm and dB; NaN without levels."""
    view = network.views.levels
    received = told.take(told.measured)
    if view is None or not len(received):
        unknown = np.full(len(targets.place), np.nan)
        return unknown, unknown
    layout = of_places(received, received.xy_km)
    field = at(view.mode(layout, received).posterior, targets)
    spread = np.sqrt(field.variance + view.observation.noise_db**2)
    return view.line(targets.l_decades) + field.mean, spread * network.corrections.blend.widening


def _joined(*parts: Pairs) -> Pairs:
    names = Pairs.__dataclass_fields__
    return Pairs(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
