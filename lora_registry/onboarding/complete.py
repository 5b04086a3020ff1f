"""What a device's registration still lacks, as "to complete" counts it everywhere."""

from __future__ import annotations

from collections.abc import Collection

from lora_registry.onboarding.changes import POSITION, Words
from lora_registry.onboarding.references import References

LACKS = ("service", "organisation", "purpose", "place", "privacy", "model")


GOAL = 0.95
"""Share of a fleet that should have a service and an owner once it is adopted (docs/adoption.md)."""


def is_attributed(lacks: Collection[str]) -> bool:
    """Tell whether a device that lacks these has a service and an owner."""
    return "service" not in lacks and "organisation" not in lacks


def missing(words: Words, references: References) -> tuple[str, ...]:
    """Return what is not said of a device, nor of its service: of `LACKS`, in that order.

    A place is a position or, for what may not be placed more closely, a commune.
    """
    service = references.services.get(words.get("service_id") or "")
    said = {
        "service": service is not None,
        "organisation": bool(words.get("owner_id") or (service and service.owner_id)),
        "purpose": bool(service and service.purpose),
        "place": bool(words.get(POSITION) or words.get("territory_code")),
        "privacy": bool(words.get("privacy") or (service and service.privacy)),
        "model": bool(words.get("model")),
    }
    return tuple(name for name in LACKS if not said[name])
