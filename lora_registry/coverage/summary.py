"""One tile's cells in the figures that people ask for: who hears there, how surely, and without the best one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lora_registry.coverage.cells import INDOOR_DB
from lora_registry.coverage.pairs import DB_PER_SF, REFERENCE_SF, Flags, Floats, Indices
from lora_registry.coverage.tiles import TileCells

FASTEST_SF = 7
TOLD_GATEWAYS = 8
LEAST_TOLD = 0.05
"""A gateway that hears one frame in twenty is worth telling."""


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Of one tile's cells, (c,) each but where said."""

    mean: Floats
    """Expected delivery ratio at SF12, outdoors."""
    variance: Floats
    expected: Floats
    strong: Floats
    any_hears: Floats
    without_worst: Floats
    sf7: Floats
    indoor: Floats
    best: Indices
    """(c, k) gateways that hear most there, best first; -1 where there are no more."""
    probability: Floats
    """(c, k)."""
    level_dbm: Floats
    """(c, k)."""


def summarise(tile: TileCells, own: Flags) -> Summary:
    """Return a tile's figures; `own` (G,) says which gateways are one's own to rely on."""
    reception = tile.reception
    mean, variance = reception.delivery()
    probability = reception.probability()
    order = np.argsort(-probability, axis=1, kind="stable")[:, :TOLD_GATEWAYS]
    best = np.take_along_axis(np.broadcast_to(tile.gateways, probability.shape), order, axis=1)
    told = np.take_along_axis(probability, order, axis=1)
    lacks_db, spread_db = INDOOR_DB["indoor"]
    return Summary(
        mean=mean,
        variance=variance,
        expected=reception.expected(),
        strong=reception.strong(),
        any_hears=reception.any_hears(),
        without_worst=reception.any_hears_without(own[tile.gateways]),
        sf7=reception.lacking(tile.per_db, DB_PER_SF * (REFERENCE_SF - FASTEST_SF)).any_hears(),
        indoor=reception.lacking(tile.per_db, lacks_db, spread_db).any_hears(),
        best=np.where(told >= LEAST_TOLD, best, -1),
        probability=told,
        level_dbm=np.take_along_axis(tile.level_dbm, order, axis=1),
    )
