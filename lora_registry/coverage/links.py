"""From counted frames to evidence: what each device sent and each gateway heard, as weighted pairs on a grid.

A device is one voice however often it spoke: its frames repeat one place's luck. Squares of the grid are those of
`AREA_KM` in the plane, so the same evidence gives the same pairs whoever gathers it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lora_registry.coverage.layout import merged
from lora_registry.coverage.pairs import Floats, Indices, Pairs

AREA_KM = 0.4
"""Two cells of the 200 m grid: finer than the shortest range learnt so far (0.4 to 0.9 km)."""
FRAMES_A_VOICE = 50
"""From so many frames on a device counts in full (science note, 6.1)."""


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """One row a device and gateway, (n,) each."""

    xy_km: Floats
    """(n, 2) of the device."""
    gateway: Indices
    distance_km: Floats
    sent: Floats
    """Frames the device sent while the gateway was up, by its counters."""
    heard: Floats
    """Of these, those that the gateway heard."""
    level_dbm: Floats
    """Mean level of those heard; NaN without any."""
    demand_db: Floats
    trust: Floats
    """What the device's word is worth, 0 to 1: less where its place is known less well."""

    def pairs(self) -> Pairs:
        """Return the same as weighted observations: a share heard, a share not; rows of no weight left out."""
        sent = np.maximum(self.sent, self.heard)
        voice = np.minimum(sent, FRAMES_A_VOICE) / FRAMES_A_VOICE * self.trust
        share = np.divide(self.heard, sent, out=np.zeros_like(voice), where=sent > 0)
        weight = np.concatenate((voice * share, voice * (1.0 - share)))
        both = Pairs(
            xy_km=np.concatenate((self.xy_km, self.xy_km)),
            gateway=np.concatenate((self.gateway, self.gateway)),
            distance_km=np.concatenate((self.distance_km, self.distance_km)),
            heard=np.repeat([True, False], len(sent)),
            level_dbm=np.concatenate((self.level_dbm, np.full(len(sent), np.nan))),
            demand_db=np.concatenate((self.demand_db, self.demand_db)),
            weight=weight,
        )
        return both.take(weight > 0)


def by_area(pairs: Pairs, side_km: float = AREA_KM) -> Pairs:
    """Return the pairs summed over squares of the plane: at most one heard and one not, a square and gateway.

    Distances, levels and demands are means by weight.
    """
    centres = merged(pairs.xy_km, side_km)
    column, row = np.round(centres.T / side_km - 0.5).astype(np.int64)
    if not len(pairs):
        return pairs
    column, row = column - column.min(), row - row.min()
    # One number a square, gateway and outcome: sorting one column takes a tenth of the time of four.
    key = ((pairs.gateway * (column.max() + 1) + column) * (row.max() + 1) + row) * 2 + pairs.heard
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    ordered = pairs.take(order)

    def summed(values: Floats) -> Floats:
        return np.add.reduceat(values, first)

    weight = summed(ordered.weight)
    measured = np.where(ordered.measured, ordered.weight, 0.0)
    levels = summed(measured * np.where(ordered.measured, ordered.level_dbm, 0.0))
    known = summed(measured)
    return Pairs(
        xy_km=centres[order][first],
        gateway=ordered.gateway[first],
        distance_km=10.0 ** (summed(ordered.weight * np.log10(np.maximum(ordered.distance_km, 1e-3))) / weight),
        heard=ordered.heard[first],
        level_dbm=np.divide(levels, known, out=np.full(len(first), np.nan), where=known > 0),
        demand_db=summed(ordered.weight * ordered.demand_db) / weight,
        weight=weight,
    )


def never_heard(xy_km: Floats, mast_km: Floats, frames: Floats, demand_db: Floats, *, max_km: float) -> Links:
    """Return links of frames that no gateway heard: devices that never joined, visits that failed.

    Without them only survivors would speak of a place (science note, 6.1).

    Args:
        xy_km: (n, 2) where they were sent.
        mast_km: (G, 2) gateways that were up, numbered by their row.
        frames: (n,) how many attempts each stands for; see `lora_registry.coverage.cells`.
        demand_db: (n,).
        max_km: gateways farther away would not have heard them anyway.

    """
    apart = np.hypot(*(xy_km[:, None, :] - mast_km[None, :, :]).transpose(2, 0, 1))
    point, gateway = np.nonzero(apart <= max_km)
    return Links(
        xy_km=xy_km[point],
        gateway=gateway.astype(np.int64),
        distance_km=apart[point, gateway],
        sent=frames[point],
        heard=np.zeros(len(point)),
        level_dbm=np.full(len(point), np.nan),
        demand_db=demand_db[point],
        trust=np.ones(len(point)),
    )
