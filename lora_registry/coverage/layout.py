"""Where the unknowns of a field sit: places, and within each gateway the places it has evidence at.

Two observations of one gateway at one place tell of one unknown. Places closer together than the evidence can
tell, or than there is time for, are taken for one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lora_registry.coverage.kernel import distances_km
from lora_registry.coverage.pairs import Flags, Floats, Indices, Pairs

BUDGET = 1.0e9
"""Sum over gateways of places cubed that is still solved in a fraction of a second."""
_FINEST_KM = 0.025


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Unknowns: S places, shared by all, and m slots, one a gateway and place with evidence."""

    place_km: Floats
    """(S, 2)."""
    apart_km: Floats
    """(S, S)."""
    slot_place: Indices
    """(m,) index into places."""
    slot_l: Floats
    """(m,) decades of distance, the mean of the slot's observations."""
    slots_of: dict[int, Indices]
    """By gateway, its slots; every slot belongs to one."""
    slot_of_pair: Indices
    """(n,) the slot that each observation tells of."""

    def __len__(self) -> int:
        """Return the number of slots."""
        return len(self.slot_place)

    def told_by(self, which: Flags) -> Layout:
        """Return the same unknowns, told of by some of the observations alone."""
        return replace(self, slot_of_pair=self.slot_of_pair[which])

    def summed(self, values: Floats) -> Floats:
        """Return a sum a slot (m,) of one value an observation (n,)."""
        total: Floats = np.bincount(self.slot_of_pair, weights=values, minlength=len(self)).astype(np.float64)
        return total


def lay_out(pairs: Pairs, *, budget: float = BUDGET) -> Layout:
    """Return a layout of exact places if the budget allows, else of places merged on a grid as fine as it does."""
    layout = of_places(pairs, pairs.xy_km)
    side_km = _FINEST_KM
    while _cost(layout) > budget:
        layout = of_places(pairs, merged(pairs.xy_km, side_km))
        side_km *= 2.0**0.5
    return layout


def merged(xy_km: Floats, side_km: float) -> Floats:
    """Return each point's place: the centre of its square of a grid of the plane, (n, 2)."""
    centres: Floats = (np.floor(xy_km / side_km) + 0.5) * side_km
    return centres


def of_places(pairs: Pairs, place_km: Floats) -> Layout:
    """Return the layout of pairs at given places (n, 2)."""
    places, place = np.unique(place_km, axis=0, return_inverse=True)
    keys, slot = np.unique(np.column_stack((pairs.gateway, place)), axis=0, return_inverse=True)
    slot = slot.astype(np.int64).ravel()
    count = np.bincount(slot, minlength=len(keys))
    return Layout(
        place_km=places,
        apart_km=distances_km(places, places),
        slot_place=keys[:, 1],
        slot_l=np.bincount(slot, weights=pairs.l_decades, minlength=len(keys)) / count,
        slots_of={int(gateway): np.flatnonzero(keys[:, 0] == gateway) for gateway in np.unique(keys[:, 0])},
        slot_of_pair=slot,
    )


def _cost(layout: Layout) -> float:
    return float(sum(len(slots) ** 3.0 for slots in layout.slots_of.values()) + len(layout.place_km) ** 3.0)
