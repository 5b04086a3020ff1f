"""The arbitration list of a service review: the worst first and, of those, the costliest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lora_registry.usefulness.decided import Gesture

_BAND: Final = 10
"""Points that make no difference: within them, cost decides."""
_HALF: Final = 0.5


def urgency(told: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Return what a service is ordered by, the first to be looked at with the smallest.

    In turn: whether most of its objects serve nobody; the points that are surely lost, in bands of ten; its yearly
    cost; the air it takes. `told` has `objects`, `high`, `serves`, `cost_eur_per_year`, `airtime_s_per_day`.
    """
    objects = told.get("objects") or 0
    if not objects:
        return (1.0, 0.0, 0.0, 0.0)
    useless = told["serves"].get("does_not", 0) / objects
    lost = (100 - told["high"]) // _BAND
    return (
        0.0 if useless >= _HALF else 1.0,
        -float(lost),
        -(told.get("cost_eur_per_year") or 0.0),
        -(told.get("airtime_s_per_day") or 0.0),
    )


def ordered(services: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return services in the order of the review; equals by id."""
    return sorted(services, key=lambda told: (*urgency(told), told["id"]))


def to_arbitrate(told: Mapping[str, Any]) -> bool:
    """Tell whether somebody has to decide: anything else than "keep" is proposed, or its owner is to be asked."""
    gestures = told.get("gestures") or {}
    return bool(told.get("review_due")) or any(
        count for gesture, count in gestures.items() if gesture != Gesture.KEEP.value
    )
