"""The evidence as columns: who was heard where, by which gateway, at what level."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from lora_registry.coverage.kernel import decades

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

REFERENCE_SF = 12
DB_PER_SF = 2.5
"""Each spreading factor hears that much deeper: demodulation floors -7.5 (SF7) to -20 dB (SF12), science 1.1."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Point-gateway pairs, one observation each: frames sent at a point were heard by a gateway, or were not.

    Columns are (n,), in a metric plane.
    """

    xy_km: Floats
    """(n, 2) place of the point."""
    gateway: Indices
    """Which gateway, any whole numbers."""
    distance_km: Floats
    heard: Flags
    level_dbm: Floats
    """Estimated signal power; NaN where it was not heard, or not measured."""
    demand_db: Floats
    """How much more than the reference (SF12, or what devices use where it is not known) a frame needs."""
    weight: Floats
    """How many observations this one is worth; 1 for a frame on its own."""

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.gateway)

    def take(self, which: Flags | Indices) -> Pairs:
        """Return some of the pairs."""
        return Pairs(*(getattr(self, field.name)[which] for field in fields(self)))

    @property
    def measured(self) -> Flags:
        """Which pairs have a level, (n,)."""
        flags: Flags = self.heard & np.isfinite(self.level_dbm)
        return flags

    @property
    def l_decades(self) -> Floats:
        """Decades of distance from the pivot, (n,)."""
        return decades(self.distance_km)


def demand_db(spreading_factor: Floats) -> Floats:
    """Return how much more than SF12 a spreading factor needs, dB; 0 where it is NaN (not known)."""
    demand: Floats = np.where(np.isfinite(spreading_factor), DB_PER_SF * (REFERENCE_SF - spreading_factor), 0.0)
    return demand
